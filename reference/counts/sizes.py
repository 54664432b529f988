"""The sizes that a count is a formula in, as numbers or as SymPy symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeAlias, runtime_checkable


@runtime_checkable
class Expression(Protocol):
    """A SymPy expression, known by what it can do: counting alone need not wait for SymPy to be imported."""

    @property
    def free_symbols(self) -> Any: ...
    def __add__(self, other: Any) -> Any: ...
    def __radd__(self, other: Any) -> Any: ...
    def __sub__(self, other: Any) -> Any: ...
    def __rsub__(self, other: Any) -> Any: ...
    def __mul__(self, other: Any) -> Any: ...
    def __rmul__(self, other: Any) -> Any: ...


Size: TypeAlias = int | Expression
"""A whole number, or an expression that stands for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Every size that a formula may use; a question that does not speak of one leaves it at its default."""

    n: Size
    """Hidden units."""
    d: Size
    """Length of an input."""
    k: Size = 0
    """Outputs: classes, or words of the vocabulary."""
    L: Size = 1
    """Layers in a stack."""
    T: Size = 1
    """Time steps; no count depends on it."""
    B: Size = 1
    """Samples in a batch; no count depends on it."""


NAMES = tuple(field.name for field in fields(Sizes))


def sizes_of(values: Mapping[str, Size]) -> Sizes:
    """Sizes from a mapping, such as a rubric gives.

    Raises:
        ValueError: if a name is unknown, or `n` or `d` is missing.
    """
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise ValueError(f"sizes has {', '.join(unknown)}; wanted names among {', '.join(NAMES)}")
    missing = sorted({"n", "d"} - set(values))
    if missing:
        raise ValueError(f"sizes lacks {', '.join(missing)}; wanted n and d at least")
    return Sizes(**values)
