"""Quotients and derivatives: fractions, `∂L/∂W` on one line, and nabla."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.score.derivations.brackets import unwrapped
from grader.score.derivations.scripts import resolve
from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import Derivative, Divided, Node, Raised, Symbol

if TYPE_CHECKING:
    from grader.score.derivations.reading import Parser


def derivative(of: Node, by: Node, at: int) -> Derivative:
    """A derivative of one thing by another; a step at either names it, and is no power: `∂L^{(T)}/∂W`."""
    return Derivative(_named(of), _named(by), at)


def _named(node: Node) -> Node:
    if isinstance(node, Raised) and isinstance(node.base, Symbol) and node.exponent.terms:
        return node.base
    return node


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
            return derivative(parser.factor(), parser.inner(by), at)
        if of is not None:
            return derivative(parser.inner(of), parser.inner(by), at)
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
        return derivative(of, parser.inner(inner), at)
    sign = parser.take()
    if sign.kind is not Kind.PARTIAL and sign.text != "d":
        raise ReadingError("a differential alone is not read", sign.position)
    return derivative(of, parser.symbol_only(), at)


def nabla(parser: Parser) -> Node:
    """`∇_W L`."""
    at = parser.take().position
    if not parser.next_is("_"):
        raise ReadingError("a gradient has to say by what it is taken", at)
    parser.take()
    by = parser.inner(parser.group())
    return derivative(parser.symbol_only(), by, at)


def started_by_d(parser: Parser, start: int) -> Node | None:
    """What begins with a d: `dL/dW`, or a symbol such as `dz`, if that is declared, defined or being defined."""
    following = parser.peek()
    if following is None or following.kind not in (Kind.NAME, Kind.ACCENT):
        return None
    saved = parser.at
    token = parser.take()
    accent = "d"
    base = token.text
    if token.kind is Kind.ACCENT:
        inner = unwrapped(parser.group())
        if not inner or inner[0].kind is not Kind.NAME:
            parser.at = saved
            return None
        accent, base = f"d {token.text}", inner[0].text
    scripts = parser.scripts(base)
    after, beyond = parser.peek(), parser.peek(1)
    slashed = after is not None and after.sign("/") and beyond is not None and beyond.text in ("d", "∂", "partial")
    if slashed and beyond is not None:
        of = parser.symbol(base, accent.removeprefix("d").strip(), scripts, token)
        parser.take()
        parser.take()
        return derivative(of, parser.symbol_only(), parser.tokens[start].position)
    found = resolve(base, accent, scripts, parser.names, parser.bound, token.position)
    if found.known:
        return parser.symbol(base, accent, scripts, token)
    if (start == 0 and parser.at == len(parser.tokens)) and parser.depth <= 1:
        return parser.symbol(base, accent, scripts, token)
    parser.at = saved
    return None
