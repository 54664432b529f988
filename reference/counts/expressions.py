"""Counts as SymPy expressions, and whether two expressions are one formula."""

from __future__ import annotations

from collections.abc import Callable

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

from reference.counts.sizes import NAMES, Size, Sizes

SYMBOLS = Sizes(**{name: sympy.Symbol(name, positive=True, integer=True) for name in NAMES})
"""Each size as the symbol of its name."""
DEGREE = 12
"""Formulas of a higher degree are not compared: none of ours has one, and expanding them may take for ever."""


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
