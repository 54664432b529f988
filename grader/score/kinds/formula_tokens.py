"""A formula as people type it -> tokens: plain text, Unicode signs, or simple LaTeX, over a given set of symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

FORMULA_CHARS = 500
MOST_TOKENS = 200
MOST_DEPTH = 20
_NUMBER = re.compile(r"(?:\d{1,3}(?:(?:\{,\}|\\,|[,_'’\u00a0\u2009\u202f ])\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+")
_NUMBER_CHARS = 24
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SIGNS = {
    "**": "POWER",
    "^": "POWER",
    "+": "_PLUS",
    "-": "_MINUS",
    "−": "_MINUS",
    "–": "_MINUS",
    "*": "_TIMES",
    "·": "_TIMES",
    "⋅": "_TIMES",
    "∙": "_TIMES",
    "•": "_TIMES",
    "×": "_TIMES",
    "∗": "_TIMES",
    "⨯": "_TIMES",
    "/": "_DIVIDE",
    "÷": "_DIVIDE",
    "∕": "_DIVIDE",
    "(": "_LROUND",
    ")": "_RROUND",
    "[": "_LSQUARE",
    "]": "_RSQUARE",
    "{": "_LCURLY",
    "}": "_RCURLY",
}
_COMMANDS = {
    "cdot": "_TIMES",
    "times": "_TIMES",
    "ast": "_TIMES",
    "div": "_DIVIDE",
    "frac": "_FRAC",
    "dfrac": "_FRAC",
    "tfrac": "_FRAC",
}
_SILENT = {
    "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "mathrm", "mathit", "mathsf", "text",
    "textrm", "textit", "operatorname", "quad", "qquad", ",", ";", ":", "!", " ", "\\", "(", ")", "[", "]",
}  # fmt: skip
_SPACE = re.compile(r"[\s$`&~\u200b]+")


class FormulaError(ValueError):
    """A text that is not read as a formula.

    Args:
        why: what is wrong there, as the end of a sentence.
        position: where reading stopped, in characters from 0.
    """

    def __init__(self, why: str, position: int) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One token."""

    type: str
    value: Fraction | str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbols:
    """The names that may stand in a formula, by every spelling."""

    spellings: Mapping[str, str]
    """Spelling -> name, longest spellings first."""

    @classmethod
    def of(cls, names: Mapping[str, Sequence[str]]) -> Symbols:
        """All spellings of names: their own, further ones, with braces round a subscript, in another case if unique."""
        found: dict[str, str] = {}
        for name, others in names.items():
            for spelling in (name, *others):
                found[spelling] = name
                head, underscore, subscript = spelling.partition("_")
                if underscore:
                    found[f"{head}_{{{subscript}}}"] = name
        for spelling, name in list(found.items()):
            for other in (spelling.lower(), spelling.upper()):
                if all(known.casefold() != other.casefold() or owner == name for known, owner in found.items()):
                    found.setdefault(other, name)
        return cls(spellings=dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0]))))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.spellings.values())

    def at(self, text: str, position: int) -> tuple[str, str] | None:
        """The longest spelling that stands at a position, with its name."""
        for spelling, name in self.spellings.items():
            if text.startswith(spelling, position):
                return spelling, name
        return None


def lexemes(text: str, symbols: Symbols) -> list[Lexeme]:
    """The tokens of a formula.

    Raises:
        FormulaError: where something stands that is no part of a formula over these symbols, or too much of it.
    """
    if len(text) > FORMULA_CHARS:
        raise FormulaError(f"a formula of more than {FORMULA_CHARS} characters is not read", FORMULA_CHARS)
    found: list[Lexeme] = []
    position = depth = 0
    while position < len(text):
        space = _SPACE.match(text, position)
        if space is not None:
            position = space.end()
            continue
        made, position = _next(text, position, symbols)
        for one in made:
            depth += one.type.startswith("_L") - one.type.startswith("_R")
            if depth > MOST_DEPTH:
                raise FormulaError("the brackets are too deep", one.position)
        found.extend(made)
        if len(found) > MOST_TOKENS:
            raise FormulaError("the formula is too long", position)
    return found


def _next(text: str, position: int, symbols: Symbols) -> tuple[list[Lexeme], int]:
    """The tokens that begin at a position (none for what only sets the page), and where the next one begins."""
    number = _NUMBER.match(text, position)
    if number is not None:
        return [_number(number)], number.end()
    known = symbols.at(text, position)
    if known is not None:
        return [Lexeme("NAME", known[1], position)], position + len(known[0])
    raised = _SUPERSCRIPT.match(text, position)
    if raised is not None:
        digits = raised.group().translate(_SUPERSCRIPTS)
        if len(digits) > _NUMBER_CHARS:
            raise FormulaError("the number is too long", position)
        return [
            Lexeme("POWER", "^", position),
            Lexeme("NUMBER", Fraction(digits), position),
        ], raised.end()
    command = _COMMAND.match(text, position)
    if command is not None:
        return _command(command.group(1), position), command.end()
    for sign in (text[position : position + 2], text[position]):
        if sign in _SIGNS:
            return [Lexeme(_SIGNS[sign], sign, position)], position + len(sign)
    if text[position] in "xX":  # no symbol of that name, so it is the sign
        return [Lexeme("_TIMES", text[position], position)], position + 1
    raise FormulaError("there it holds something that is no part of a formula in these symbols", position)


def _number(match: re.Match[str]) -> Lexeme:
    text = match.group()
    if len(text) > _NUMBER_CHARS:
        raise FormulaError("the number is too long", match.start())
    return Lexeme("NUMBER", Fraction(re.sub(r"[^\d.]", "", text)), match.start())


def _command(name: str, position: int) -> list[Lexeme]:
    if name in _SILENT:
        return []
    if name in _COMMANDS:
        return [Lexeme(_COMMANDS[name], name, position)]
    raise FormulaError("there it holds a command that is not read", position)
