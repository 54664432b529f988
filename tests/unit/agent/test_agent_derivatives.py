"""Derivatives of sums of outputs, of nets that are dead at first, and of functions on arrays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from helpers.agent_kernel import AgentKernel, probe_of

from grader import draws
from grader.probes import Call, Construct, Fill, Jacobian, Let, Probe

Start = Callable[..., AgentKernel]
SEED = "7/p"
HEAD = "import torch\nfrom torch import nn\n"
TWO = HEAD + "def f(x):\n    return torch.tanh(x), x.sum(1, keepdim=True) * x\n"
X = Let(save="x", value={"draw": "x", "shape": [3, 2]})


def taken(kernel: Start, cell: str, *steps: object) -> tuple[AgentKernel, dict[str, torch.Tensor]]:
    """The started agent, and the derivatives that the step `j` has recorded."""
    started = kernel([cell], probes=[probe_of(*steps)])
    started.run_cells()
    run = started.run_probe("p")
    assert run.status == "done", run.raised
    tensors = started.tensors("p")
    return started, {name: tensors[key] for name, key in run.values["j"].gradients.items()}


def test_sums_of_outputs_are_those_that_were_drawn(kernel: Start) -> None:
    sums = Jacobian(save="j", target={"name": "f"}, args=({"ref": "x"},), wrt=("x",), directions=2)
    _, found = taken(kernel, TWO, X, sums)

    x = draws.draw(SEED, "x", [3, 2]).requires_grad_()
    outputs = torch.cat([torch.tanh(x), x.sum(1, keepdim=True) * x], dim=1)
    weights = draws.draw(SEED, "j.directions", [3, 2, 4])
    wanted = [
        torch.autograd.grad((weights[b, k] * outputs[b]).sum(), x, retain_graph=True)[0]
        for b in range(3)
        for k in range(2)
    ]
    torch.testing.assert_close(found["x"], torch.stack(wanted))


def test_sums_of_outputs_without_samples_in_common_are_refused(kernel: Start) -> None:
    cell = HEAD + "def f(x):\n    return x, x.T\n"
    sums = Jacobian(save="j", target={"name": "f"}, args=({"ref": "x"},), wrt=("x",), directions=2)
    started = kernel([cell], probes=[probe_of(X, sums)])
    started.run_cells()

    assert started.run_probe("p").status == "refused"


DYING = HEAD + (
    "class Dying(nn.Module):\n"
    "    def __init__(self, dead):\n"
    "        super().__init__()\n"
    "        self.w, self.dead, self.calls = nn.Parameter(torch.ones(2)), dead, 0\n"
    "    def forward(self, x):\n"
    "        self.calls += 1\n"
    "        return x * (self.w * 0 if self.calls <= self.dead else self.w)\n"
)


@pytest.mark.parametrize(("dead", "salt"), [(0, 0), (2, 2), (9, 4)])
def test_a_dead_net_is_filled_again_four_times_at_most(kernel: Start, dead: int, salt: int) -> None:
    step = Jacobian(save="j", target={"ref": "net"}, args=({"ref": "x"},), wrt=("net", "x"), revive="net")
    make = (Construct(save="net", target="Dying", args=(dead,)), Fill(of="net", scale=0.7))
    after = Call(save="y", target={"ref": "net"}, args=({"ref": "x"},))
    started, found = taken(kernel, DYING, *make, X, step, after)

    run, tensors = started.probe("p"), started.tensors("p")
    weight = draws.draw(SEED, draws.parameter_name("net", "w", salt), [2], scale=0.7)
    x = draws.draw(SEED, "x", [3, 2])
    alive = dead <= salt
    assert run.salt == salt
    assert bool(found["net.w"].any()) is alive
    torch.testing.assert_close(tensors[run.values["j"].key or ""], x * weight * alive)
    if alive:
        torch.testing.assert_close(tensors[run.values["y"].key or ""], x * weight)


# ------------------------------------------------------------------------------------------------ only where needed


def test_a_probe_that_stands_in_for_another_runs_where_that_one_was_not_done(kernel: Start) -> None:
    first = Probe(id="first", subject="f", steps=(Call(save="y", target={"name": "f"}, args=(1,)),))
    second = first.model_copy(update={"id": "second", "unless": ("first",), "after": ("first",)})
    cells = ["def f(n):\n    return n\n", "def f(n):\n    raise ValueError(n)\n"]
    started = kernel(cells, probes=[first, second], subjects=["f"])
    started.run_cells()

    assert [started.run_probe("first", 0).status, started.probe("first", 1).status] == ["done", "raised"]
    assert started.run_probe("second", 0).status == "skipped"
    assert started.probe("second", 1).status == "raised"


def test_a_probe_that_stands_in_for_several_runs_where_one_of_them_was_not_done(kernel: Start) -> None:
    calls = [Call(save="y", target={"name": "f"}, args=(number,)) for number in (1, 2, 3)]
    one, two, last = (Probe(id=f"p{place}", subject="f", steps=(call,)) for place, call in enumerate(calls))
    last = last.model_copy(update={"unless": ("p0", "p1")})
    cells = ["def f(n):\n    return n\n", "def f(n):\n    if n == 2:\n        raise ValueError(n)\n    return n\n"]
    started = kernel(cells, probes=[one, two, last], subjects=["f"])
    started.run_cells()
    for probe in ("p0", "p1"):
        started.run_probe(probe, 0)

    assert started.run_probe("p2", 0).status == "skipped"
    assert started.probe("p2", 1).status == "done"


# ------------------------------------------------------------------------------------------------ arrays

ARRAYS = "import numpy as np\ndef f(x, p):\n    return np.tanh(p['W'] @ x + p['b']), {'kept': x ** 2}\n"
GIVEN = (
    Let(save="x", value={"numpy": {"draw": "x", "shape": [3, 2]}}),
    Let(
        save="p",
        value={
            "dict": {"W": {"numpy": {"draw": "W", "shape": [2, 3]}}, "b": {"numpy": {"draw": "b", "shape": [2, 1]}}}
        },
    ),
)
OF_ARRAYS = Jacobian(save="j", target={"name": "f"}, args=({"ref": "x"}, {"ref": "p"}), wrt=("x", "p"))


def test_functions_on_arrays_are_differentiated_by_differences(kernel: Start) -> None:
    _, found = taken(kernel, ARRAYS, *GIVEN, OF_ARRAYS)

    def outputs(x: torch.Tensor, W: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.tanh(W @ x + b).flatten(), (x**2).flatten()])

    values = tuple(draws.draw(SEED, name, shape) for name, shape in (("x", [3, 2]), ("W", [2, 3]), ("b", [2, 1])))
    wanted = torch.autograd.functional.jacobian(outputs, values)
    assert list(found) == ["x", "p.W", "p.b"]
    for name, exact in zip(found, wanted, strict=True):
        torch.testing.assert_close(found[name], exact, rtol=0, atol=2e-9)


def test_arrays_are_as_before_after_the_differences(kernel: Start) -> None:
    steps = (*GIVEN, OF_ARRAYS, Let(save="now", value={"ref": "p"}, record=True))
    started, _ = taken(kernel, ARRAYS, *steps)

    (w, _), tensors = started.probe("p").values["now"].items, started.tensors("p")
    assert torch.equal(tensors[w.key or ""], draws.draw(SEED, "W", [2, 3]))


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("import numpy as np\ndef f(x, p):\n    return x.sum() * p['big']\n", id="too many elements"),
        pytest.param(
            "import numpy as np\ndef f(x, p):\n    return x[x > p['b'].mean() + x.flat[0] - 1e-9]\n",
            id="another number of outputs each time",
        ),
    ],
)
def test_differences_that_make_no_sense_are_refused(kernel: Start, cell: str) -> None:
    big = {"dict": {"b": {"numpy": {"zeros": [2]}}, "big": {"numpy": {"zeros": [80, 80] if "big" in cell else [1]}}}}
    started = kernel([cell], probes=[probe_of(GIVEN[0], Let(save="p", value=big), OF_ARRAYS)])
    started.run_cells()

    assert started.run_probe("p").status == "refused"
