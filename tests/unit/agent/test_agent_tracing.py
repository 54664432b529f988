from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers.agent_kernel import AgentKernel, probe_of

from grader import draws
from grader.probes import Construct, Fill, Let, Trace, Vjp

Start = Callable[..., AgentKernel]
STACK = (
    "import torch\nfrom torch import nn\n"
    "class Part(nn.Module):\n"
    "    def __init__(self, n):\n        super().__init__()\n        self.map = nn.Linear(n, n)\n"
    "    def forward(self, x, state=None):\n        return torch.tanh(self.map(x) + state[0]), (x,)\n"
    "class Stack(nn.Module):\n"
    "    def __init__(self, n):\n        super().__init__()\n"
    "        self.parts = [Part(n), Part(n)]\n        self.last = nn.Linear(n, 2)\n"
    "    def forward(self, X):\n"
    "        state = X.new_zeros(X.shape[0], X.shape[2])\n"
    "        for t in range(X.shape[1]):\n"
    "            print(t)\n"
    "            y, _ = self.parts[0](X[:, t], state=(state,))\n"
    "            state, _ = self.parts[1].forward(y, (state,))\n"
    "        return self.last(state)\n"
)
MAKE = Construct(save="net", target="Stack", args=(3,))
FILL = Fill(of="net")
X = Let(save="x", value={"draw": "x", "shape": [2, 4, 3]})
TRACE = Trace(save="y", target={"ref": "net"}, args=({"ref": "x"},))


def test_every_call_of_every_submodule_is_recorded_once_in_order(kernel: Start) -> None:
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, TRACE)])
    started.run_cells()

    run = started.run_probe("p")

    calls = run.values["y"].calls
    names = ["parts.0", "parts.0.map", "parts.1", "parts.1.map"] * 4 + ["last"]
    assert [call.module for call in calls] == names
    assert calls[0].class_name == "Part"
    assert [len(call.inputs) for call in calls[:2]] == [2, 1]
    assert len(calls[0].outputs) == 2
    assert calls[0].outputs[0] == calls[2].inputs[0]
    assert calls[4].inputs[1] == calls[2].outputs[0]
    facts = run.values["net"].facts
    assert facts is not None
    assert {module.name for module in facts.modules} >= {"", "last", "parts.0", "parts.1.map"}


def test_tensors_are_numbered_and_each_content_is_kept_once(kernel: Start) -> None:
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, TRACE)])
    started.run_cells()

    run = started.run_probe("p")

    first = draws.draw("7/p", "x", [2, 4, 3])[:, 0].contiguous()
    traced = {name: tensor for name, tensor in started.tensors("p").items() if name.startswith("p@0/t/")}
    assert run.values["y"].calls[0].inputs[0] == "1"
    assert torch.equal(traced["p@0/t/1"], first)
    assert list(traced) == sorted(f"p@0/t/{number + 1}" for number in range(len(traced)))
    assert len({(tuple(one.shape), one.numpy().tobytes()) for one in traced.values()}) == len(traced)


def test_what_a_call_changes_afterwards_is_recorded_as_it_was(kernel: Start) -> None:
    cell = STACK.replace("            state, _ =", "            y.mul_(1)\n            state, _ =").replace(
        "return self.last(state)", "first = state\n        scores = self.last(first)\n        first.data.zero_()\n"
        "        return scores"
    )  # fmt: skip
    plain, changed = ((kernel([one], probes=[probe_of(MAKE, FILL, X, TRACE)])) for one in (STACK, cell))
    recorded = []
    for started in (plain, changed):
        started.run_cells()
        call = started.run_probe("p").values["y"].calls[-1]
        recorded.append(started.tensors("p")[f"p@0/t/{call.inputs[0]}"])

    assert torch.equal(*recorded)
    assert recorded[0].any()


def test_what_lies_in_objects_of_some_classes_is_left_out(kernel: Start) -> None:
    trace = TRACE.model_copy(update={"whole": ("Part",)})
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, trace)])
    started.run_cells()

    calls = started.run_probe("p").values["y"].calls

    assert [call.module for call in calls] == ["parts.0", "parts.1"] * 4 + ["last"]


def test_a_traced_output_has_gradients(kernel: Start) -> None:
    vjp = Vjp(save="v", output="y", weights="w", wrt=("net", "x"))
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, TRACE, vjp)])
    started.run_cells()

    run = started.run_probe("p")

    gradients = run.values["v"].gradients
    assert gradients.keys() == {"net.last.weight", "net.last.bias", "x"}
    assert started.tensors("p")[gradients["x"]].abs().sum() > 0


def test_calls_before_a_failure_are_kept(kernel: Start) -> None:
    cell = STACK.replace("return self.last(state)", "return self.last(state[:, :2])")
    started = kernel([cell], probes=[probe_of(MAKE, FILL, X, TRACE)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.step, run.dtype) == ("raised", 3, "float64")
    assert run.raised is not None
    assert run.raised.source == "return self.last(state[:, :2])"
    assert (run.values["y"].calls[-1].module, run.values["y"].calls[-1].outputs) == ("last", ())
    assert len(run.values["y"].calls) == 17


def test_forward_is_as_before_after_a_trace(kernel: Start) -> None:
    cell = STACK + "net = Stack(3)\nnet.last.forward = lambda x: x\ndef get(): return net\n"
    make = Construct(save="net", target="get")
    started = kernel([cell], probes=[probe_of(make, X, TRACE)])
    started.run_cells()
    net = started.names["net"]
    own = net.last.forward

    run = started.run_probe("p")

    assert run.status == "done"
    assert net.last.forward is own
    assert "forward" not in vars(net.parts[0])


def test_a_trace_with_too_many_calls_is_refused(kernel: Start) -> None:
    x = Let(save="x", value={"draw": "x", "shape": [1, 800, 3]})
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, x, TRACE)])
    started.run_cells()

    assert started.run_probe("p").status == "refused"


def test_a_trace_takes_the_gradients_that_a_step_of_their_own_would_take(kernel: Start) -> None:
    vjp = Vjp(save="v", output="y", weights="w", wrt=("net", "x"))
    together = TRACE.model_copy(update={"gradients": "g", "weights": "w", "wrt": ("net", "x")})
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, together, vjp)])
    started.run_cells()

    run = started.run_probe("p")

    tensors, apart = started.tensors("p"), run.values["v"].gradients
    assert {name: name for name in apart} == {name: name for name in run.values["g"].gradients}
    assert all(torch.equal(tensors[key], tensors[apart[name]]) for name, key in run.values["g"].gradients.items())


@pytest.mark.parametrize(
    "fields", [{"gradients": "g"}, {"alive": "x"}, {"alive": "x", "gradients": "g", "weights": "w", "wrt": ("net",)}]
)
def test_a_trace_has_to_name_what_its_gradients_need(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="gradients"):
        Trace(save="y", target={"ref": "net"}, **fields)


def test_functions_can_be_traced_and_have_no_calls(kernel: Start) -> None:
    step = Trace(
        save="y", target={"name": "f"}, args=({"ref": "x"},), gradients="g", weights="w", wrt=("x",), alive="x"
    )
    started = kernel(["def f(x): return x.sum()"], probes=[probe_of(X, step)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.values["y"].calls, run.salt) == ("done", (), 0)


ALIVE = TRACE.model_copy(update={"gradients": "g", "weights": "w", "wrt": ("net", "x"), "alive": "x"})


def test_a_net_that_hears_its_first_step_keeps_the_first_draw(kernel: Start) -> None:
    started = kernel([STACK], probes=[probe_of(MAKE, FILL, X, ALIVE)])
    started.run_cells()

    assert started.run_probe("p").salt == 0


def test_a_dead_net_is_drawn_again(kernel: Start) -> None:
    cell = STACK.replace("return self.last(state)", "return self.last(state) * (self.last.bias[0] > 0)")
    started = kernel([cell], seed="5", probes=[probe_of(MAKE, FILL, X, ALIVE)])
    started.run_cells()

    run = started.run_probe("p")

    positive = [float(draws.draw("5/p", f"net/last.bias#{salt}", [2], scale=0.5)[0]) > 0 for salt in range(5)]
    assert run.salt == positive.index(True)
    assert run.salt > 0
    assert len(run.values["y"].calls) == 17


def test_a_net_that_is_deaf_by_design_is_drawn_again_four_times(kernel: Start) -> None:
    cell = STACK.replace("return self.last(state)", "return self.last(state.detach())")
    started = kernel([cell], probes=[probe_of(MAKE, FILL, X, ALIVE)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.salt) == ("done", 4)


def test_shared_modules_and_shared_parameters_count_once(kernel: Start) -> None:
    cell = STACK + (
        "class Tied(nn.Module):\n"
        "    def __init__(self, n):\n        super().__init__()\n"
        "        self.a = nn.Linear(n, n)\n        self.b = self.a\n        self.c = nn.Linear(n, n)\n"
        "        self.c.weight = self.a.weight\n        self.lookup = {'a': self.a, 'd': nn.Linear(n, n)}\n"
        "        self.register_buffer('shift', torch.zeros(n, dtype=torch.float32))\n"
        "    def forward(self, x): return self.c(self.b(x)) + self.shift\n"
    )
    started = kernel([cell], probes=[probe_of(Construct(save="net", target="Tied", args=(3,)), FILL, X, TRACE)])
    started.run_cells()

    run = started.run_probe("p")

    facts = run.values["net"].facts
    assert facts is not None
    assert [parameter.name for parameter in facts.parameters] == ["a.weight", "a.bias", "c.bias"]
    assert [module.name for module in facts.modules] == ["", "a", "c", "lookup.d"]
    assert [call.module for call in run.values["y"].calls] == ["a", "c"]
    assert run.dtype == "float64"
