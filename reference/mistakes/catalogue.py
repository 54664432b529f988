"""What a named mistake is, and how one is written down.

A mistake of a cell is one decorated step function; a mistake of a model is one decorated forward function; a mistake of
any other function is one decorated function of the same arguments. Text and formula stand together, and
`reference.mistakes` finds every entry of every module of the package by itself: adding a mistake is adding one entry.

Mistakes that give the same numbers under some condition are listed as `Collision`, beside the entries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from reference.cells.roles import Step

if TYPE_CHECKING:
    from reference.models.network import Network

Effect = Literal["wrong", "equivalent"]
Severity = Literal["minor", "major"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A named mistake as a student reads it."""

    id: str
    """`family.name`; never renamed, never reused."""
    title: str
    """Noun phrase that a student can search for."""
    family: str
    """The part of the identifier before the dot."""
    formula: str
    """What is computed instead, in the symbols of `reference.cells`."""
    what_you_did: str
    """Second person, the property that does not hold, no blame."""
    next_step: str
    """An experiment of some minutes that shows the difference; not the fix."""
    effect: Effect
    """`equivalent` for a re-parameterisation that earns full marks."""
    severity: Severity
    """`minor` for a slip in one place, `major` for an idea that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMistake:
    """A named step formula."""

    mistake: Mistake
    step: Step
    searched: bool = True
    """False for a right form, and for a re-labelling that recognition reads as the right form anyway."""


Forward = Callable[["Network"], Tensor]
"""What a model computes with its own cells and classifier, deviation included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMistake:
    """A named deviation of a model."""

    mistake: Mistake
    forward: Forward
    stacked_only: bool = False
    """True for a deviation of the family `model` that means nothing where there are two directions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionMistake:
    """A named deviation of a function that is neither a cell nor a model: a gradient, a step, a count."""

    mistake: Mistake
    function: Callable[..., Any]
    """Takes what the reference function takes, returns what it returns."""
    of: str
    """Dotted name of the reference function that it distorts, below `reference`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Formulas that cannot be told apart under a condition; on generic inputs every formula of a family differs."""

    same: tuple[str, ...]
    """Identifiers, two at least."""
    condition: str
    """In words that end the sentence "these are the same where ..."."""
    case: str
    """Name of the inputs that show it, by which tests build them."""

    @property
    def family(self) -> str:
        """The family whose inputs meet the condition: that of the first identifier."""
        return self.same[0].split(".")[0]


def text(
    identifier: str,
    title: str,
    *,
    formula: str,
    did: str,
    next_step: str,
    effect: Effect = "wrong",
    severity: Severity = "major",
) -> Mistake:
    """A mistake that is found by other means than a formula of its own."""
    return Mistake(
        id=identifier,
        title=title,
        family=identifier.split(".")[0],
        formula=formula,
        what_you_did=did,
        next_step=next_step,
        effect=effect,
        severity=severity,
    )


def cell_mistake(
    identifier: str,
    title: str,
    *,
    formula: str,
    did: str,
    next_step: str,
    effect: Effect = "wrong",
    severity: Severity = "major",
    searched: bool = True,
) -> Callable[[Step], CellMistake]:
    """Decorator that turns a step function into a catalogue entry."""
    entry = text(
        identifier,
        title,
        formula=formula,
        did=did,
        next_step=next_step,
        effect=effect,
        severity=severity,
    )
    return lambda step: CellMistake(mistake=entry, step=step, searched=searched)


def model_mistake(
    identifier: str,
    title: str,
    *,
    formula: str,
    did: str,
    next_step: str,
    effect: Effect = "wrong",
    severity: Severity = "major",
    stacked_only: bool = False,
) -> Callable[[Forward], ModelMistake]:
    """Decorator that turns a forward function into a catalogue entry."""
    entry = text(
        identifier,
        title,
        formula=formula,
        did=did,
        next_step=next_step,
        effect=effect,
        severity=severity,
    )
    return lambda forward: ModelMistake(mistake=entry, forward=forward, stacked_only=stacked_only)


def function_mistake(
    identifier: str,
    title: str,
    *,
    of: str,
    formula: str,
    did: str,
    next_step: str,
    effect: Effect = "wrong",
    severity: Severity = "major",
) -> Callable[[Callable[..., Any]], FunctionMistake]:
    """Decorator that turns a function into a catalogue entry."""
    entry = text(
        identifier,
        title,
        formula=formula,
        did=did,
        next_step=next_step,
        effect=effect,
        severity=severity,
    )
    return lambda function: FunctionMistake(mistake=entry, function=function, of=of)
