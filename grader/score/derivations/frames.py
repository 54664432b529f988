"""What evaluating a tree needs to know: where values come from, what is defined, how to read, and when to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from grader.score.derivations.tree import Applied, Derivative, Node, Symbol

Pattern = Symbol | Derivative | Applied
"""What a left side may be."""


class ValueMissingError(ValueError):
    """A tree has no value here.

    Args:
        why: as the end of a sentence.
        position: where in the text.
    """

    def __init__(self, why: str, position: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


class StepMissingError(ValueMissingError):
    """A symbol has no value at a step: before the first or after the last."""


class TooCostlyError(Exception):
    """The evaluation would take too many steps."""


@dataclass(slots=True)
class Budget:
    """Steps that are left for all evaluations of one answer."""

    steps: int

    def take(self) -> None:
        """One step.

        Raises:
            TooCostlyError: if none is left.
        """
        self.steps -= 1
        if self.steps < 0:
            raise TooCostlyError


@dataclass(frozen=True, slots=True)
class Definition:
    """What a student, or the rubric's forward lines, says that something is."""

    pattern: Pattern
    body: Node


class Source(Protocol):
    """Where values of declared symbols come from."""

    def value(self, key: str, time: int | None) -> Tensor | None:
        """The value of a symbol; None if it is not declared.

        Raises:
            StepMissingError: if it has no value at that step.
        """

    def derivative(self, of: Symbol, by: Symbol, variables: Mapping[str, int]) -> Tensor | None:
        """A derivative that is known here; None if it is not."""

    def present(self, key: str) -> int | None:
        """The step that is meant where a symbol says none; None for a symbol without steps."""

    def values_of(self, function: str) -> Sequence[str]:
        """Symbols that are values of a function."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by their letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a tree is evaluated."""

    forgiving: bool = False
    """True at size one, where order, transposes and outer products do not count."""
    left_out: tuple[tuple[int, int], ...] = ()
    """Place in the text -> which of the values of a function is meant where its argument is left out there."""
    descending: bool = False
    """True if the factors of a product over an index stand from the last to the first."""
    of_values: bool = False
    """True if a slope at a symbol that is itself a value of the function is taken from that value."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds while one tree is evaluated: letters, arguments, and the function whose slope is being defined."""

    variables: Mapping[str, int]
    bindings: Mapping[str, Tensor] = field(default_factory=dict)
    """Values of arguments of functions that the student defines."""
    own: Mapping[str, Tensor] = field(default_factory=dict)
    """Function -> its value, inside the definition of its slope."""
    series: int | None = None
    """The innermost index of a sum or product."""
