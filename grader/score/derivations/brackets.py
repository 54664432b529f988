"""Tokens and the brackets round them."""

from __future__ import annotations

from collections.abc import Sequence

from grader.score.derivations.signs import Kind, Token

CLOSING = {"(": ")", "<": ">", "[": "]", "{": "}"}


def unwrapped(tokens: Sequence[Token]) -> list[Token]:
    """Tokens without braces, round, square or pointed brackets round all of them."""
    found = list(tokens)
    while len(found) > 1 and found[0].kind is Kind.SIGN and found[0].text in CLOSING:
        if not found[-1].sign(CLOSING[found[0].text]) or _closes(found, 0) != len(found) - 1:
            break
        found = found[1:-1]
    return found


def _closes(tokens: Sequence[Token], start: int) -> int:
    opening = tokens[start].text
    depth = 0
    for place in range(start, len(tokens)):
        depth += tokens[place].sign(opening) - tokens[place].sign(CLOSING[opening])
        if depth == 0:
            return place
    return -1


def unwrapped_braces(tokens: Sequence[Token]) -> list[Token]:
    """Tokens without braces round all of them; other brackets stay."""
    found = list(tokens)
    while len(found) > 1 and found[0].sign("{") and _closes(found, 0) == len(found) - 1:
        found = found[1:-1]
    return found


def split(tokens: Sequence[Token], *signs: str) -> list[list[Token]]:
    """Parts between signs that stand outside all brackets."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.sign("(", "[", "{") - token.sign(")", "]", "}")
        if depth == 0 and token.sign(*signs):
            found.append([])
        else:
            found[-1].append(token)
    return found


def split_kind(tokens: Sequence[Token], kind: Kind) -> list[list[Token]]:
    """Parts between tokens of a kind."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind is kind:
            found.append([])
        else:
            found[-1].append(token)
    return found
