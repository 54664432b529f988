"""Quotients and derivatives: fractions, `∂L/∂W` on one line, and nabla."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import Derivative, Divided, Node

if TYPE_CHECKING:
    from grader.score.derivations.reading import Parser


def fraction(parser: Parser) -> Node:
    """A quotient, or a derivative."""
    at = parser.take().position
    _apart(parser)
    top = parser.group()
    _apart(parser)
    bottom = parser.group()
    by = _differential(parser, bottom)
    if by is not None:
        of = _differential(parser, top)
        if of == []:
            return Derivative(parser.factor(), parser.inner(by), at)
        if of is not None:
            return Derivative(parser.inner(of), parser.inner(by), at)
    return Divided(parser.inner(top), parser.inner(bottom), at)


def _apart(parser: Parser) -> None:
    """The digits of `\\frac12` are arguments of their own."""
    token = parser.peek()
    if token is not None and token.kind is Kind.NUMBER and len(token.text) > 1 and token.text.isdigit():
        first = Token(Kind.NUMBER, token.text[0], token.position)
        parser.tokens[parser.at : parser.at + 1] = [first, Token(Kind.NUMBER, token.text[1:], token.position + 1)]


def _differential(parser: Parser, tokens: list[Token]) -> list[Token] | None:
    """What stands behind ∂ or d; None if there is no such sign."""
    if not tokens:
        return None
    first = tokens[0]
    if first.kind is Kind.PARTIAL or (first.text in ("d", "delta") and first.kind is Kind.NAME):
        rest = tokens[1:]
        if first.kind is Kind.NAME and rest and rest[0].sign("_", "^"):
            return None
        if rest and rest[0].sign("^") and len(rest) > 2 and rest[1].sign("+"):
            rest = rest[2:]
        return rest
    return None


def slashed(parser: Parser) -> Node:
    """`∂L/∂W` on one line."""
    at = parser.take().position
    of = parser.symbol_only()
    if not parser.next_is("/"):
        raise ReadingError("a differential alone is not read", at)
    parser.take()
    bracketed = parser.next_is("(", "{")
    if bracketed:
        inner = _differential(parser, parser.until(parser.take().text))
        if not inner:
            raise ReadingError("what stands there does not fit", at)
        return Derivative(of, parser.inner(inner), at)
    sign = parser.take()
    if sign.kind is not Kind.PARTIAL and sign.text != "d":
        raise ReadingError("a differential alone is not read", sign.position)
    return Derivative(of, parser.symbol_only(), at)


def nabla(parser: Parser) -> Node:
    """`∇_W L`."""
    at = parser.take().position
    if not parser.next_is("_"):
        raise ReadingError("a gradient has to say by what it is taken", at)
    parser.take()
    by = parser.inner(parser.group())
    return Derivative(parser.symbol_only(), by, at)
