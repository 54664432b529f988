"""Models that keep their cell inside: right ones in every habit are accepted, wrong ones are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from helpers.sequence_models import observe
from torch import Tensor, nn

from reference.oracle import ORACLE
from reference.recognition import CellVerdict
from reference.sequences import SEQUENCES, recognise_sequence

GATES = ("g", "i", "f", "o")
VECTORS = {"lstm_peephole": ("p_i", "p_f", "p_o"), "lstm_phased": ("tau", "r_on", "s")}
Patch = dict[str, Callable[..., Any]]


@pytest.fixture(autouse=True)
def _double() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class Model(nn.Module):
    """One model for all families; `columns` puts the hidden units before the batch, `joined` the gates in one matrix.

    Every formula is a method of a name of its own, so that a test can put another one in its place.
    """

    def __init__(
        self, steps: int, inputs: int, *, family: str, columns: bool = False, joined: bool = False, bias: str = "vector"
    ) -> None:
        super().__init__()
        n, classes = 3, 7
        self.steps, self.inputs, self.n, self.columns, self.joined = steps, inputs, n, columns, joined
        self.gates = ("a",) if family == "rnn_tanh" else GATES
        shape = {"vector": (n,), "row": (1, n), "column": (n, 1)}[bias]
        self.bias = bias
        if joined:
            count = len(self.gates)
            self.W = nn.Parameter(
                torch.randn(n + inputs, count * n).T.contiguous() if columns else torch.randn(n + inputs, count * n)
            )
            self.b = nn.Parameter(torch.randn((count * n, 1) if columns else (count * n,)))
        else:
            for gate in self.gates:
                setattr(self, f"x_{gate}", nn.Parameter(torch.randn((n, inputs) if columns else (inputs, n))))
                setattr(self, f"h_{gate}", nn.Parameter(torch.randn(n, n)))
                setattr(self, f"bias_{gate}", nn.Parameter(torch.randn((n, 1) if columns else shape)))
        for name in VECTORS.get(family, ()):
            setattr(self, name, nn.Parameter(torch.ones((n, 1) if columns else (n,)), requires_grad=name != "r_on"))
        self.W_p = nn.Parameter(torch.randn((classes, n) if columns else (n, classes)))
        self.b_p = nn.Parameter(torch.randn((classes, 1) if columns else (classes,)))
        self.family = family

    def pre(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        if self.joined:
            both = torch.cat([h, x], dim=0 if self.columns else 1)
            whole = self.W @ both + self.b if self.columns else both @ self.W + self.b
            return dict(zip(self.gates, whole.chunk(len(self.gates), dim=0 if self.columns else 1), strict=True))
        found = {}
        for gate in self.gates:
            W_x, W_h, b = getattr(self, f"x_{gate}"), getattr(self, f"h_{gate}"), getattr(self, f"bias_{gate}")
            b = b.reshape(-1) if self.bias == "column" and not self.columns else b
            found[gate] = W_x @ x + W_h @ h + b if self.columns else x @ W_x + h @ W_h + b
        return found

    def k(self, t: int) -> Tensor:
        phi = torch.remainder(t - self.s, self.tau) / self.tau
        falling = torch.where(phi < self.r_on, 2 - 2 * phi / self.r_on, torch.zeros_like(phi))
        return torch.where(phi < self.r_on / 2, 2 * phi / self.r_on, falling)

    def step(self, x: Tensor, h: Tensor, c: Tensor, t: int) -> tuple[Tensor, Tensor]:
        a = self.pre(x, h)
        if self.family == "rnn_tanh":
            return torch.tanh(a["a"]), c
        look = self.family == "lstm_peephole"
        i = torch.sigmoid(a["i"] + self.p_i * c if look else a["i"])
        f = torch.sigmoid(a["f"] + self.p_f * c if look else a["f"])
        c_new = f * c + i * torch.tanh(a["g"])
        o = torch.sigmoid(a["o"] + self.p_o * c_new if look else a["o"])
        h_new = o * torch.tanh(c_new)
        if self.family != "lstm_phased":
            return h_new, c_new
        k = self.k(t + 1)
        return k * h_new + (1 - k) * h, k * c_new + (1 - k) * c

    def zero(self, x: Tensor) -> Tensor:
        return torch.zeros((self.n, len(x)) if self.columns else (len(x), self.n), dtype=self.W_p.dtype)

    def order(self) -> Any:
        return range(self.steps)

    def read(self, states: list[tuple[Tensor, Tensor]]) -> Tensor:
        return states[-1][0]

    def scores(self, h: Tensor) -> Tensor:
        return (self.W_p @ h + self.b_p).T if self.columns else h @ self.W_p + self.b_p

    def forward(self, x: Tensor) -> Tensor:
        h = c = self.zero(x)
        states = []
        for t in self.order():
            x_t = x[:, t : t + 1]
            if self.inputs > 1:
                x_t = nn.functional.one_hot(x[:, t].long(), self.inputs).to(self.W_p.dtype)
            h, c = self.step(x_t.T if self.columns else x_t, h, c, t)
            states.append((h, c))
        return self.scores(self.read(states or [(h, c)]))


def judged(family: str, patch: Patch | None = None, *, input_size: int = 1, **habit: Any) -> CellVerdict:
    kind = type("Changed", (Model,), dict(patch or {}))
    raw = observe(lambda steps, inputs: kind(steps, inputs, family=family, **habit), input_size=input_size)
    return recognise_sequence(family, raw, {})


HABITS = [
    pytest.param({}, id="batch-first"),
    pytest.param({"columns": True}, id="hidden-first"),
    pytest.param({"joined": True}, id="one-matrix"),
    pytest.param({"columns": True, "joined": True}, id="one-matrix-hidden-first"),
    pytest.param({"bias": "row"}, id="biases-as-rows"),
    pytest.param({"bias": "column"}, id="biases-as-columns"),
    pytest.param({"input_size": 10}, id="one-hot"),
    pytest.param({"input_size": 10, "columns": True, "joined": True}, id="one-hot-hidden-first-one-matrix"),
]


@pytest.mark.parametrize("family", sorted(SEQUENCES))
@pytest.mark.parametrize("habit", HABITS)
def test_a_right_model_is_right_in_every_habit(family: str, habit: dict[str, Any]) -> None:
    verdict = judged(family, **habit)

    assert verdict.status == "exact", verdict
    assert verdict.mistakes == ()


def with_step(change: Callable[..., tuple[Tensor, Tensor]]) -> Patch:
    return {"step": change}


def lstm_with(**formulas: Callable[[dict[str, Tensor]], Tensor]) -> Patch:
    """The LSTM's step with other formulas for `f`, `i`, `g`, `o`, the new cell `c` or the new state `h`."""
    usual: dict[str, Callable[[dict[str, Tensor]], Tensor]] = {
        "f": lambda v: torch.sigmoid(v["A_f"]),
        "i": lambda v: torch.sigmoid(v["A_i"]),
        "g": lambda v: torch.tanh(v["A_g"]),
        "o": lambda v: torch.sigmoid(v["A_o"]),
        "c": lambda v: v["f"] * v["c_old"] + v["i"] * v["g"],
        "h": lambda v: v["o"] * torch.tanh(v["c"]),
    }

    def step(self: Model, x: Tensor, h: Tensor, c: Tensor, t: int) -> tuple[Tensor, Tensor]:
        values = {f"A_{gate}": value for gate, value in self.pre(x, h).items()}
        values |= {"c_old": c, "h_old": h}
        for name, formula in (usual | formulas).items():
            values[name] = formula(values)
        return values["h"], values["c"]

    return with_step(step)


def rnn_with(formula: Callable[[Model, Tensor, Tensor], Tensor]) -> Patch:
    return with_step(lambda self, x, h, c, t: (formula(self, x, h), c))


def phased_with(
    h: str = "k * h_new + (1 - k) * h", c: str = "k * c_new + (1 - k) * c", k: str = "self.k(t + 1)"
) -> Patch:
    def step(self: Model, x: Tensor, h_old: Tensor, c_old: Tensor, t: int) -> tuple[Tensor, Tensor]:
        a = self.pre(x, h_old)
        space = {"self": self, "t": t, "torch": torch, "h": h_old, "c": c_old}
        space["k"] = eval(k, space)
        space["c_new"] = torch.sigmoid(a["f"]) * c_old + torch.sigmoid(a["i"]) * torch.tanh(a["g"])
        space["o"] = torch.sigmoid(a["o"])
        space["h_new"] = space["o"] * torch.tanh(space["c_new"])
        space["c_blend"] = eval(c, space)
        return eval(h, space), space["c_blend"]

    return with_step(step)


def gate_with(text: str) -> Patch:
    def k(self: Model, t: int) -> Tensor:
        tau, s, r_on = self.tau, self.s, self.r_on
        space = {"torch": torch, "t": t, "tau": tau, "s": s, "r_on": r_on}
        space["phi"] = torch.remainder(t - s, tau) / tau
        found: Tensor = eval(text, space)
        return found

    return {"k": k}


def triangle(phi: str = "phi", r_on: str = "r_on", height: int = 2) -> str:
    falling = f"torch.where({phi} < {r_on}, {height} - {height} * {phi} / {r_on} + 0 * tau, torch.zeros_like(tau))"
    return f"torch.where({phi} < {r_on} / 2, {height} * {phi} / {r_on}, {falling})"


def leaking(text: str, phi: str) -> str:
    return text.replace("torch.zeros_like(tau)", f"0.001 * {phi}")


MISTAKES = [
    ("rnn_tanh", "rnn.sigmoid", rnn_with(lambda m, x, h: torch.sigmoid(m.pre(x, h)["a"]))),
    ("rnn_tanh", "rnn.linear", rnn_with(lambda m, x, h: m.pre(x, h)["a"])),
    ("rnn_tanh", "rnn.relu_for_tanh", rnn_with(lambda m, x, h: torch.relu(m.pre(x, h)["a"]))),
    ("rnn_tanh", "rnn.ignore_h", rnn_with(lambda m, x, h: torch.tanh(m.pre(x, 0 * h)["a"]))),
    ("rnn_tanh", "rnn.residual", rnn_with(lambda m, x, h: h + torch.tanh(m.pre(x, h)["a"]))),
    ("rnn_tanh", "rnn.detached_state", rnn_with(lambda m, x, h: torch.tanh(m.pre(x, h.detach())["a"]))),
    ("lstm", "lstm.no_output_tanh", lstm_with(h=lambda v: v["o"] * v["c"])),
    ("lstm", "lstm.candidate_sigmoid", lstm_with(g=lambda v: torch.sigmoid(v["A_g"]))),
    ("lstm", "lstm.candidate_linear", lstm_with(g=lambda v: v["A_g"])),
    ("lstm", "lstm.forget_gate_tanh", lstm_with(f=lambda v: torch.tanh(v["A_f"]))),
    ("lstm", "lstm.no_forget_gate", lstm_with(c=lambda v: v["c_old"] + v["i"] * v["g"])),
    ("lstm", "lstm.no_input_gate", lstm_with(c=lambda v: v["f"] * v["c_old"] + v["g"])),
    ("lstm", "lstm.no_output_gate", lstm_with(h=lambda v: torch.tanh(v["c"]))),
    ("lstm", "lstm.coupled_gates", lstm_with(i=lambda v: 1 - torch.sigmoid(v["A_f"]))),
    ("lstm", "lstm.forget_inverted", lstm_with(c=lambda v: (1 - v["f"]) * v["c_old"] + v["i"] * v["g"])),
    ("lstm", "lstm.forget_on_candidate", lstm_with(c=lambda v: v["c_old"] + v["f"] * v["i"] * v["g"])),
    ("lstm", "lstm.tanh_of_product", lstm_with(h=lambda v: torch.tanh(v["o"] * v["c"]))),
    ("lstm", "lstm.output_sigmoid_cell", lstm_with(h=lambda v: v["o"] * torch.sigmoid(v["c"]))),
    ("lstm", "lstm.output_added", lstm_with(h=lambda v: v["o"] + torch.tanh(v["c"]))),
    ("lstm_phased", "ph.gate_inverted", phased_with(k="1 - self.k(t + 1)")),
    ("lstm_phased", "ph.h_not_blended", phased_with(h="h_new")),
    ("lstm_phased", "ph.c_not_blended", phased_with(c="c_new")),
    ("lstm_phased", "ph.no_hold_term", phased_with(h="k * h_new", c="k * c_new")),
    ("lstm_phased", "ph.h_only_from_c_blend", phased_with(h="o * torch.tanh(c_blend)")),
    ("lstm_phased", "ph.swap_states", phased_with(h="k * h_new + (1 - k) * c", c="k * c_new + (1 - k) * h")),
    ("lstm_phased", "ph.shift_sign", gate_with(triangle("(torch.remainder(t + s, tau) / tau)"))),
    ("lstm_phased", "ph.no_mod", gate_with(triangle("((t - s) / tau)"))),
    ("lstm_phased", "ph.phi_not_normalised", gate_with(leaking(triangle("torch.remainder(t - s, tau)"), "tau * phi"))),
    ("lstm_phased", "ph.ron_is_absolute_time", gate_with(leaking(triangle(r_on="(r_on / tau)"), "phi"))),
    ("lstm_phased", "ph.half_slope", gate_with(triangle(height=1))),
    ("lstm_phased", "ph.box", gate_with("torch.where(phi < r_on, torch.ones_like(phi), torch.zeros_like(phi))")),
    ("lstm_phased", "ph.peak_at_ron", gate_with("torch.where(phi < r_on, phi / r_on, torch.zeros_like(phi))")),
]


OFTEN = (
    "rnn.sigmoid",
    "rnn.ignore_h",
    "lstm.forget_inverted",
    "lstm.no_output_tanh",
    "ph.gate_inverted",
    "ph.shift_sign",
)
"""Mistakes that the default suite looks at; the others are slow in sum."""


@pytest.mark.parametrize("columns", [pytest.param(False, id="batch-first"), pytest.param(True, id="hidden-first")])
@pytest.mark.parametrize(
    ("family", "name", "patch"),
    [pytest.param(*one, id=one[1], marks=() if one[1] in OFTEN else pytest.mark.slow) for one in MISTAKES],
)
def test_a_wrong_step_is_named_in_both_layouts(family: str, name: str, patch: Patch, columns: bool) -> None:
    verdict = judged(family, patch, columns=columns)

    assert (verdict.status, verdict.mistakes) == ("mistake", (name,))


def peephole(output: str = "c_new", gates: str = "c", candidate: float = 0.0) -> Patch:
    def step(self: Model, x: Tensor, h: Tensor, c: Tensor, t: int) -> tuple[Tensor, Tensor]:
        a = self.pre(x, h)
        looked = {"c": c, "h": h, "": 0 * c}[gates]
        i, f = torch.sigmoid(a["i"] + self.p_i * looked), torch.sigmoid(a["f"] + self.p_f * looked)
        c_new = f * c + i * torch.tanh(a["g"] + candidate * self.p_i * c)
        last = {"c_new": c_new, "c": c, "h": h, "": 0 * c}[output]
        return torch.sigmoid(a["o"] + self.p_o * last) * torch.tanh(c_new), c_new

    return with_step(step)


@pytest.mark.parametrize("columns", [pytest.param(False, id="batch-first"), pytest.param(True, id="hidden-first")])
@pytest.mark.parametrize(
    ("name", "patch"),
    [
        pytest.param("peep.no_output_peephole", peephole(output=""), id="no-output-peephole"),
        pytest.param("peep.candidate_too", peephole(candidate=1.0), id="candidate-too"),
        pytest.param("peep.uses_h", peephole(output="h", gates="h"), id="uses-h"),
        pytest.param("peep.none", peephole(output="", gates=""), id="none"),
    ],
)
def test_a_peephole_that_looks_elsewhere_is_named_in_both_layouts(name: str, patch: Patch, columns: bool) -> None:
    assert judged("lstm_peephole", patch, columns=columns).mistakes == (name,)


def test_two_mistakes_of_the_time_gate_differ_by_their_leak_alone() -> None:
    verdict = judged("lstm_phased", gate_with(triangle(r_on="(r_on / tau)")))

    assert verdict.status == "ambiguous"
    assert set(verdict.mistakes) == {"ph.phi_not_normalised", "ph.ron_is_absolute_time"}


def test_an_ordinary_lstm_is_no_lstm_with_peepholes() -> None:
    raw = observe(lambda steps, inputs: Model(steps, inputs, family="lstm"))

    assert recognise_sequence("lstm_peephole", raw, {}).mistakes == ("peep.none",)


@pytest.mark.parametrize(
    ("family", "patch", "said"),
    [
        pytest.param("lstm_peephole", peephole(output="c"), "the output gate looks at the old cell", id="old-cell"),
        pytest.param("lstm_phased", phased_with(k="self.k(t)"), "the first step is at time 0", id="time-0"),
        pytest.param(
            "lstm_phased",
            phased_with(h="k * o * torch.tanh(c_blend) + (1 - k) * h"),
            "the proposed hidden state is read from the blended cell",
            id="blended-cell",
        ),
        pytest.param(
            "lstm_phased",
            gate_with(triangle().replace("torch.zeros_like(tau)", "0.001 * phi")),
            "a closed gate leaks a thousandth",
            id="leak",
        ),
    ],
)
def test_another_accepted_form_is_right_and_said(family: str, patch: Patch, said: str) -> None:
    verdict = judged(family, patch)

    assert (verdict.status, verdict.convention) == ("equivalent", said)


def once(self: Model, x: Tensor) -> Tensor:
    """The state in which the last call left it."""
    return getattr(self, "kept", Model.zero(self, x))


def keeping(self: Model, states: list[tuple[Tensor, Tensor]]) -> Tensor:
    self.kept = states[-1][0].detach()
    return states[-1][0]


LOOPS = [
    ("model.first_step_output", {"read": lambda self, states: states[0][0]}),
    ("model.mean_pool", {"read": lambda self, states: torch.stack([h for h, _ in states]).mean(0)}),
    ("model.max_pool", {"read": lambda self, states: torch.stack([h for h, _ in states]).amax(0)}),
    ("model.sum_pool", {"read": lambda self, states: torch.stack([h for h, _ in states]).sum(0)}),
    ("model.reversed_input", {"order": lambda self: reversed(range(self.steps))}),
    ("model.skips_last_step", {"order": lambda self: range(self.steps - 1)}),
    ("model.skips_first_step", {"order": lambda self: range(1, self.steps)}),
    ("model.relu_before_fc", {"scores": lambda self, h: Model.scores(self, torch.relu(h))}),
    ("model.softmax_applied", {"scores": lambda self, h: Model.scores(self, h).softmax(1)}),
    ("model.log_softmax_applied", {"scores": lambda self, h: Model.scores(self, h).log_softmax(1)}),
]


@pytest.mark.parametrize("family", ["rnn_tanh", pytest.param("lstm", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "patch"), [pytest.param(*one, id=one[0]) for one in LOOPS])
def test_a_wrong_loop_is_named(family: str, name: str, patch: Patch) -> None:
    verdict = judged(family, patch)

    assert (verdict.status, verdict.mistakes) == ("mistake", (name,))


def test_a_state_that_is_thrown_away_after_each_step_is_named() -> None:
    patch = {"step": lambda self, x, h, c, t: Model.step(self, x, 0 * h, 0 * c, t)}

    assert judged("lstm", patch).mistakes == ("model.hidden_reset_each_step",)
    assert judged("rnn_tanh", patch).mistakes == ("rnn.ignore_h",), "the two are the same in a plain cell"


@pytest.mark.parametrize("input_size", [1, 10])
def test_a_last_layer_that_reads_the_cell_is_named(input_size: int) -> None:
    verdict = judged("lstm", {"read": lambda self, states: states[-1][1]}, input_size=input_size)

    assert verdict.mistakes == ("model.lstm_uses_cell_output",)


def test_a_state_that_is_kept_between_calls_is_named() -> None:
    assert judged("rnn_tanh", {"zero": once, "read": keeping}).mistakes == ("model.state_not_reset",)


def test_two_mistakes_are_both_named() -> None:
    patch = rnn_with(lambda m, x, h: torch.sigmoid(m.pre(x, h)["a"])) | {
        "scores": lambda self, h: Model.scores(self, h).softmax(1)
    }

    assert judged("rnn_tanh", patch).mistakes == ("rnn.sigmoid", "model.softmax_applied")


@pytest.mark.parametrize(
    ("family", "patch"),
    [
        pytest.param("rnn_tanh", {"scores": lambda self, h: Model.scores(self, h) ** 3}, id="scores-cubed"),
        pytest.param("rnn_tanh", rnn_with(lambda m, x, h: torch.erf(m.pre(x, h)["a"])), id="another-activation"),
        pytest.param("lstm", lstm_with(c=lambda v: 0.5 * v["f"] * v["c_old"] + v["i"] * v["g"]), id="a-constant"),
    ],
)
def test_what_no_formula_explains_is_left_to_a_person(family: str, patch: Patch) -> None:
    assert judged(family, patch).status == "unrecognised"


@pytest.mark.parametrize("family", sorted(SEQUENCES))
def test_single_precision_is_enough(family: str) -> None:
    torch.set_default_dtype(torch.float32)
    raw = observe(lambda steps, inputs: Model(steps, inputs, family=family), dtype=torch.float32)

    assert recognise_sequence(family, raw, {}).status == "exact"


RELU = next(patch for _, name, patch in MISTAKES if name == "rnn.relu_for_tanh")


def with_relu(seed: int, **habit: Any) -> CellVerdict:
    """The verdict on units that are shut now and then, for one set of parameters."""
    kind = type("Changed", (Model,), dict(RELU))
    raw = observe(lambda steps, inputs: kind(steps, inputs, family="rnn_tanh", **habit), seed=seed)
    return recognise_sequence("rnn_tanh", raw, {})


@pytest.mark.parametrize("habit", [{}, {"columns": True}, {"joined": True}], ids=["apart", "columns", "joined"])
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(8, id="every unit is shut where the input is zero, so that a bias looks like a map of the input"),
        pytest.param(3, id="one unit alone is ever open, so that the state's map could be applied either way round"),
    ],
)
def test_units_that_are_shut_hide_no_mistake_as_long_as_some_are_open(seed: int, habit: dict[str, Any]) -> None:
    assert with_relu(seed, **habit).mistakes == ("rnn.relu_for_tanh",)


def test_units_that_are_always_open_or_always_shut_are_left_to_a_person_with_the_reason() -> None:
    shut, always_open = with_relu(16), with_relu(15)

    assert (shut.status, shut.notes) == (
        "unrecognised",
        ("parameter x_a has no effect", "parameter h_a has no effect"),
    )
    assert (always_open.status, "rnn.relu_for_tanh" in always_open.mistakes) == ("ambiguous", True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("family", sorted(SEQUENCES))
def test_other_numbers_give_the_same_verdicts(family: str, seed: int) -> None:
    for name, patch in [("", {}), *((name, patch) for kind, name, patch in MISTAKES if kind == family)]:
        kind = type("Changed", (Model,), dict(patch))
        raw = observe(lambda steps, inputs, kind=kind: kind(steps, inputs, family=family), seed=seed)
        verdict = recognise_sequence(family, raw, {})
        assert verdict.mistakes == ((name,) if name else ())
        assert bool(name) == (verdict.status == "mistake")


def test_evidence_that_does_not_fit_together_is_left_to_a_person() -> None:
    raw = observe(lambda steps, inputs: Model(steps, inputs, family="rnn_tanh"))
    short = {**raw, "runs": raw["runs"][:1]}
    strange = {**raw, "parameters": {**raw["parameters"], "more": torch.full((2,), float("nan"))}}

    for broken in (short, strange, {**raw, "parameters": {}}, {"hidden_size": 3}):
        assert recognise_sequence("rnn_tanh", broken, {}).status == "unrecognised"


@pytest.mark.parametrize("factor", [0.0, 1e-300, 1e300])
@pytest.mark.parametrize("what", ["outputs", "jacobian"])
def test_numbers_of_any_size_are_left_to_a_person(what: str, factor: float) -> None:
    raw = observe(lambda steps, inputs: Model(steps, inputs, family="rnn_tanh"))
    runs = []
    for run in raw["runs"]:
        value = run[what]
        scaled = {name: one * factor for name, one in value.items()} if isinstance(value, dict) else value
        runs.append({**run, what: scaled * factor if isinstance(scaled, Tensor) else scaled})

    assert recognise_sequence("rnn_tanh", {**raw, "runs": runs}, {}).status in ("unrecognised", "mistake")


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family must be one of"):
        recognise_sequence("transformer", {}, {})


def test_the_oracle_knows_all_families() -> None:
    assert tuple(ORACLE.sequence_families()) == tuple(SEQUENCES)
    raw = observe(lambda steps, inputs: Model(steps, inputs, family="lstm"))

    assert ORACLE.recognise_sequence("lstm", raw, {}).status == "exact"
