"""What can be recognised inside a model that reads a sequence: steps, right and wrong, that take raw vectors, too."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from reference.cells import Peepholes, Role
from reference.cells.roles import StepInputs
from reference.mistakes import function_mistakes
from reference.recognition.families import FAMILIES, Family
from reference.recognition.formulas import accepted_formulas, named_formulas
from reference.recognition.hits import Formula, parts_read

State = tuple[Tensor, ...]
"""(hidden,) or (hidden, cell)."""
Step = Callable[[Tensor, State, Mapping[str, Role], Mapping[str, Tensor], int], State]
"""Input (B, d), state, roles, vectors by name and the number of the step from 0 -> the new state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFormula:
    """A step formula in one of the ways in which it may be written."""

    id: str
    """Of the mistake, or of the right form."""
    step: Step
    right: bool
    parts: frozenset[tuple[str, str]]
    """(role, source) pairs that it reads."""
    said: str = ""
    """In which of several accepted ways it is written; empty for the plain one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFamily:
    """One kind of cell inside a model."""

    name: str
    cell: Family
    """Roles and sizes."""
    vectors: tuple[str, ...] = ()
    """Parameters with one number for each unit that are no bias."""
    known_by_name: bool = False
    """True if these are told apart by the names that the question gives, not by what they do."""

    def formulas(self) -> tuple[SequenceFormula, ...]:
        """The right forms first."""
        return _FORMULAS[self.name](self)


def _plain(family: SequenceFamily) -> tuple[SequenceFormula, ...]:
    right = [_from_cell(family.cell, formula, right=True) for formula in accepted_formulas(family.cell)]
    return (*right, *(_from_cell(family.cell, formula, right=False) for formula in named_formulas(family.cell)))


def _from_cell(cell: Family, formula: Formula, *, right: bool) -> SequenceFormula:
    def step(x: Tensor, state: State, roles: Mapping[str, Role], vectors: Mapping[str, Tensor], t: int) -> State:
        inputs = StepInputs(
            x=x,
            h=state[0],
            c=state[-1],
            roles=roles,
            activation=cell.activation,
            gate_first=formula.gate_first,
        )
        return tuple(formula.step(inputs))

    return SequenceFormula(id=formula.id, step=step, right=right, parts=parts_read(cell, formula))


def _all_parts(cell: Family) -> frozenset[tuple[str, str]]:
    return frozenset(itertools.product(cell.roles, ("x", "h")))


def _with_peepholes(family: SequenceFamily) -> tuple[SequenceFormula, ...]:
    found = []
    for entry in function_mistakes("peep"):

        def step(
            x: Tensor,
            state: State,
            roles: Mapping[str, Role],
            vectors: Mapping[str, Tensor],
            t: int,
            function: Callable[..., State] = entry.function,
        ) -> State:
            return function(x, state[0], state[1], roles, Peepholes(**vectors))

        right = entry.mistake.effect == "equivalent"
        found.append(
            SequenceFormula(
                id=entry.mistake.id,
                step=step,
                right=right,
                parts=_all_parts(family.cell) if right else frozenset(),
                said="the output gate looks at the old cell" if entry.mistake.id == "peep.output_uses_c_prev" else "",
            )
        )
    return tuple(sorted(found, key=lambda formula: (formula.id != "peep.correct", not formula.right)))


LEAKS = (0.0, 1e-3)
"""Shares of a closed gate that are usual: none in use, a thousandth in training."""
FIRST_TIMES = (1.0, 0.0)
"""The time of the first step, as people count."""


def _phased(family: SequenceFamily) -> tuple[SequenceFormula, ...]:
    entries = function_mistakes("ph")
    steps = [entry for entry in entries if entry.of.endswith("phased_lstm_step")]
    gates = [entry for entry in entries if entry.of.endswith("time_gate")]
    plain_step = next(entry for entry in steps if entry.mistake.id == "ph.correct")
    plain_gate = next(entry for entry in gates if entry.mistake.id == "ph.correct_gate")
    rights = [entry for entry in steps if entry.mistake.effect == "equivalent"]
    found = [_timed(family, step, plain_gate, first, leak) for step, first, leak in _ways(rights)]
    found += [
        _timed(family, step, plain_gate, first, leak)
        for step, first, leak in _ways([entry for entry in steps if entry not in rights])
    ]
    found += [
        _timed(family, plain_step, gate, first, leak)
        for gate, first, leak in _ways([entry for entry in gates if entry is not plain_gate])
    ]
    return tuple(found)


def _ways(entries: Sequence[Any]) -> Iterator[tuple[Any, float, float]]:
    for first, leak in itertools.product(FIRST_TIMES, LEAKS):
        for entry in entries:
            yield entry, first, leak


def _timed(family: SequenceFamily, step_entry: Any, gate_entry: Any, first: float, leak: float) -> SequenceFormula:
    def step(x: Tensor, state: State, roles: Mapping[str, Role], vectors: Mapping[str, Tensor], t: int) -> State:
        time = torch.full_like(vectors["tau"], first + t)
        k = gate_entry.function(time, vectors["tau"], vectors["s"], vectors["r_on"], leak)
        found: State = step_entry.function(x, state[0], state[1], roles, k)
        return found

    wrong_gate = gate_entry.mistake.id != "ph.correct_gate"
    named = gate_entry.mistake if wrong_gate else step_entry.mistake
    words = ["the first step is at time 0"] if first == 0.0 else []
    words += ["a closed gate leaks a thousandth"] if leak else []
    words += ["the proposed hidden state is read from the blended cell"] if named.id == "ph.h_from_blended_c" else []
    right = not wrong_gate and step_entry.mistake.effect == "equivalent"
    return SequenceFormula(
        id=named.id,
        step=step,
        right=right,
        parts=_all_parts(family.cell) if right else frozenset(),
        said="; ".join(words),
    )


_FORMULAS: Mapping[str, Callable[[SequenceFamily], tuple[SequenceFormula, ...]]] = {
    "rnn_tanh": _plain,
    "lstm": _plain,
    "lstm_peephole": _with_peepholes,
    "lstm_phased": _phased,
}

SEQUENCES: Mapping[str, SequenceFamily] = MappingProxyType(
    {
        "rnn_tanh": SequenceFamily(name="rnn_tanh", cell=FAMILIES["rnn_tanh"]),
        "lstm": SequenceFamily(name="lstm", cell=FAMILIES["lstm"]),
        "lstm_peephole": SequenceFamily(name="lstm_peephole", cell=FAMILIES["lstm"], vectors=("p_i", "p_f", "p_o")),
        "lstm_phased": SequenceFamily(
            name="lstm_phased", cell=FAMILIES["lstm"], vectors=("tau", "r_on", "s"), known_by_name=True
        ),
    }
)
