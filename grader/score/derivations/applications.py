"""Functions with their arguments, their slopes and their powers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.score.derivations.brackets import unwrapped_braces
from grader.score.derivations.names import SLOPES
from grader.score.derivations.scripts import Scripts, index_of
from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import Applied, Multiplied, Node, Raised, Transposed, walk

if TYPE_CHECKING:
    from grader.score.derivations.reading import Parser


def function(parser: Parser, name: str, scripts: Scripts, token: Token) -> Node:
    """A function with its argument, its slope, or a power of it."""
    function = parser.names.functions[name]
    slope, power, transposed = scripts.primes > 0, None, False
    for group in scripts.above:
        content = unwrapped_braces(group)
        if content and all(one.sign("'") for one in content):
            slope = True
        elif len(content) == 1 and (content[0].kind is Kind.TRANSPOSE or content[0].text == "T"):
            transposed = True
        else:
            power = index_of(content[1:] if len(content) == 2 and content[0].sign("⊙") else content, {})
            if power is None or not 0 <= power.constant <= 12:
                raise ReadingError("such a power of a function is not read", token.position)
    if slope and function not in SLOPES:
        raise ReadingError(f"the slope of {name} is not read", token.position)
    argument, left_out = _argument(parser, function)
    node: Node = Applied(function, slope, argument, token.position)
    if left_out is not None:
        node = Multiplied((node, left_out), ("",), token.position)
    if power is not None:
        node = Raised(node, power, token.position)
    return Transposed(node) if transposed else node


def _argument(parser: Parser, function: str) -> tuple[Node | None, Node | None]:
    """The argument; or, where the function's own value is meant, what it is multiplied with: `σ(1 − σ)`."""
    token = parser.peek()
    if token is not None and token.sign("(", "[", "{"):
        parser.take()
        content = parser.until(token.text)
        if not content or all(one.sign("·", ".") for one in content):
            return None, None
        inner = parser.bracket(token, content)
        bare = any(isinstance(one, Applied) and one.argument is None and not one.slope for one in walk(inner))
        return (None, inner) if bare else (inner, None)
    if token is not None and (token.kind in (Kind.NAME, Kind.ACCENT, Kind.FRACTION)):
        if token.text in parser.names.functions and parser.names.functions[token.text] == function:
            return None, None
        return parser.factor(), None
    return None, None
