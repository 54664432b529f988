"""A formula that was read: its exact value at given sizes, what it depends on, and whether it equals another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

MOST_BITS = 6_000
"""Of a value, estimated before it is computed: towers of powers are not."""
_NAME_BITS = 64
_PRIMES = (7, 5, 3, 11, 13, 17, 19, 23, 29, 31, 37, 41)
_LARGE = (104_729, 99_991, 86_969, 75_997, 65_537, 54_773, 43_391, 32_771, 21_379, 15_013, 12_007, 10_007)
_ROUNDS = 6


class Operation(Enum):
    """A step that takes values from the stack."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    NEGATE = "negate"


@dataclass(frozen=True, slots=True)
class Raised:
    """The step that raises to a whole power."""

    exponent: int


Step = Fraction | str | Operation | Raised
Program = tuple[Step, ...]
"""Postfix: a number or a name puts a value on the stack."""
Sizes = Mapping[str, int | Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula over symbols."""

    program: Program
    text: str
    """As it was written."""

    def value(self, sizes: Sizes) -> Fraction | None:
        """Its exact value; None where a division by zero leaves none.

        Raises:
            KeyError: if a size is missing.
        """
        return _run(self.program, sizes)

    @property
    def names(self) -> frozenset[str]:
        """The symbols that stand in it, whether it depends on them or not."""
        return frozenset(step for step in self.program if isinstance(step, str))

    @property
    def numbers(self) -> frozenset[Fraction]:
        """The numbers that stand in it."""
        return frozenset(step for step in self.program if isinstance(step, Fraction))

    def depends_on(self, name: str) -> bool:
        """True if its value changes with the symbol: `0n` and `n - n` do not depend on n."""
        if name not in self.names:
            return False
        for point in _points(self.names):
            first, second = self.value(point), self.value({**point, name: point[name] + 1})
            if first is not None and second is not None and first != second:
                return True
        return False

    @property
    def constant(self) -> bool:
        """True if its value depends on nothing."""
        return not any(self.depends_on(name) for name in self.names)


def constant(program: Program) -> Fraction | None:
    """The value of a formula without symbols; None for one with symbols, without a value or with too large a one."""
    if any(isinstance(step, str) for step in program):
        return None
    return _run(program, {}) if _bits(program) <= MOST_BITS else None


def computable(formula: Formula) -> bool:
    """True if no value of it at sizes of at most 64 bits can have more digits than are computed."""
    return _bits(formula.program) <= MOST_BITS


def same(one: Formula, other: Formula) -> bool:
    """True if two formulas agree wherever both have a value.

    They are compared exactly, at small and at large primes: formulas that agree there by chance and differ elsewhere
    would need coefficients that nobody writes.
    """
    compared = 0
    for point in _points(one.names | other.names):
        first, second = one.value(point), other.value(point)
        if first is None and second is None:
            continue
        if first != second:
            return False
        compared += 1
    return compared > 0


def first_difference(one: Formula, other: Formula, names: Iterable[str]) -> dict[str, int]:
    """Small sizes at which two formulas differ, for a message; the first that are tried if they do not."""
    points = _points(frozenset(names) | one.names | other.names)
    return next((point for point in points if one.value(point) != other.value(point)), points[0])


def _points(names: frozenset[str]) -> list[dict[str, int]]:
    """Sizes at which formulas are compared: distinct primes, in several orders, small ones first."""
    ordered = sorted(names, key=lambda name: (name != "n", name))  # n = 7, d = 5, k = 3, ... where they are so called
    return [
        {name: _prime(primes, place + turn) for place, name in enumerate(ordered)}
        for primes in (_PRIMES, _LARGE)
        for turn in range(_ROUNDS)
    ]


def _prime(primes: Sequence[int], place: int) -> int:
    """Distinct for distinct places, however many symbols there are."""
    return primes[place % len(primes)] + place // len(primes) * primes[0]


def _run(program: Program, sizes: Sizes) -> Fraction | None:
    stack: list[Fraction] = []
    for step in program:
        if isinstance(step, Fraction):
            stack.append(step)
        elif isinstance(step, str):
            stack.append(Fraction(sizes[step]))
        elif step is Operation.NEGATE:
            stack.append(-stack.pop())
        elif isinstance(step, Raised):
            base = stack.pop()
            if base == 0 and step.exponent < 0:
                return None
            stack.append(Fraction(base**step.exponent))
        else:
            right, left = stack.pop(), stack.pop()
            if step is Operation.DIVIDE and right == 0:
                return None
            stack.append(_combined(left, step, right))
    return stack.pop()


def _combined(left: Fraction, operation: Step, right: Fraction) -> Fraction:
    if operation is Operation.ADD:
        return left + right
    if operation is Operation.SUBTRACT:
        return left - right
    if operation is Operation.MULTIPLY:
        return left * right
    return left / right


def _bits(program: Program) -> int:
    """An upper bound for the binary digits of numerator and denominator, cut off where it is too large."""
    stack: list[tuple[int, int]] = []
    for step in program:
        if isinstance(step, Fraction):
            stack.append((step.numerator.bit_length(), (step.denominator - 1).bit_length()))
        elif isinstance(step, str):
            stack.append((_NAME_BITS, 0))
        elif isinstance(step, Raised):
            above, below = stack.pop()
            times = max(1, abs(step.exponent))
            stack.append((times * above, times * below) if step.exponent >= 0 else (times * below, times * above))
        elif step is not Operation.NEGATE:
            stack.append(_combined_bits(stack.pop(), step, stack.pop()))
        if max(stack[-1]) > MOST_BITS:
            return MOST_BITS + 1
    return max(stack.pop())


def _combined_bits(right: tuple[int, int], operation: Step, left: tuple[int, int]) -> tuple[int, int]:
    if operation is Operation.MULTIPLY:
        return left[0] + right[0], left[1] + right[1]
    if operation is Operation.DIVIDE:
        return left[0] + right[1], left[1] + right[0]
    return max(left[0] + right[1], right[0] + left[1]) + 1, left[1] + right[1]
