"""Which number an answer states: a literal, or the only one that a text can mean."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from grader.score.answer_text import Literal
from grader.score.kinds.formula_grammar import read_formula
from grader.score.kinds.formula_tokens import FormulaError, Symbols
from grader.score.kinds.printed_numbers import PrintedNumber, Shown, numbers_in, shown

ANSWER_CHARS = 2_000
_BETWEEN = re.compile(r"[\s*_`$.:]{0,6}")
_EQUALITY = re.compile(r"=|≈|\\approx|\\simeq|\\equiv")

_SIZE = re.compile(r"(?<![A-Za-z])[A-Za-z](?:_?\{?\w{0,6}\}?)?\s{0,4}\$?\s{0,4}=\s{0,4}$")
"""What stands before the value of a symbol, as in "for n = 128"."""
_NO_SYMBOLS = Symbols.of({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A number as an answer states it, in every way to read it."""

    text: str
    """As a message quotes it."""
    readings: tuple[Shown, ...]

    @property
    def values(self) -> tuple[Fraction, ...]:
        return tuple(one.value for one in self.readings)

    def rounds(self, key: Fraction, *, digits: int, cut: bool = True) -> bool:
        """True if a reading is the key rounded (with `cut`, also cut off) to at least so many digits."""
        return any(_digits(one) >= digits and _meets(one, (key, key), cut) for one in self.readings)

    def meets(self, interval: tuple[Fraction, Fraction], *, within: float, cut: bool) -> bool:
        """True if what a reading may have been rounded from meets an interval, widened on both sides."""
        wide = interval[0] - Fraction(within), interval[1] + Fraction(within)
        return any(_meets(one, wide, cut) for one in self.readings)


def stated(written: Literal, unit: Sequence[str] = ()) -> Stated | None:
    """The finite number that is written; None if there is none, or several differ.

    Args:
        written: a literal, or a text.
        unit: words behind a number that tell it from others.
    """
    if isinstance(written, bool):
        return None
    if isinstance(written, int | float):
        return _literal(written)
    if not isinstance(written, str):
        return None
    text = written[:ANSWER_CHARS]
    numbers = numbers_in(text)
    with_unit = [one for one in numbers if _has_unit(text, one, unit)]
    alone = [one for one in numbers if not _SIZE.search(text[max(0, one.start - 24) : one.start])]
    for some in (numbers, with_unit, alone, _end_of_chain(text)):
        if len({one.readings for one in some}) == 1:
            return Stated(text=some[0].text, readings=some[0].readings)
    return None


def _end_of_chain(text: str) -> list[PrintedNumber]:
    """The numbers behind the last sign of a computation, `4 * 5 = 20`; none where text is no computation.

    In "20 for n = 4" the number behind the sign is not the answer. So what stands before it has to be arithmetic, or
    to hold no number at all.
    """
    *links, last = _EQUALITY.split(text.rpartition(":")[2])
    computed = [_is_arithmetic(link) for link in links]
    spoken = [not numbers_in(link) for link in links]
    if not any(computed) or not all(map(operator.or_, computed, spoken)):
        return []
    return numbers_in(last)


def _is_arithmetic(link: str) -> bool:
    """True if a text is a formula of numbers alone."""
    try:
        return all(reading.constant for reading in read_formula(link.strip(" \t\r\n$*_`"), _NO_SYMBOLS))
    except FormulaError:
        return False


def _literal(number: int | float) -> Stated | None:
    try:
        if not math.isfinite(float(number)):
            return None
    except OverflowError:
        return None
    digits = shown(number)
    reading = Shown(value=Fraction(number), unit=digits.unit if digits is not None else Fraction(0))
    return Stated(text=f"{number:g}", readings=(reading,))


def _has_unit(text: str, number: PrintedNumber, unit: Sequence[str]) -> bool:
    gap = _BETWEEN.match(text, number.end)
    start = gap.end() if gap is not None else number.end
    following = text[start : start + 40].casefold()
    return any(following.startswith(word.casefold()) for word in unit)


def _digits(number: Shown) -> int:
    """Significant digits of a printed number."""
    if not number.unit or not number.value:
        return 1
    return len(str(abs(int(number.value / number.unit))))


def _meets(number: Shown, interval: tuple[Fraction, Fraction], cut: bool) -> bool:
    low, high = number.interval(cut=cut)
    return low <= interval[1] and interval[0] <= high
