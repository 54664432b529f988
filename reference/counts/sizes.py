"""The sizes that a count is a formula in, as numbers or as SymPy symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeAlias

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

Size: TypeAlias = int | sympy.Expr
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
SYMBOLS = Sizes(**{name: sympy.Symbol(name, positive=True, integer=True) for name in NAMES})
"""Each size as the symbol of its name."""
DEGREE = 12
"""Formulas of a higher degree are not compared: none of ours has one, and expanding them may take for ever."""


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


def formula_of(count: Callable[[Sizes], Size]) -> sympy.Expr:
    """A count as an expanded expression in n, d, k, L, T and B."""
    return sympy.expand(count(SYMBOLS))


def same_formula(one: Size, other: Size) -> bool:
    """True if two expressions are equal for every size; symbols are told apart by name, not by their assumptions."""
    difference = with_our_symbols(one) - with_our_symbols(other)
    if degree_of(difference) > DEGREE:
        return False
    return bool(sympy.cancel(difference) == 0)


def with_our_symbols(value: Size) -> sympy.Expr:
    """The same expression, each symbol replaced by a positive whole one of its name."""
    expression = sympy.sympify(value)
    ours = {symbol: sympy.Symbol(symbol.name, positive=True, integer=True) for symbol in expression.free_symbols}
    return expression.xreplace(ours)


def degree_of(expression: sympy.Expr) -> int:
    """A bound on the degree, read off the tree without expanding it; more than `DEGREE` for what is no polynomial."""
    if expression.is_Symbol:
        return 1
    degrees = [degree_of(part) for part in expression.args]
    if expression.is_Pow and expression.exp.is_Integer:
        return degrees[0] * abs(int(expression.exp))
    if expression.is_Mul:
        return sum(degrees)
    if expression.is_Add:
        return max(degrees)
    return DEGREE + 1 if any(degrees) else 0
