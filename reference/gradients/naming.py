"""Which formula a gradient was computed by: the right one, a named mistake, or none that is known.

A gradient is compared with what every formula of its family gives at the same inputs. Inputs can hide a mistake: with
one unit no transposed product shows, and with h_0 = 0 no path through h_0. So a second case is kept, at generic inputs
and with the same options, which says what each mistake changes where nothing hides it. A right gradient is called
`exact` only if each mistake that changes the item there also changes it at the inputs that were given, by ten times the
tolerance or more; otherwise it is `ambiguous`, with those mistakes that the inputs hide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from torch import Tensor

from reference.gradients.generic import generic_gru_case, generic_lstm_case, generic_rnn_case
from reference.gradients.gru_case import GRUCase
from reference.gradients.gru_gradients import gru_gradients
from reference.gradients.lstm_case import LSTMCase, lstm_gradients
from reference.gradients.rnn_bptt import rnn_gradients
from reference.gradients.rnn_case import RNNCase
from reference.gradients.rnn_columns import Array
from reference.mistakes import function_mistakes
from reference.recognition.verdicts import rounded

TOLERANCE = 1e-6
"""Relative to the largest entry of the right gradient; the smallest change of an item at generic inputs is 7e-4."""
APART = 10
"""A mistake is hidden by the inputs if it changes the right gradient by less than this times the tolerance."""

Case = RNNCase | GRUCase | LSTMCase
Values = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientVerdict:
    """What one gradient was computed by."""

    status: Literal["exact", "mistake", "ambiguous", "unnamed"]
    mistakes: tuple[str, ...] = ()
    """The one mistake, or all that give these numbers at these inputs; empty if exact or unnamed."""
    right: bool = False
    """True if the right formula gives these numbers; with `ambiguous`, the mistakes are those that could hide in it."""
    nearest: tuple[tuple[str, float], ...] = ()
    """The nearest formulas with their relative distances, where no formula gives these numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Family:
    case: type[Case]
    gradients: Callable[[Any], Mapping[str, Any]]
    options: Callable[[Any], Mapping[str, Any]]
    """What a case says beside its arrays."""
    generic: Callable[..., Case]
    """Generic inputs with the same options."""


FAMILIES: Mapping[str, _Family] = {
    "uva": _Family(
        case=RNNCase,
        gradients=rnn_gradients,
        options=lambda case: {"loss": case.loss, "score_error": case.score_error},
        generic=generic_rnn_case,
    ),
    "tau": _Family(
        case=GRUCase,
        gradients=gru_gradients,
        options=lambda case: {"scope": case.scope, "update": case.update, "sigmoid_slope": case.sigmoid_slope},
        generic=generic_gru_case,
    ),
    "seq": _Family(
        case=LSTMCase,
        gradients=lstm_gradients,
        options=lambda case: {"gates_given": case.gates is not None},
        generic=generic_lstm_case,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Formulas:
    """What the formulas of a family give at the same inputs."""

    right: Values
    mistaken: Mapping[str, Values]
    scale: Mapping[str, float]
    """The largest entry of each right item; not below what rounding of the others leaves."""

    @classmethod
    def at(cls, family: str, case: Case) -> _Formulas:
        """Every formula of the family, evaluated."""
        entries = [entry for entry in function_mistakes(family) if entry.mistake.effect == "wrong"]
        right = _arrays(FAMILIES[family].gradients(case))
        largest = {item: float(np.abs(value).max(initial=0)) for item, value in right.items()}
        floor = max(1e-300, 1e-9 * max(largest.values()))
        return cls(
            right=right,
            mistaken={entry.mistake.id: _arrays(entry.function(case)) for entry in entries},
            scale={item: max(value, floor) for item, value in largest.items()},
        )

    def far(self, item: str, value: Array | None, other: Array | None) -> float:
        """The largest difference of two values, relative to the right one; infinite where shapes differ."""
        if value is None or other is None or value.shape != other.shape or not np.isfinite(value).all():
            return float("inf")
        return float(np.abs(value - other).max(initial=0)) / self.scale[item]

    def changes(self, mistake: str, item: str, by: float) -> bool:
        """True if a mistake changes an item by more than this."""
        return self.far(item, self.right[item], self.mistaken[mistake].get(item)) > by


def _array(value: Any) -> Array:
    return np.asarray(value.detach() if isinstance(value, Tensor) else value, dtype=np.float64)


def _arrays(found: Mapping[str, Any]) -> Values:
    return {item: _array(value) for item, value in found.items()}


@lru_cache(maxsize=32)
def _generic_formulas(family: str, options: tuple[tuple[str, Any], ...]) -> _Formulas:
    return _Formulas.at(family, FAMILIES[family].generic(**dict(options)))


def name_gradient(family: str, case: Case, item: str, value: Any, *, tolerance: float = TOLERANCE) -> GradientVerdict:
    """Name the formula that one gradient was computed by; see `name_gradients`."""
    return name_gradients(family, case, {item: value}, tolerance=tolerance)[item]


def name_gradients(
    family: str, case: Case, answers: Mapping[str, Any], *, tolerance: float = TOLERANCE
) -> dict[str, GradientVerdict]:
    """Name the formulas that the gradients of one hand-in were computed by.

    Several answers say more than one: where two mistakes give the same numbers for an item, the one that explains more
    of the other answers is named.

    Args:
        family: `uva`, `tau` or `seq`.
        case: The inputs, with what was derived before and should be followed through (`RNNCase.score_error`,
            `GRUCase.sigmoid_slope`, `LSTMCase.gates`).
        answers: Item -> array, with the names that the reference function gives to its results.
        tolerance: Largest relative difference that rounding may make.

    Returns:
        A verdict for each answer.

    Raises:
        ValueError: if there is no such family or item, or the right gradients at these inputs are not finite.
    """
    if family not in FAMILIES:
        raise ValueError(f"there is no family {family!r}; wanted one of {', '.join(FAMILIES)}")
    if not isinstance(case, FAMILIES[family].case):
        wanted = FAMILIES[family].case.__name__
        raise ValueError(f"the family {family!r} is judged at {wanted}; found {type(case).__name__}")
    here = _Formulas.at(family, case)
    elsewhere = _generic_formulas(family, tuple(FAMILIES[family].options(case).items()))
    if not all(np.isfinite(value).all() for value in here.right.values()):
        raise ValueError("the right gradients are not finite at these inputs; choose smaller weights")
    unknown = sorted(set(answers) - set(here.right))
    if unknown:
        raise ValueError(f"there is no item {unknown[0]!r}; wanted one of {', '.join(here.right)}")
    given = _arrays(answers)
    found = {item: _name(item, value, here, elsewhere, tolerance) for item, value in given.items()}
    return {item: _narrowed(verdict, given, here, tolerance) for item, verdict in found.items()}


def _name(item: str, value: Array, here: _Formulas, elsewhere: _Formulas, tolerance: float) -> GradientVerdict:
    touching = [name for name in here.mistaken if elsewhere.changes(name, item, TOLERANCE)]
    distance = {name: here.far(item, value, here.mistaken[name].get(item)) for name in touching}
    matching = [name for name in touching if distance[name] <= tolerance]
    if here.far(item, value, here.right[item]) <= tolerance:
        hidden = [name for name in touching if name in matching or not here.changes(name, item, APART * tolerance)]
        return GradientVerdict(status="ambiguous" if hidden else "exact", mistakes=tuple(hidden), right=True)
    if matching:
        return GradientVerdict(status="mistake" if len(matching) == 1 else "ambiguous", mistakes=tuple(matching))
    nearest = sorted((rounded(far), name) for name, far in distance.items() if np.isfinite(far))[:3]
    return GradientVerdict(status="unnamed", nearest=tuple((name, far) for far, name in nearest))


def _narrowed(verdict: GradientVerdict, given: Values, here: _Formulas, tolerance: float) -> GradientVerdict:
    """The same verdict, with the one of several mistakes that explains the most answers if there is one."""
    if verdict.status != "ambiguous" or verdict.right:
        return verdict
    explained = {
        name: sum(here.far(item, value, here.mistaken[name].get(item)) <= tolerance for item, value in given.items())
        for name in verdict.mistakes
    }
    best = [name for name in verdict.mistakes if explained[name] == max(explained.values())]
    return GradientVerdict(status="mistake" if len(best) == 1 else "ambiguous", mistakes=tuple(best))
