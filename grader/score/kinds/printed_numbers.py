"""Numbers as people print them: every way to read one, and how far its last digit reaches.

`20,224`, `20 224`, `20'224`, `2.0224e4`, `2.0224 × 10^4`, `20.224 k` and, where points set off thousands, `20.224` are
one number. A number that can be read in two ways has both readings; whoever compares takes the one that fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

TEXT_CHARS = 20_000
MOST_NUMBERS = 2_000
_DIGITS = 40
_LARGEST_EXPONENT = 300
_GROUP_SIGNS = r"\{,\}|\\,|\\ |[,'’_\u00a0\u2009\u202f]"
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_TENS = (
    r"[eE](?P<e>[-+]?[0-9]{1,3})(?![0-9])"
    r"|[ ]?(?:[×x*·⋅]|\\times|\\cdot)[ ]?10"
    r"(?:(?:\^|\*\*)[ ]?(?:\{(?P<braced>[-+−]?[0-9]{1,3})\}|(?P<bare>[-+−]?[0-9]{1,3}))"
    r"|(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}))"
)
_PLAIN = r"[0-9]+(?:[.,][0-9]+)?|\.[0-9]+"
_POINTS = r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"


def _pattern(signs: str) -> re.Pattern[str]:
    grouped = rf"[0-9]{{1,3}}(?P<group>{signs})[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*(?![0-9])(?:\.[0-9]+)?"
    return re.compile(
        rf"(?<![0-9A-Za-z_.^])(?P<sign>[-+−–]?)(?P<body>{_POINTS}|{grouped}|{_PLAIN})(?:{_TENS})?"
        r"(?P<scale>[ ]?(?:%|\\%|[kKM](?![A-Za-z0-9])|thousand\b|million\b))?"
    )


_WITH_SPACES = _pattern(_GROUP_SIGNS + "| ")
_WITHOUT_SPACES = _pattern(_GROUP_SIGNS)
_SCALES = {"%": (0, -2), "\\%": (0, -2), "k": (0, 3), "K": (0, 3), "M": (6,), "thousand": (3,), "million": (6,)}
"""Powers of ten of what stands behind a number; per cents are read as they are, too, and `k` may be a symbol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A number with the size of its last printed place."""

    value: Fraction
    unit: Fraction
    """One in the last place: 1/100 for 3.14."""

    def interval(self, *, cut: bool = False) -> tuple[Fraction, Fraction]:
        """What may have been rounded to it; with `cut`, what may have been cut off to it, too."""
        half = self.unit / 2
        if not cut:
            return self.value - half, self.value + half
        return (
            (self.value - half, self.value + self.unit)
            if self.value >= 0
            else (self.value - self.unit, self.value + half)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """A number in a text."""

    text: str
    start: int
    end: int
    readings: tuple[Shown, ...]
    """The likeliest first; never empty."""

    @property
    def first(self) -> Shown:
        return self.readings[0]


def numbers_in(text: str, *, spaces: bool = True) -> list[PrintedNumber]:
    """The numbers of a text in order, within bounds; digits of other scripts are no numbers here.

    Args:
        text: any.
        spaces: whether `20 224` is one number; it is two where columns are set apart by single spaces.
    """
    return list(_found(text[:TEXT_CHARS], _WITH_SPACES if spaces else _WITHOUT_SPACES))


def only_number(text: str) -> PrintedNumber | None:
    """The number of which a text consists, spaces and marks of emphasis apart."""
    plain = text.strip(" \t\r\n*_`$")
    match = _WITH_SPACES.fullmatch(plain) if len(plain) <= 4 * _DIGITS else None
    readings = _readings(match) if match is not None else ()
    return PrintedNumber(text=plain, start=0, end=len(plain), readings=readings) if readings else None


def shown(value: int | float) -> Shown | None:
    """A number of Python's, with the digits that it would be printed with; None for what is not finite."""
    found = only_number(repr(value)) if isinstance(value, int | float) and abs(value) < 10.0**_DIGITS else None
    return found.first if found is not None else None


def _found(text: str, pattern: re.Pattern[str]) -> Iterator[PrintedNumber]:
    count = 0
    for match in pattern.finditer(text):
        readings = _readings(match)
        if readings:
            yield PrintedNumber(text=match.group().strip(), start=match.start(), end=match.end(), readings=readings)
            count += 1
        if count >= MOST_NUMBERS:
            return


def _readings(match: re.Match[str]) -> tuple[Shown, ...]:
    """Every way to read a match; none if it has more digits than are read."""
    body = match["body"]
    exponent = match["e"] or match["braced"] or match["bare"] or (match["raised"] or "0").translate(_SUPERSCRIPTS)
    power = int(exponent.replace("−", "-"))
    if len(body) > _DIGITS or abs(power) > _LARGEST_EXPONENT:
        return ()
    negative = match["sign"] in ("-", "−", "–")
    scale = (match["scale"] or "").strip()
    found = []
    for number in _bodies(body):
        whole, _, decimals = number.partition(".")
        value = Fraction(int((whole or "0") + decimals)) / 10 ** len(decimals)
        unit = Fraction(1, 10 ** len(decimals))
        for shift in _SCALES.get(scale, (0,)):
            factor = Fraction(10) ** (power + shift)
            found.append(Shown(value=(-value if negative else value) * factor, unit=unit * factor))
    return tuple(dict.fromkeys(found))


def _bodies(body: str) -> tuple[str, ...]:
    """The digits with a point for decimals, in every way that the signs between them allow."""
    if re.fullmatch(_POINTS, body):
        return (body.replace(".", "").replace(",", "."),)
    if re.fullmatch(r"[1-9][0-9]{0,2},[0-9]{3}", body):
        return body.replace(",", ""), body.replace(",", ".")
    if re.fullmatch(r"[0-9]+,[0-9]+", body):
        return (body.replace(",", "."),)
    if re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", body):
        return body, body.replace(".", "")
    return (re.sub(r"[^0-9.]", "", body),)
