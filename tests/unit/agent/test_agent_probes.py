from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from helpers.agent_kernel import AgentKernel, probe_of

from grader import draws
from grader.probes import Call, Catch, Construct, Fill, Get, Jacobian, Let, Repeat, SeedStep, Set, Vjp

Start = Callable[..., AgentKernel]
SEED = "7/p"
HEAD = "import torch\nfrom torch import nn\n"
LAYER = HEAD + (
    "class Layer(nn.Module):\n"
    "    def __init__(self, d, n, bias=True):\n"
    "        super(Layer, self).__init__()\n"
    "        self.d, self.kind, self._secret, self.big = d, 'plain', 1, float('nan')\n"
    "        self.map = nn.Linear(d, n, bias)\n"
    "        self.drop = nn.Dropout(0.5)\n"
    "    def forward(self, x):\n"
    "        print('inside')\n"
    "        return self.drop(torch.tanh(self.map(x)))\n"
)
MAKE = Construct(save="layer", target="Layer", args=(3, 2))
FILL = Fill(of="layer")
X = Let(save="x", value={"draw": "x", "shape": [4, 3]})
LAYER_REF = {"ref": "layer"}


def weight(name: str, shape: list[int], salt: int = 0) -> torch.Tensor:
    key = draws.parameter_name("layer", name, salt)
    return draws.draw(SEED, key, shape, scale=draws.parameter_scale(shape, "fan_in"))


def expected_output() -> torch.Tensor:
    x = draws.draw(SEED, "x", [4, 3])
    return torch.tanh(x @ weight("map.weight", [2, 3]).T + weight("map.bias", [2]))


def test_a_constructed_module_is_described(kernel: Start) -> None:
    started = kernel([LAYER], probes=[probe_of(MAKE)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.dtype, run.seed) == ("done", "float64", SEED)
    facts = run.values["layer"].facts
    assert facts is not None
    assert (facts.class_name, facts.is_module) == ("Layer", True)
    assert facts.attributes == {"d": 3, "kind": "plain"}
    assert [(p.name, p.shape, p.dtype) for p in facts.parameters] == [
        ("map.weight", (2, 3), "float64"),
        ("map.bias", (2,), "float64"),
    ]
    modules = {module.name: module for module in facts.modules}
    assert (modules[""].library, modules["map"].library, modules["map"].class_name) == (False, True, "Linear")
    assert modules["map"].attributes == {"in_features": 3, "out_features": 2}
    assert {name: module.inherits for name, module in modules.items()} == {"": (), "map": (), "drop": ("_DropoutNd",)}
    assert run.values["layer"].gradients["map.bias"] == "p@0/layer/p/map.bias"


def test_library_layers_are_seen_in_private_lists_and_behind_other_names(kernel: Start) -> None:
    hidden = LAYER.replace("        self.drop", "        self._hidden = [Own(2, 2)]\n        self.drop")
    own = LAYER.partition("class ")[0] + "class Own(nn.Linear):\n    pass\n"
    started = kernel([own, hidden], probes=[probe_of(MAKE)])
    started.run_cells()

    facts = started.run_probe("p").values["layer"].facts

    assert facts is not None
    (found,) = [module for module in facts.modules if module.name == "_hidden.0"]
    assert (found.class_name, found.library, found.inherits) == ("Own", False, ("Linear",))
    assert started.tensors("p")["p@0/layer/p/map.weight"].abs().max() <= 3**-0.5


def test_a_filled_module_computes_with_the_draws(kernel: Start, capsys: pytest.CaptureFixture[str]) -> None:
    call = Call(save="y", target=LAYER_REF, args=({"ref": "x"},))
    started = kernel([LAYER], probes=[probe_of(MAKE, FILL, X, call)])
    started.run_cells()

    run = started.run_probe("p")

    value = run.values["y"]
    assert (value.kind, value.shape, value.dtype, value.changed) == ("tensor", (4, 2), "float64", ())
    torch.testing.assert_close(started.tensors("p")[value.key or ""], expected_output())
    assert "inside" not in capsys.readouterr().out
    assert "x" not in run.values


def test_a_parameter_with_a_range_is_filled_within_it_and_a_fixed_one_is_kept(kernel: Start) -> None:
    fixed = LAYER.replace(
        "        self.drop", "        self.map.bias.requires_grad_(False).fill_(0.25)\n        self.drop"
    )
    values = Let(save="given", value={"values": [[0, 2], [1, 0]]}, record=True)
    fill = Fill(of="layer", ranges={"weight": (4.0, 6.0)}, keep_fixed=True)
    weight = Get(save="weight", of="layer", attribute="map.weight")
    bias = Get(save="bias", of="layer", attribute="map.bias")
    started = kernel([fixed], probes=[probe_of(MAKE, fill, weight, bias, values)])
    started.run_cells()

    run = started.run_probe("p")

    tensors = {name: started.tensors("p")[run.values[name].key or ""] for name in ("weight", "bias", "given")}
    key = draws.parameter_name("layer", "map.weight", 0)
    expected = draws.draw_between(run.seed, key, (2, 3), low=4.0, high=6.0)
    torch.testing.assert_close(tensors["weight"], expected)
    assert bool(((expected >= 4) & (expected < 6)).all())
    assert tensors["bias"].tolist() == [0.25, 0.25]
    assert tensors["given"].tolist() == [[0, 2], [1, 0]]
    assert tensors["given"].dtype == torch.float64


def test_a_jacobian_covers_parameters_and_inputs(kernel: Start) -> None:
    step = Jacobian(save="j", target=LAYER_REF, args=({"ref": "x"},), wrt=("layer", "x", "unused"))
    unused = Let(save="unused", value={"draw": "u", "shape": [2]})
    started = kernel([LAYER], probes=[probe_of(MAKE, FILL, X, unused, step)])
    started.run_cells()

    run = started.run_probe("p")

    tensors = started.tensors("p")
    gradients = {name: tensors[key] for name, key in run.values["j"].gradients.items()}
    assert gradients.keys() == {"layer.map.weight", "layer.map.bias", "x", "unused"}
    assert gradients["layer.map.weight"].shape == (8, 2, 3)
    y = expected_output()
    slope = 1 - y**2
    by_bias = gradients["layer.map.bias"].reshape(4, 2, 2)
    torch.testing.assert_close(by_bias, torch.diag_embed(slope))
    torch.testing.assert_close(
        gradients["x"].reshape(4, 2, 4, 3)[1, :, 1], slope[1, :, None] * weight("map.weight", [2, 3])
    )
    assert not gradients["unused"].any()
    assert run.values["j"].gradients["x"] == "p@0/j/d/x"


def test_operations_that_cannot_be_batched_are_differentiated_row_by_row(kernel: Start) -> None:
    cell = HEAD + (
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x): return 2 * x\n"
        "    @staticmethod\n"
        "    def backward(ctx, g): return g * 2 if g.sum().item() else g\n"
        "def f(x): return Double.apply(x)\n"
    )
    step = Jacobian(save="j", target={"name": "f"}, args=({"ref": "x"},), wrt=("x",))
    started = kernel([cell], probes=[probe_of(X, step)])
    started.run_cells()

    started.run_probe("p")

    torch.testing.assert_close(started.tensors("p")["p@0/j/d/x"].reshape(12, 12), 2 * torch.eye(12).double())


def test_a_jacobian_of_what_hangs_on_nothing_is_zero(kernel: Start) -> None:
    cell = HEAD + "def f(x): return x.detach(), 'text'\ndef g(x): return None"
    steps = [Jacobian(save=name, target={"name": name}, args=({"ref": "x"},), wrt=("x",)) for name in ("f", "g")]
    started = kernel([cell], probes=[probe_of(X, *steps)])
    started.run_cells()

    run = started.run_probe("p")

    assert not started.tensors("p")["p@0/f/d/x"].any()
    assert started.tensors("p")["p@0/g/d/x"].shape == (0, 4, 3)
    assert [item.kind for item in run.values["f"].items] == ["tensor", "text"]


def test_a_jacobian_that_is_too_large_is_refused(kernel: Start) -> None:
    x = Let(save="x", value={"draw": "x", "shape": [2100]})
    step = Jacobian(save="j", target={"name": "f"}, args=({"ref": "x"},), wrt=("x",))
    started = kernel(["def f(x): return 2 * x"], probes=[probe_of(x, step)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.values, run.step) == ("refused", {}, 1)


def test_a_vector_jacobian_product_uses_drawn_weights(kernel: Start) -> None:
    call = Call(save="y", target=LAYER_REF, args=({"ref": "x"},))
    vjp = Vjp(save="v", output="y", weights="w", wrt=("layer", "x"))
    started = kernel([LAYER], probes=[probe_of(MAKE, FILL, X, call, vjp)])
    started.run_cells()

    run = started.run_probe("p")

    wanted = (draws.draw(SEED, "w", [4, 2]) * (1 - expected_output() ** 2)).sum(0)
    torch.testing.assert_close(started.tensors("p")[run.values["v"].gradients["layer.map.bias"]], wanted)


def test_several_outputs_share_one_vector_of_weights(kernel: Start) -> None:
    cell = "def f(x): return x, 2 * x.detach()"
    call = Call(save="y", target={"name": "f"}, args=({"ref": "x"},))
    started = kernel([cell], probes=[probe_of(X, call, Vjp(save="v", output="y", weights="w", wrt=("x",)))])
    started.run_cells()

    started.run_probe("p")

    wanted = draws.draw(SEED, "w", [24])[:12].reshape(4, 3)
    torch.testing.assert_close(started.tensors("p")["p@0/v/d/x"], wanted)


def test_a_vjp_of_a_constant_is_zero(kernel: Start) -> None:
    call = Call(save="y", target={"name": "f"}, args=({"ref": "x"},))
    vjp = Vjp(save="v", output="y", weights="w", wrt=("x",))
    started = kernel(["def f(x): return x.detach()"], probes=[probe_of(X, call, vjp)])
    started.run_cells()

    started.run_probe("p")

    assert not started.tensors("p")["p@0/v/d/x"].any()


def test_every_kind_of_value_is_recorded_as_what_it_is(kernel: Start) -> None:
    cell = (
        "import torch, numpy as np\n"
        "def f(): return (1, 2.5, True, None, 'a', float('nan'), -float('inf'), [torch.zeros(2)], {'k': 1, 3: 2},\n"
        "    np.arange(3), np.float32(0.5), {1}, 10**30, torch.zeros(2, dtype=torch.complex64), torch.nn.ReLU(),\n"
        "    np.array(['x']), float('inf'))"
    )
    started = kernel([cell], probes=[probe_of(Call(save="y", target={"name": "f"}))])
    started.run_cells()

    value = started.run_probe("p").values["y"]

    kinds = [item.kind for item in value.items]
    scalars = ["scalar", "scalar", "scalar", "none", "text", "scalar", "scalar"]
    assert kinds == [
        *scalars,
        "list",
        "dict",
        "array",
        "scalar",
        "other",
        "other",
        "other",
        "object",
        "other",
        "scalar",
    ]
    assert [value.items[place].text for place in (5, 6, 16)] == ["nan", "-inf", "inf"]
    assert value.items[7].items[0].key == "p@0/y/7/0"
    assert value.items[8].names == ("k", "3")
    assert started.tensors("p")["p@0/y/9"].tolist() == [0, 1, 2]
    assert value.items[13].text == "tensor of complex64"


@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
)
def test_tensors_keep_their_dtype(kernel: Start, dtype: str) -> None:
    cell = (
        f"import torch\nkind = torch.{dtype}\n"
        "def f(): return torch.tensor([[0, 1, 2]]).to(kind).T, torch.tensor(1, dtype=kind)"
    )
    started = kernel([cell], probes=[probe_of(Call(save="y", target={"name": "f"}))])
    started.run_cells()

    started.run_probe("p")

    wanted = torch.tensor([[0], [1], [2]]).to(getattr(torch, dtype))
    assert torch.equal(started.tensors("p")["p@0/y/0"], wanted)
    assert started.tensors("p")["p@0/y/1"].shape == ()


def test_expressions_build_arguments(kernel: Start) -> None:
    cell = "import torch\ndef f(*a, **k): return [type(x).__name__ for x in a], a, k"
    call = Call(
        save="y",
        target={"name": "f"},
        args=(
            3,
            [1, 2],
            {"integers": "tokens", "shape": [3], "below": 20},
            {"zeros": [3, 4]},
            {"tuple": [{"zeros": [1]}, None]},
            {"dict": {"k": 1}},
            {"numpy": {"draw": "x", "shape": [2], "scale": 2.0}},
            {"name": "torch.nn.ReLU"},
        ),
        kwargs={"flag": True},
    )
    started = kernel([cell], probes=[probe_of(call)])
    started.run_cells()

    value = started.run_probe("p").values["y"]

    types = [item.text for item in value.items[0].items]
    assert types == ["int", "list", "Tensor", "Tensor", "tuple", "dict", "ndarray", "type"]
    tensors = started.tensors("p")
    assert torch.equal(tensors["p@0/y/1/2"], draws.draw_integers(SEED, "tokens", [3], below=20))
    assert tensors["p@0/y/1/3"].dtype == torch.float64
    assert torch.equal(tensors["p@0/y/1/6"], draws.draw(SEED, "x", [2], scale=2.0))
    assert value.items[2].items[0].scalar is True


def test_in_place_changes_are_noticed_and_do_not_spread(kernel: Start) -> None:
    cell = "def f(x, pair, a=None):\n  pair[1].add_(1)\n  a[0] = 9\n  return pair[1].sum()"
    call = Call(
        save="y",
        target={"name": "f"},
        args=({"ref": "x"}, {"tuple": [{"ref": "x"}, {"ref": "x"}]}),
        kwargs={"a": {"numpy": {"ref": "z"}}},
    )
    z = Let(save="z", value={"zeros": [2]})
    again = Call(save="again", target={"name": "f"}, args=call.args, kwargs=call.kwargs)
    derivative = Vjp(save="v", output="y", weights="w", wrt=("x",))
    started = kernel([cell], probes=[probe_of(X, z, call, again, derivative)])
    started.run_cells()

    run = started.run_probe("p")

    assert run.status == "done"
    assert run.values["y"].changed == (2, 3)
    tensors = started.tensors("p")
    assert torch.equal(tensors["p@0/y"], tensors["p@0/again"])


def test_attributes_are_read_and_set(kernel: Start) -> None:
    steps = [
        MAKE,
        Set(of="layer", attribute="map.bias", value={"zeros": [2]}),
        Set(of="layer", attribute="d", value=11),
        Get(save="bias", of="layer", attribute="map.bias"),
        Get(save="d", of="layer", attribute="d"),
        Get(save="none", of="layer", attribute="map.nothing"),
        Let(save="list", value=[1, 2], record=True),
        Get(save="second", of="list", attribute="1"),
        Get(save="third", of="list", attribute="2"),
    ]
    started = kernel([LAYER], probes=[probe_of(*steps)])
    started.run_cells()

    values = started.run_probe("p").values

    assert not started.tensors("p")["p@0/bias"].any()
    assert (values["d"].scalar, values["none"].kind, values["second"].scalar) == (11, "missing", 2)
    assert (values["third"].kind, values["list"].kind) == ("missing", "list")


def test_what_is_caught_is_named_and_does_not_end_the_probe(kernel: Start) -> None:
    cell = "def f(x):\n  if x: raise ValueError(x)\n  return 1\ndef leave(): exit()"
    steps = [
        Catch(save="bad", steps=(Call(save="a", target={"name": "f"}, args=(1,)),)),
        Catch(save="good", steps=(Call(save="b", target={"name": "f"}, args=(0,)),)),
        Catch(save="left", steps=(Call(save="c", target={"name": "leave"}),)),
    ]
    started = kernel([cell], probes=[probe_of(*steps)])
    started.run_cells()

    run = started.run_probe("p")

    assert run.status == "done"
    assert (run.values["bad"].text, run.values["good"].kind, run.values["b"].scalar) == (
        "ValueError",
        "none",
        1,
    )
    assert run.values["left"].text == "SystemExit"
    assert "a" not in run.values


def test_repetitions_append_their_number_and_see_their_own_names(kernel: Start) -> None:
    cell = "n = 0\ndef count():\n  global n\n  n += 1\n  return n\ndef double(x): return 2 * x"
    inner = (
        Call(save="n", target={"name": "count"}),
        Repeat(times=2, steps=(Call(save="m", target={"name": "double"}, args=({"ref": "n"},)),)),
    )
    started = kernel([cell], probes=[probe_of(Repeat(times=2, steps=inner))])
    started.run_cells()

    values = started.run_probe("p").values

    assert {name: value.scalar for name, value in values.items()} == {
        "n.0": 1,
        "m.0.0": 2,
        "m.0.1": 2,
        "n.1": 2,
        "m.1.0": 4,
        "m.1.1": 4,
    }


def test_seeds_reach_all_three_generators(kernel: Start) -> None:
    cell = "import random, numpy as np, torch\ndef f(): return random.random(), np.random.rand(), torch.rand(1).item()"
    steps = (SeedStep(value=5), Call(save="y", target={"name": "f"}))
    started = kernel([cell], probes=[probe_of(Repeat(times=2, steps=steps))])
    started.run_cells()

    values = started.run_probe("p").values

    assert values["y.0"] == values["y.1"]


def test_generators_dtype_and_modes_are_left_as_found(kernel: Start) -> None:
    cell = (
        "import torch, random, numpy as np\n"
        "def f():\n  torch.set_grad_enabled(False)\n  torch.use_deterministic_algorithms(True)\n  torch.rand(3)\n"
        "  random.random(); np.random.rand()\n  return torch.get_default_dtype() == torch.float64"
    )
    started = kernel([cell], probes=[probe_of(Call(save="y", target={"name": "f"}))])
    started.run_cells()
    before = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())  # type: ignore[index,union-attr]

    run = started.run_probe("p")

    assert run.values["y"].scalar is True
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]  # type: ignore[index,union-attr]
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_hard_coded_single_precision_is_run_in_single_precision(kernel: Start) -> None:
    cell = LAYER + "class Single(Layer):\n    def forward(self, x): return self.map(x.float())\n"
    make = Construct(save="layer", target="Single", args=(3, 2))
    call = Call(save="y", target=LAYER_REF, args=({"ref": "x"},))
    started = kernel([cell], probes=[probe_of(make, FILL, X, call)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.dtype, run.values["y"].dtype) == ("done", "float32", "float32")
    wanted = draws.draw(SEED, "x", [4, 3]) @ weight("map.weight", [2, 3]).T + weight("map.bias", [2])
    torch.testing.assert_close(started.tensors("p")["p@0/y"], wanted.float())
    assert torch.get_default_dtype() == torch.float32


def test_what_raises_in_both_precisions_keeps_the_first_failure(kernel: Start) -> None:
    cell = "import torch\nn = 0\ndef f(x):\n  raise ValueError(str(x.dtype))"
    call = Call(save="y", target={"name": "f"}, args=({"ref": "x"},))
    started = kernel([cell], probes=[probe_of(X, call)])
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.dtype, run.step) == ("raised", "float64", 1)
    assert run.raised is not None
    assert (run.raised.message, run.raised.line, run.raised.source) == (
        "torch.float64",
        4,
        "raise ValueError(str(x.dtype))",
    )


def test_each_definition_of_the_subject_is_probed_and_shadows_the_name(kernel: Start) -> None:
    second = LAYER.replace("torch.tanh(self.map(x))", "self.map(x)")
    steps = [MAKE, FILL, X, Call(save="y", target=LAYER_REF, args=({"ref": "x"},))]
    started = kernel([LAYER, second], subjects=["Layer"], probes=[probe_of(*steps, subject="Layer")])
    started.run_cells()
    last = started.names["Layer"]

    started.agent.probe("p")

    assert [started.probe("p", index).status for index in range(2)] == ["done", "done"]
    first = started.tensors("p", 0)["p@0/y"]
    torch.testing.assert_close(first, torch.tanh(started.tensors("p", 1)["p@1/y"]))
    assert started.names["Layer"] is last
    assert {"begin": "probe", "probe": "p", "definition": 1} in started.journal()


def test_a_name_deleted_since_is_shadowed_for_the_probe_only(kernel: Start) -> None:
    started = kernel(["def f(): return 1"], subjects=["f"], probes=[
        probe_of(Call(save="y", target={"name": "f"}), subject="f")
    ])  # fmt: skip
    started.run_cells()
    del started.names["f"]

    run = started.run_probe("p")

    assert run.values["y"].scalar == 1
    assert "f" not in started.names


def test_probes_done_elsewhere_are_not_repeated(kernel: Start) -> None:
    cells = ["def f(): return 1", "def f(): return 2"]
    probe = probe_of(Call(save="y", target={"name": "f"}), subject="f")
    started = kernel(cells, subjects=["f"], probes=[probe], done_probes=["p@0"])
    started.run_cells()

    started.agent.probe("p")

    assert not (started.evidence / "probe-p@0.json").exists()
    assert started.probe("p", 1).values["y"].scalar == 2


@pytest.mark.parametrize("caught", [False, True])
def test_a_missing_name_is_said_to_be_missing(kernel: Start, *, caught: bool) -> None:
    step = Construct(save="layer", target="Layer")
    started = kernel(["x = 1"], subjects=["Layer"], probes=[
        probe_of(Catch(save="c", steps=(step,)) if caught else step, subject="Layer")
    ])  # fmt: skip
    started.run_cells()

    assert started.run_probe("p").status == "missing-name"


def test_a_probe_that_does_not_end_is_recorded_and_fails_its_request(kernel: Start) -> None:
    cell = "def f():\n  while True: pass"
    steps = [Let(save="x", value=1, record=True), Call(save="y", target={"name": "f"})]
    started = kernel([cell], probes=[probe_of(*steps)], limits={"probe_s": 0.2})
    started.run_cells()

    with pytest.raises(started.agent.control.ProbeTimeUp):
        started.agent.probe("p")

    run = started.probe("p")
    assert (run.status, run.step, run.values["x"].scalar) == ("timeout", 1, 1)
    assert started.journal()[-1] == {"end": "probe", "probe": "p", "definition": 0, "status": "timeout"}


def test_evidence_beyond_the_ceiling_is_refused_and_the_next_probe_runs(kernel: Start) -> None:
    cell = "import torch\ndef f(n): return torch.zeros(n)"
    large, small = (
        probe_of(Call(save="y", target={"name": "f"}, args=(size,)), id=name)
        for name, size in (("large", 100_000), ("small", 10))
    )
    started = kernel([cell], probes=[large, small], limits={"evidence_bytes": 100_000})
    started.run_cells()

    assert started.run_probe("large").status == "refused"
    assert started.tensors("large") == {}
    assert started.run_probe("small").status == "done"


def test_records_beyond_the_ceiling_are_refused(kernel: Start) -> None:
    cell = "def f(): return ['a' * 1000] * 200"
    probe = probe_of(Call(save="y", target={"name": "f"}))
    started = kernel([cell], probes=[probe], limits={"evidence_bytes": 100_000})
    started.run_cells()

    run = started.run_probe("p")

    assert (run.status, run.values) == ("refused", {})


def test_objects_that_are_no_modules_are_described_and_left_alone(kernel: Start) -> None:
    cell = "class Plain:\n  def __init__(self): self.a, self.b = 1, [2]\n  def act(self, x): return x + self.a"
    steps = [
        Construct(save="plain", target="Plain"),
        Fill(of="plain"),
        Call(save="y", target={"ref": "plain"}, method="act", args=(2,)),
    ]
    started = kernel([cell], probes=[probe_of(*steps)])
    started.run_cells()

    values = started.run_probe("p").values

    assert values["plain"].facts is not None
    assert (values["plain"].facts.is_module, values["plain"].facts.attributes) == (False, {"a": 1})
    assert values["y"].scalar == 3


def test_attributes_that_shadow_module_methods_disturb_nothing(kernel: Start) -> None:
    cell = LAYER.replace("self.drop =", "self.train = self.parameters = self.named_modules = 3\n        self.drop =")
    started = kernel([cell], probes=[probe_of(MAKE, FILL, X, Call(save="y", target=LAYER_REF, args=({"ref": "x"},)))])
    started.run_cells()

    assert started.run_probe("p").status == "done"
    torch.testing.assert_close(started.tensors("p")["p@0/y"], expected_output())
