"""Whether an answer and a count are the same: as functions, as expressions, or at the sizes of the question."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TypeAlias

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

from reference.counts.expressions import DEGREE, SYMBOLS, degree_of, same_formula, with_our_symbols
from reference.counts.sizes import NAMES, Size, Sizes, sizes_of

Number: TypeAlias = int | float | Fraction | sympy.Expr
Formula = Callable[[Mapping[str, int]], Number]
Count = Callable[[Sizes], Size]
Ties = Mapping[str, str]
"""Name of a size -> name of the size that it equals in the question, such as d -> n."""
Agrees = Callable[[Count, Ties], bool]

POINTS = tuple(
    dict(zip(NAMES, primes, strict=True))
    for primes in ((7, 5, 3, 11, 13, 17), (11, 3, 13, 5, 7, 19), (5, 13, 17, 3, 11, 7), (3, 11, 5, 2, 19, 13))
)
"""Values of n, d, k, L, T and B that share no factor, so that no size can stand for another."""
RELATIVE = 1e-9


def ties_of(sizes: Mapping[str, int]) -> Ties:
    """Which of n, d and k are equal in a question: there a formula may use one for the other."""
    given = [name for name in ("n", "d", "k") if name in sizes]
    first = {name: next(other for other in given if sizes[other] == sizes[name]) for name in given}
    return {name: other for name, other in first.items() if name != other}


def comparison(answer: Formula | sympy.Expr | Number, sizes: Mapping[str, int] | None) -> Agrees:
    """The comparison that suits an answer.

    Raises:
        ValueError: if a number is given without sizes.
    """
    if isinstance(answer, sympy.Expr) and answer.free_symbols:
        return _by_expression(answer)
    if callable(answer):
        return _by_values(answer)
    if sizes is None:
        raise ValueError("sizes is None; wanted the sizes at which the number was worked out")
    at, number = sizes_of(sizes), answer
    return lambda count, ties: _close(number, count(at))


def is_number(answer: object) -> bool:
    """True for an answer that says something at the question's sizes only."""
    return not callable(answer) and not (isinstance(answer, sympy.Expr) and answer.free_symbols)


def values_of(count: Count, ties: Ties = MappingProxyType({})) -> tuple[Size, ...]:
    """A count at every point; two counts of the same values are one formula."""
    return _values(count, frozenset(ties.items()))


@lru_cache(maxsize=4096)
def _values(count: Count, ties: frozenset[tuple[str, str]]) -> tuple[Size, ...]:
    return tuple(count(Sizes(**point)) for point in _points(dict(ties)))


def _points(ties: Ties) -> Iterator[dict[str, int]]:
    """Every point, sizes that are equal in the question given equal values."""
    for point in POINTS:
        yield {name: point[ties.get(name, name)] for name in NAMES}


def _by_values(answer: Formula) -> Agrees:
    @cache
    def found(ties: frozenset[tuple[str, str]]) -> tuple[object, ...] | None:
        try:
            return tuple(answer(point) for point in _points(dict(ties)))
        except ArithmeticError:  # a student's formula may divide by zero or overflow: then it is none of ours
            return None

    def agrees(count: Count, ties: Ties) -> bool:
        values = found(frozenset(ties.items()))
        return values is not None and all(map(_close, values, values_of(count, ties)))

    return agrees


def _by_expression(answer: sympy.Expr) -> Agrees:
    """Values first, because they are quick, then the proof that the expressions are one."""
    ours = with_our_symbols(answer)
    if degree_of(ours) > DEGREE:
        return lambda count, ties: False

    def value(point: Mapping[str, int]) -> Number:
        found: Number = ours.subs({getattr(SYMBOLS, name): size for name, size in point.items()})
        return found

    at_points = _by_values(value)

    def agrees(count: Count, ties: Ties) -> bool:
        same = {getattr(SYMBOLS, name): getattr(SYMBOLS, other) for name, other in ties.items()}
        return at_points(count, ties) and same_formula(
            ours.xreplace(same), with_our_symbols(count(SYMBOLS)).xreplace(same)
        )

    return agrees


def _close(found: object, wanted: Size) -> bool:
    if not isinstance(wanted, int):
        return False
    if isinstance(found, numbers.Rational):
        return bool(found == wanted)
    return isinstance(found, numbers.Real) and math.isclose(float(found), float(wanted), rel_tol=RELATIVE)
