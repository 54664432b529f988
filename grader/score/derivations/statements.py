"""A student's text -> pieces of mathematics -> statements, each a chain of sides between signs of equality."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.score.derivations.brackets import split, unwrapped_braces
from grader.score.derivations.signs import MOST_CHARS, Kind, Token, prepared

MOST_PIECES = 60
MOST_STATEMENTS = 80
MOST_SIDES = 24
"""Of one chain."""
_ENVIRONMENTS = "equation|align|aligned|gather|gathered|eqnarray|split|multline|cases|alignat|flalign|math|displaymath"
_SET_APART = re.compile(
    r"\$\$(?P<a>.+?)\$\$|(?<!\\)\$(?P<b>[^$]+?)\$|\\\[(?P<c>.+?)\\\]|\\\((?P<d>.+?)\\\)"
    rf"|\\begin\{{(?P<name>{_ENVIRONMENTS})\*?\}}(?P<e>.+?)\\end\{{(?P=name)\*?\}}"
    r"|```(?:math|latex|tex|python)?\s*\n(?P<f>.+?)```|`+(?P<g>[^`]+)`+",
    re.DOTALL,
)
_JOINS = re.compile(r"\s*=\s*|[ \t]*[-+*·⊙×][ \t]*")
_BULLET = re.compile(r"^\s*(?:[-*+>#]+\s+|(?:\(?[0-9a-hA-H]\s*[.):]|\(?(?:i|ii|iii|iv|v|vi)[.)])\s+)*")
_LEAD = re.compile(
    r"^.*?(?::(?!=)|\b(?:is|are|equals|gives?|get|gets|have|so|thus|hence|with|where|let|then|and|that|therefore|be|as"
    r"|by|rule|to|for|Let|Where|With|So|Hence|Thus|obtain|find|define)\b)\s*,?"
)
_TAIL = re.compile(r"(?:[\s,;.]+[A-Za-z]{2,})+[\s.,;!]*$")
_MOST_LEADS = 8
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that may be mathematics."""

    text: str
    sure: bool
    """True if the student has set it apart."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A chain of sides."""

    sides: tuple[tuple[Token, ...], ...]


def pieces_of(text: str) -> list[Piece]:
    """The pieces of mathematics in a text, in order: what is set apart, and lines that may be some."""
    text = text[:MOST_CHARS]
    found: list[Piece] = []
    rest, last_end = 0, None
    for match in _SET_APART.finditer(text):
        inner = next(match[name] for name in "abcdefg" if match[name] is not None)
        between = text[rest : match.start()]
        if last_end is not None and _JOINS.fullmatch(between) and between.strip() and found:
            found[-1] = Piece(f"{found[-1].text} {between.strip()} {prepared(inner)}", True)
        else:
            found.extend(_lines(between))
            found.append(Piece(prepared(inner), True))
        rest = last_end = match.end()
    found.extend(_lines(text[rest:]))
    return found[:MOST_PIECES]


def _lines(text: str) -> Iterator[Piece]:
    """Lines of a text that are not set apart; a line that begins with a sign goes on from the one before."""
    kept: list[str] = []
    for line in _BOLD.sub(r"\2", text).split("\n"):
        bullet = _BULLET.match(line)
        plain = line[bullet.end() :] if bullet is not None else line
        if not plain.strip():
            continue
        if kept and re.match(r"\s*[=+·⊙×]|\s*\*\s", line):
            kept[-1] += f" {line.strip()}"
        else:
            kept.append(plain)
    for line in kept:
        if re.search(r"[=∂\\^_]|\w\s*[*·@⊙]\s*\w", line):
            yield Piece(prepared(line), False)


def leads(line: str) -> Iterator[str]:
    """A line, then what follows a colon or a word such as "is" in it."""
    rest = line
    for _ in range(_MOST_LEADS):
        yield rest
        tail = _TAIL.search(rest)
        if tail is not None:
            yield rest[: tail.start()] + " " * (len(rest) - tail.start())
        match = _LEAD.match(rest)
        if match is None:
            return
        rest = rest[match.end() :]


def statements_of(tokens: Sequence[Token]) -> list[Statement]:
    """The statements of a piece; rows that begin with a sign of equality or of a sum go on from the row before."""
    found: list[list[list[Token]]] = []
    for run in _runs(unwrapped_braces(tokens)):
        sides = split(unwrapped_braces(run), "=")
        if not any(sides):
            continue
        first = sides[0]
        if found and not first:
            found[-1].extend(sides[1:])
        elif found and first and first[0].sign("+", "-", "·", "*", "×", "⊙") and _goes_on(found[-1], first[0]):
            found[-1][-1] = [*found[-1][-1], *first]
            found[-1].extend(sides[1:])
        else:
            found.append(sides)
    kept = [Statement(tuple(tuple(side) for side in sides if side)) for sides in found]
    return [one for one in kept if one.sides][:MOST_STATEMENTS]


def _goes_on(chain: list[list[Token]], sign: Token) -> bool:
    """True if a row that begins with a sign belongs to the chain before: a minus may begin a new expression."""
    return bool(chain[-1]) and (sign.text != "-" or len(chain) > 1)


def _runs(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Tokens between the ends of rows, words, and commas that stand outside all brackets."""
    run: list[Token] = []
    depth = matrices = 0
    for token in tokens:
        depth += token.sign("(", "[", "{") - token.sign(")", "]", "}")
        if token.kind in (Kind.BEGIN, Kind.END):
            if not token.text.endswith(("matrix", "array")):
                continue
            matrices += 1 if token.kind is Kind.BEGIN else -1
        outside = depth <= 0 and matrices == 0
        ends = token.kind in (Kind.ROW, Kind.STOP, Kind.WORDS) or token.sign(",", ";", ":")
        if outside and ends:
            yield run
            run, depth = [], 0
        elif token.kind is Kind.STOP or (token.kind in (Kind.COLUMN, Kind.ROW) and matrices == 0):
            continue
        else:
            run.append(token)
    yield run
