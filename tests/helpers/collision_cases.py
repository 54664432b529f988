"""What every formula of a family gives on the inputs of a named case, and which formulas give the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from helpers.observations import F64, noise
from torch import Tensor

from reference.cells import Peepholes, Role, StepInputs
from reference.mistakes import cell_mistakes, function_mistakes, model_mistakes
from reference.models.build import TORCH_ORDERS
from reference.models.layers import FormulaLayer
from reference.models.network import Network, NotApplicableError
from reference.recognition import FAMILIES, Family

D, N, B = 5, 4, 6
SAME = 1e-9
DISTINCT = 1e-3
RAISED = "an error about shapes"
Outcome = Tensor | str


@dataclass(frozen=True, kw_only=True)
class Case:
    """Inputs of a case."""

    of: str
    """Family of cells, `peephole step`, `phased step`, `time gate`, `stacked` or `bidirectional`."""
    options: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    """Cases whose condition these inputs meet, too."""


def outcomes(case: Case, seed: int) -> dict[str, Outcome]:
    """Identifier -> what the formula gives."""
    makers: dict[str, Callable[..., dict[str, Outcome]]] = {
        "peephole step": peephole_steps,
        "phased step": phased_steps,
        "time gate": time_gates,
        "stacked": models,
        "bidirectional": models,
    }
    if case.of in FAMILIES:
        return cells(case.of, seed, **case.options)
    if case.of in ("stacked", "bidirectional"):
        return models(network(case.of, seed, **case.options))
    return makers[case.of](seed, **case.options)


# ------------------------------------------------------------------------------------------------ cells


def role(seed: int, n: int, d: int, bias: float = 1.0, state_bias: float = 1.0) -> Role:
    return Role(
        W_x=noise(seed, n, d),
        W_h=noise(seed + 1, n, n),
        b_x=noise(seed + 2, n) * bias,
        b_h=noise(seed + 3, n) * state_bias,
    )


def roles(names: Iterable[str], seed: int, **biases: float) -> dict[str, Role]:
    return {name: role(1000 * seed + 10 * place, N, D, **biases) for place, name in enumerate(names)}


def step_all(family: str, inputs: StepInputs, more: Sequence[Tensor] = ()) -> dict[str, Outcome]:
    """Every formula of a family of cells on one step, and on more steps if there is more input."""
    found: dict[str, Outcome] = {}
    for entry in cell_mistakes(FAMILIES[family].prefix):
        state = torch.broadcast_tensors(*entry.step(inputs))
        for x in more:
            later = StepInputs(x=x, h=state[0], c=state[-1], roles=inputs.roles, activation=inputs.activation)
            state = torch.broadcast_tensors(*entry.step(later))
        found[entry.mistake.id] = torch.cat(state, dim=1)
    return found


def cells(
    family: str, seed: int, h: float = 1.0, c: float = 1.0, bias: float = 1.0, state_bias: float = 1.0, steps: int = 1
) -> dict[str, Outcome]:
    known = FAMILIES[family]
    state = noise(seed + 91, B, N) * h
    inputs = StepInputs(
        x=noise(seed + 90, B, D),
        h=state,
        c=noise(seed + 92, B, N) * c if known.has_cell_state else state,
        roles=roles(known.roles, seed, bias=bias, state_bias=state_bias),
        activation=known.activation,
    )
    return step_all(family, inputs, [noise(seed + 100 + step, B, D) for step in range(steps - 1)])


def peephole_steps(seed: int, h: float = 1.0, c: float = 1.0, peepholes: float = 1.0) -> dict[str, Outcome]:
    looking = Peepholes(**{name: noise(seed + 70 + i, N) * peepholes for i, name in enumerate(("p_i", "p_f", "p_o"))})
    x, states = noise(seed + 90, B, D), (noise(seed + 91, B, N) * h, noise(seed + 92, B, N) * c)
    return {
        entry.mistake.id: torch.cat(entry.function(x, *states, roles("ifgo", seed), looking), dim=1)
        for entry in function_mistakes("peep")
    }


def phased_steps(
    seed: int, k: float | None = None, h: float = 1.0, c: float = 1.0, equal: bool = False
) -> dict[str, Outcome]:
    open_by = torch.tensor([0.15, 0.4, 0.7, 0.95], dtype=F64) if k is None else torch.full((N,), k, dtype=F64)
    hidden = noise(seed + 91, B, N) * h
    cell = hidden if equal else noise(seed + 92, B, N) * c
    return {
        entry.mistake.id: torch.cat(
            entry.function(noise(seed + 90, B, D), hidden, cell, roles("ifgo", seed), open_by), dim=1
        )
        for entry in function_mistakes("ph")
        if entry.of.endswith("phased_lstm_step")
    }


def time_gates(
    seed: int,
    tau: float = 4.0,
    s: float = 1.0,
    r_on: float = 0.3,
    alpha: float = 0.01,
    of_period: tuple[float, float] = (-1.5, 3.5),
) -> dict[str, Outcome]:
    """All gates over a grid of times; `of_period` bounds the times in periods after the shift."""
    first, last = of_period
    t = s + tau * (first + (last - first) * (torch.arange(60, dtype=F64) + 0.5 + 0.1 * noise(seed, 60)) / 61)
    rhythm = [torch.tensor(value, dtype=F64) for value in (tau, s, r_on)]
    return {
        entry.mistake.id: entry.function(t, *rhythm, alpha)[None]
        for entry in function_mistakes("ph")
        if entry.of.endswith("time_gate")
    }


# ------------------------------------------------------------------------------------------------ models


def formula_layer(family: Family, roles: Mapping[str, Role], hidden_size: int) -> FormulaLayer:
    """A layer of right cells of a family, from its roles."""
    order = TORCH_ORDERS[family.name]
    joined = tuple(torch.cat([getattr(roles[name], part) for name in order]) for part in ("W_x", "W_h", "b_x", "b_h"))
    return FormulaLayer(
        family=family, formula=family.plain, order=order, joined=joined, gate_first=False, hidden_size=hidden_size
    )


def network(
    architecture: str,
    seed: int,
    cell: str = "lstm",
    d: int = 6,
    layers: int = 3,
    batch: int = 4,
    steps: int = 5,
    shift: float = 0.0,
) -> Network:
    """A network of right cells; `shift` is added to the biases, so that units of relu live or die."""
    n, classes, known = 6, 3, FAMILIES[cell]
    width = 2 * n if architecture == "bidirectional" else n
    weight, bias = noise(seed + 7, classes, width) / width**0.5, noise(seed + 8, classes)

    def stack(first: int) -> list[FormulaLayer]:
        found = []
        for depth in range(layers):
            below = n if depth else d
            parts = {
                name: Role(W_x=one.W_x / below**0.5, W_h=one.W_h / n**0.5, b_x=0.5 * one.b_x + shift, b_h=0.5 * one.b_h)
                for place, name in enumerate(known.roles)
                for one in [role(first + 100 * depth + 10 * place, n, below)]
            }
            found.append(formula_layer(known, parts, n))
        return found

    return Network(
        x=noise(seed + 9, batch, steps, d),
        layers=stack(10_000 * seed + 1000),
        reverse_layers=stack(10_000 * seed + 5000) if architecture == "bidirectional" else (),
        classifier=lambda features: features @ weight[:, : features.shape[1]].mT + bias,
        wanted_layers=layers,
        hidden_size=n,
        bidirectional=architecture == "bidirectional",
    )


def _both_at_t0(net: Network) -> Tensor:
    """The entry has no formula of its own, because it is that of another; written out here to show it."""
    in_time = net.backward()[::-1]
    return net.classifier(torch.cat((net.forward()[0], in_time[0]), dim=1))


def models(net: Network) -> dict[str, Outcome]:
    """The right model and every deviation; one that means nothing for a model computes what the right one does."""
    family = "bidir" if net.bidirectional else "model"
    programs = {
        entry.mistake.id: entry.forward for entry in model_mistakes("bidirectional" if net.bidirectional else "stacked")
    }
    if net.bidirectional:
        programs["bidir.both_at_t0"] = _both_at_t0
        if net.wanted_layers > 1:
            del programs["bidir.layer_wise"]  # takes cells of another width
    elif len(net.sequence()) < 2:
        del programs["model.skips_last_step"]  # there is no such step
    found: dict[str, Outcome] = {f"{family}.correct": net.output()}
    for name, program in programs.items():
        try:
            found[name] = program(net)
        except NotApplicableError:
            found[name] = net.output()
        except RuntimeError:
            found[name] = RAISED
    return found


# ------------------------------------------------------------------------------------------------ comparing


def distance(one: Outcome, other: Outcome) -> float:
    """Largest difference; without bound between things that cannot be compared."""
    if isinstance(one, str) or isinstance(other, str):
        return 0.0 if isinstance(one, str) and isinstance(other, str) else torch.inf
    return float((one - other).detach().abs().max()) if one.shape == other.shape else torch.inf


def same(found: Mapping[str, Outcome]) -> set[frozenset[str]]:
    """Pairs of formulas that give the same."""
    return {
        frozenset(pair)
        for pair in itertools.combinations(found, 2)
        if distance(*(found[name] for name in pair)) <= SAME
    }


def joined(groups: Iterable[Sequence[str]]) -> set[frozenset[str]]:
    """Pairs within groups, where groups with a common member are one."""
    merged: list[set[str]] = []
    for group in groups:
        touching = [other for other in merged if other & set(group)]
        merged = [other for other in merged if other not in touching] + [set(group).union(*touching)]
    return {frozenset(pair) for group in merged for pair in itertools.combinations(sorted(group), 2)}


# ------------------------------------------------------------------------------------------------ all cases

_ALWAYS = {
    "lstm": ("values-only", "gated-cells"),
    "gru": ("values-only", "gated-cells", "no-cell-state"),
    "rnn_tanh": ("values-only", "no-cell-state"),
    "rnn_relu": ("values-only", "no-cell-state", "relu-cells"),
}
_DEPTHS_AND_LENGTHS: dict[str, dict[str, Any]] = {
    "one-layer": {"layers": 1},
    "two-layers": {"layers": 2},
    "one-step": {"steps": 1},
}
_OF_ONE_STACK: dict[str, dict[str, Any]] = {"two-steps": {"steps": 2}}
_OF_TWO_STACKS: dict[str, dict[str, Any]] = {
    "one-sample": {"batch": 1},
    "one-feature": {"d": 1},
    "unequal-widths": {"d": 5},
}


def _model_case(family: str, cell: str, *also: str, **options: Any) -> Case:
    architecture = {"model": "stacked", "bidir": "bidirectional"}[family]
    alive = {"shift": 0.3} if cell == "rnn_relu" else {}
    names = tuple(f"{family}.{name}" for name in (*_ALWAYS[cell], *also))
    return Case(of=architecture, options={"cell": cell, **alive, **options}, also=names)


def _model_cases(family: str) -> dict[str, list[Case]]:
    situations = _DEPTHS_AND_LENGTHS | (_OF_ONE_STACK if family == "model" else _OF_TWO_STACKS)
    cases: dict[str, list[Case]] = {f"{family}.dead": [_model_case(family, "rnn_relu", shift=-50.0)]}
    for cell, always in _ALWAYS.items():
        for name in always:
            cases.setdefault(f"{family}.{name}", []).append(_model_case(family, cell))
        for name, options in situations.items():
            also = ("unequal-widths",) if name == "one-feature" else ()
            cases.setdefault(f"{family}.{name}", []).append(_model_case(family, cell, *also, **options))
    return cases


def _cell_cases() -> dict[str, list[Case]]:
    situations: dict[str, dict[str, Any]] = {
        "values-only": {},
        "no-state-bias": {"state_bias": 0.0},
        "zero-states": {"h": 0.0, "c": 0.0},
        "zero-cell": {"c": 0.0},
        "zero-states-no-bias": {"h": 0.0, "c": 0.0, "bias": 0.0, "state_bias": 0.0},
    }
    cases = {
        f"lstm.{name}": [Case(of="lstm", options=options, also=("lstm.values-only",))]
        for name, options in situations.items()
    }
    for name, options in situations.items():
        single = name.replace("states", "state")
        if name != "zero-cell":
            cases[f"gru.{single}"] = [Case(of="gru", options=options, also=("gru.values-only",))]
            for asked in ("tanh", "relu"):
                plain = f"rnn.values-only-{asked}"
                cases[f"rnn.{single}-{asked}"] = [Case(of=f"rnn_{asked}", options=options, also=(plain,))]
    return cases


CASES: dict[str, list[Case]] = {
    **_cell_cases(),
    "peep.zero-cell": [Case(of="peephole step", options={"c": 0.0})],
    "peep.zero-hidden": [Case(of="peephole step", options={"h": 0.0})],
    "peep.zero-peepholes": [Case(of="peephole step", options={"peepholes": 0.0})],
    "ph.open": [Case(of="phased step", options={"k": 1.0})],
    "ph.closed": [Case(of="phased step", options={"k": 0.0})],
    "ph.half-open": [Case(of="phased step", options={"k": 0.5})],
    "ph.zero-states": [Case(of="phased step", options={"h": 0.0, "c": 0.0})],
    "ph.equal-states": [Case(of="phased step", options={"equal": True})],
    "ph.no-shift": [Case(of="time gate", options={"s": 0.0})],
    "ph.shift-of-half-a-period": [Case(of="time gate", options={"s": 2.0})],
    "ph.period-of-one": [Case(of="time gate", options={"tau": 1.0, "s": 0.3})],
    "ph.no-leak": [Case(of="time gate", options={"alpha": 0.0})],
    "ph.first-period": [Case(of="time gate", options={"of_period": (0.0, 1.0)})],
    "ph.closed-part": [Case(of="time gate", options={"of_period": (0.35, 1.0)})],
    **_model_cases("model"),
    **_model_cases("bidir"),
}
"""Case -> inputs that show it; several where cells of several families do."""

GENERIC: dict[str, Case] = {
    "lstm": Case(of="lstm", also=("lstm.values-only",)),
    "gru": Case(of="gru", also=("gru.values-only",)),
    "rnn_tanh": Case(of="rnn_tanh", also=("rnn.values-only-tanh",)),
    "rnn_relu": Case(of="rnn_relu", also=("rnn.values-only-relu",)),
    "peephole step": Case(of="peephole step"),
    "phased step": Case(of="phased step"),
    "time gate": Case(of="time gate", options={"alpha": 0.05}),
    **{f"{family} {cell}": _model_case(family, cell) for family in ("model", "bidir") for cell in _ALWAYS},
}
"""Inputs that meet no condition that inputs can avoid."""
