"""Sums and products over an index: their ranges, and how far they reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grader.score.derivations.brackets import split, unwrapped, unwrapped_braces
from grader.score.derivations.scripts import index_of
from grader.score.derivations.signs import ReadingError, Token
from grader.score.derivations.tree import Index, Multiplied, Node, Series, letters_in

if TYPE_CHECKING:
    from grader.score.derivations.reading import Parser


def series(parser: Parser) -> Node:
    """A sum or a product over an index; it reaches to the end of the product in which it stands."""
    big = parser.take()
    low: list[Token] = []
    high: list[Token] = []
    while parser.next_is("_", "^"):
        if parser.take().text == "_":
            low = unwrapped_braces(parser.group())
        else:
            high = unwrapped_braces(parser.group())
    letter, first, last, above = _range(parser, low, high, big)
    before = parser.bound.get(letter)
    known = letter in parser.bound
    parser.bound[letter] = "entry" if first is None else "time"
    factors, signs, rest = _body(parser, big, letter)
    if known:
        parser.bound[letter] = before
    else:
        del parser.bound[letter]
    body = factors[0] if len(factors) == 1 else parser.arranged(factors, signs, big.position)
    found: Node = Series(big.text, letter, first, last, above, body, big.position)
    if rest is not None:
        found = parser.arranged([found, *rest[1]], list(rest[0]), big.position)
    return found


def _range(
    parser: Parser, low: list[Token], high: list[Token], big: Token
) -> tuple[str, Index | None, Index | None, bool]:
    """Letter, both ends, and whether the low end is left out."""
    letters = {**parser.names.indices, **parser.bound}
    sides = split(low, "=")
    if len(sides) == 2 and len(sides[0]) == 1:
        name = sides[0][0].text
        if high and len(high) == 1 and high[0].text in parser.names.sizes and high[0].text not in letters:
            return name, None, None, False
        return name, _end(parser, sides[1], letters), _end(parser, high, letters), False
    between = split(low, "<")
    if len(between) == 3 and len(between[1]) == 1:
        strict = between[2]
        inclusive = bool(strict and strict[0].sign("="))
        end = _end(parser, strict[1:] if inclusive else strict, letters)
        if not inclusive:
            end = Index(end.terms, end.constant - 1)
        return between[1][0].text, _end(parser, between[0], letters), end, True
    if len(low) == 1 and not high:
        name = low[0].text
        if name in parser.names.indices:
            last = Index((("T", 1),)) if "T" in parser.names.indices else Index((), parser.names.indices[name])
            return name, Index((), 1), last, False
        return name, None, None, False
    raise ReadingError("such a range is not read", big.position)


def _end(parser: Parser, tokens: list[Token], letters: Mapping[str, object]) -> Index:
    index = index_of(unwrapped(tokens), letters)
    if index is None:
        raise ReadingError("such a range is not read", tokens[0].position if tokens else parser.end)
    return index


def _body(parser: Parser, big: Token, letter: str) -> tuple[list[Node], list[str], tuple[list[str], list[Node]] | None]:
    """Factors and signs of the body, and what stands behind it."""
    whole = parser.multiplied() if parser.habits.sums_end or big.text == "prod" else parser.added()
    if not isinstance(whole, Multiplied) or parser.habits.tight or big.text == "sum" or parser.habits.reach < 0:
        return [whole], [], None
    holds = [place for place, factor in enumerate(whole.factors) if letter in letters_in(factor)]
    last = min((holds[-1] if holds else 0) + parser.habits.reach, len(whole.factors) - 1)
    rest = whole.factors[last + 1 :]
    return (
        list(whole.factors[: last + 1]),
        list(whole.signs[:last]),
        (list(whole.signs[last:]), list(rest)) if rest else None,
    )
