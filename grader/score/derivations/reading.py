"""The tokens of one side of an equation -> a tree, by precedence climbing with a bounded number of steps.

What can be read in several ways is read by `Habits`: each is one way, and the caller tries them in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.score.derivations.applications import function
from grader.score.derivations.blocks import cut, matrix
from grader.score.derivations.brackets import CLOSING, split, unwrapped, unwrapped_braces
from grader.score.derivations.names import Names
from grader.score.derivations.quotients import fraction, nabla, slashed, started_by_d
from grader.score.derivations.scripts import Scripts, index_of, resolve
from grader.score.derivations.series import series
from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import (
    Added,
    Applied,
    Divided,
    Identity,
    Index,
    Multiplied,
    Node,
    Number,
    Raised,
    Stacked,
    Symbol,
    Transposed,
)

MOST_DEPTH = 40
MOST_READ = 4_000
"""Steps of the reader for one side; far more than any side that was seen needs."""
_PRODUCT_SIGNS = ("·", "*", "×", "⊙", "⊗", "@", "/")
_STARTS = (Kind.NUMBER, Kind.NAME, Kind.FRACTION, Kind.BIG, Kind.ACCENT, Kind.PARTIAL, Kind.NABLA, Kind.BEGIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """One way to read what has several."""

    tight: bool = False
    """True if products of another sign, or without one, bind closer than `⊙`."""
    loose: bool = False
    """True if `⊙` binds closer than they do."""
    reach: int = 0
    """How many factors of those behind a product over an index belong to it, beyond the last that has the index;
    -1 for all."""
    entrywise: bool = False
    """True if `⊗` is taken for a product entry by entry."""
    sums_end: bool = True
    """False if a sum over an index takes in the terms behind it."""


PLAIN = Habits()


def read_side(
    tokens: Sequence[Token],
    names: Names,
    habits: Habits = PLAIN,
    bound: Mapping[str, object] | None = None,
    end: int | None = None,
) -> Node:
    """The tree of a side.

    Raises:
        ReadingError: with the place where reading stopped.
    """
    last = end if end is not None else (tokens[-1].position + 1 if tokens else 0)
    parser = Parser(list(tokens), names, habits, dict(bound or {}), last)
    found = parser.added()
    if parser.at < len(parser.tokens):
        raise ReadingError("what stands there does not fit", parser.tokens[parser.at].position)
    return found


class Parser:
    """Reads the tokens of one side."""

    def __init__(self, tokens: list[Token], names: Names, habits: Habits, bound: dict[str, object], end: int) -> None:
        self.tokens, self.names, self.habits, self.bound, self.end = tokens, names, habits, bound, end
        self.at = self.depth = self.steps = 0

    # ------------------------------------------------------------------------------------------------ tokens

    def peek(self, ahead: int = 0) -> Token | None:
        """A token further on; None behind the last."""
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def take(self) -> Token:
        """The next token.

        Raises:
            ReadingError: at the end, or after too many steps.
        """
        self.steps += 1
        if self.steps > MOST_READ:
            raise ReadingError("it takes too long to read", self.tokens[min(self.at, len(self.tokens) - 1)].position)
        if self.at >= len(self.tokens):
            raise ReadingError("it ends too early", self.end)
        self.at += 1
        return self.tokens[self.at - 1]

    def next_is(self, *signs: str) -> bool:
        """True if the next token is one of these signs."""
        token = self.peek()
        return token is not None and token.sign(*signs)

    def group(self) -> list[Token]:
        """An argument: what stands between braces, without them, or the next token."""
        token = self.take()
        if not token.sign("{"):
            return [token]
        return self.until("{")

    def until(self, opening: str) -> list[Token]:
        """The tokens up to the bracket that closes one that was taken; the closing one is taken, too."""
        depth, start = 1, self.at
        while depth:
            token = self.take()
            depth += token.sign(opening) - token.sign(CLOSING[opening])
        return self.tokens[start : self.at - 1]

    def inner(self, tokens: Sequence[Token]) -> Node:
        """The tree of a part."""
        if self.depth >= MOST_DEPTH:
            raise ReadingError("the brackets are too deep", tokens[0].position if tokens else self.end)
        end = tokens[-1].position + 1 if tokens else self.end
        parser = Parser(list(tokens), self.names, self.habits, dict(self.bound), end)
        parser.depth, parser.steps = self.depth + 1, self.steps
        found = parser.added()
        self.steps = parser.steps
        if parser.at < len(parser.tokens):
            raise ReadingError("what stands there does not fit", parser.tokens[parser.at].position)
        return found

    # ------------------------------------------------------------------------------------------------ sums

    def added(self) -> Node:
        """Terms with signs between them."""
        sign = 1
        while self.next_is("+", "-"):
            sign = -sign if self.take().text == "-" else sign
        terms = [(sign, self.multiplied())]
        while self.next_is("+", "-"):
            sign = 1
            while self.next_is("+", "-"):
                sign = -sign if self.take().text == "-" else sign
            terms.append((sign, self.multiplied()))
        return terms[0][1] if terms == [(1, terms[0][1])] else Added(tuple(terms))

    # ------------------------------------------------------------------------------------------------ products

    def multiplied(self) -> Node:
        """Factors, with or without signs between them."""
        start = self.peek()
        factors, signs = [self.factor()], list[str]()
        while True:
            token = self.peek()
            if token is not None and token.sign(*_PRODUCT_SIGNS):
                self.take()
                sign = -1 if self.next_is("-") and self.take() else 1
                factor = self.factor()
                if token.text == "/":
                    factors[-1] = Divided(factors[-1], factor, token.position)
                    if sign < 0:
                        factors[-1] = Added(((-1, factors[-1]),))
                    continue
                signs.append(token.text)
                factors.append(Added(((-1, factor),)) if sign < 0 else factor)
            elif token is not None and (token.kind in _STARTS or token.sign("(", "[", "{")):
                signs.append("")
                factors.append(self.factor())
            else:
                break
        if len(factors) == 1:
            return factors[0]
        return self.arranged(factors, signs, start.position if start is not None else self.end)

    def arranged(self, factors: list[Node], signs: list[str], at: int) -> Node:
        """Factors in a row, with those before and behind `⊙` together if that is the habit."""
        if self.habits.entrywise:
            signs = ["⊙" if sign == "⊗" else sign for sign in signs]
        if not (self.habits.tight or self.habits.loose) or "⊙" not in signs or set(signs) == {"⊙"}:
            return Multiplied(tuple(factors), tuple(signs), at)
        groups: list[Node] = []
        cuts = [place for place, sign in enumerate(signs) if (sign == "⊙") is self.habits.tight]
        start = 0
        for place in [*cuts, len(signs)]:
            run, between = factors[start : place + 1], signs[start:place]
            groups.append(run[0] if len(run) == 1 else Multiplied(tuple(run), tuple(between), at))
            start = place + 1
        return Multiplied(tuple(groups), tuple(signs[place] for place in cuts), at)

    def factor(self) -> Node:
        """An atom with what stands at it."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ReadingError("the brackets are too deep", self.tokens[min(self.at, len(self.tokens) - 1)].position)
        found = self.after(self.atom())
        self.depth -= 1
        return found

    def after(self, node: Node) -> Node:
        """Powers, transposes and primes behind something that is no bare symbol."""
        while True:
            token = self.peek()
            if token is None:
                return node
            if token.sign("^"):
                self.take()
                node = self._raised(node, self.group(), token.position)
            elif token.sign("'") or (token.sign(".") and (self.peek(1) or token).text == "T"):
                self.at += token.sign(".")
                self.take()
                node = Transposed(node)
            elif token.sign("_"):
                self.take()
                entries = self._entries(self.group())
                if isinstance(node, Symbol) and not node.elements and entries:
                    node = Symbol(node.key, node.time, entries, node.position)
            elif token.sign("[") and isinstance(node, Symbol | Transposed) and (part := cut(self, node)) is not None:
                node = part
            else:
                return node

    def _entries(self, group: Sequence[Token]) -> tuple[Index, ...]:
        """Entries behind a bracketed symbol, `(W_hz)_{ij}`; other subscripts there only comment."""
        found = [index_of([token], {**self.names.indices, **self.bound, **dict.fromkeys("ijklmpqrs")})
                 for token in unwrapped(group) if not token.sign(",")]  # fmt: skip
        return tuple(one for one in found if one is not None) if None not in found else ()

    def _raised(self, node: Node, group: list[Token], at: int) -> Node:
        group = unwrapped_braces(group)
        last = group[-1] if group else None
        if last is not None and (last.kind is Kind.TRANSPOSE or (last.kind is Kind.NAME and last.text == "T")):
            rest = group[:-1]
            return Transposed(self._raised(node, rest, at) if rest else node)
        if group and all(token.sign("'") for token in group):
            return Transposed(node)
        if len(group) == 2 and group[0].sign("⊙"):
            group = group[1:]
        index = index_of(unwrapped(group), {**self.names.indices, **self.bound})
        if index is None or (not index.terms and not 0 <= index.constant <= 12):
            raise ReadingError("such a power is not read", at)
        return Raised(node, index, at)

    # ------------------------------------------------------------------------------------------------ atoms

    def atom(self) -> Node:
        """A number, a symbol, a function of something, a bracket, a fraction, a sum or a product over an index."""
        token = self.peek()
        if token is None:
            raise ReadingError("it ends too early", self.end)
        match token.kind:
            case Kind.NUMBER:
                return Number(float(self.take().text))
            case Kind.NAME | Kind.ACCENT:
                return self.name()
            case Kind.FRACTION:
                return fraction(self)
            case Kind.PARTIAL:
                return slashed(self)
            case Kind.NABLA:
                return nabla(self)
            case Kind.BIG:
                return series(self)
            case Kind.BEGIN:
                return matrix(self)
        if token.sign("(", "[", "{"):
            self.take()
            return self.bracket(token, self.until(token.text))
        raise ReadingError("what stands there does not fit", token.position)

    def bracket(self, opening: Token, content: list[Token]) -> Node:
        """What stands in brackets; several parts are blocks above each other."""
        if not content:
            raise ReadingError("the brackets are empty", opening.position)
        parts = [self.inner(part) for part in split(content, ",", ";")]
        return parts[0] if len(parts) == 1 else Stacked(tuple(parts))

    def symbol_only(self) -> Node:
        """A symbol with its scripts, or something in brackets."""
        token = self.peek()
        if token is not None and token.sign("(", "{"):
            self.take()
            return self.inner(self.until(token.text))
        if token is None or token.kind not in (Kind.NAME, Kind.ACCENT):
            raise ReadingError("a symbol is missing there", self.end if token is None else token.position)
        return self.name()

    # ------------------------------------------------------------------------------------------------ names

    def name(self) -> Node:
        """A symbol with its scripts, a function with its argument, or a differential quotient in one line."""
        start = self.at
        token = self.take()
        accent = ""
        if token.kind is Kind.ACCENT:
            accent, inner = token.text, unwrapped(self.group())
            if not inner or inner[0].kind is not Kind.NAME:
                raise ReadingError("a symbol is missing there", token.position)
            base, extra = inner[0].text, inner[1:]
            self.tokens[self.at : self.at] = extra
        else:
            base = token.text
        if base == "d" and not accent:
            differential = started_by_d(self, start)
            if differential is not None:
                return differential
        if base == "e" and not accent and self.next_is("^") and not self.names.knows("e"):
            self.take()
            return Applied("exp", False, self.inner(self.group()), token.position)
        scripts = self.scripts(base)
        if not accent and base in self.names.functions and not self._declared(base, scripts):
            return function(self, base, scripts, token)
        return self.symbol(base, accent, scripts, token)

    def symbol(self, base: str, accent: str, scripts: Scripts, token: Token) -> Node:
        """What a letter with all that stands at it is."""
        found = resolve(base, accent, scripts, self.names, self.bound, token.position)
        if not found.known and base == "I" and not scripts.below:
            return Identity()
        if not found.known and base == "delta" and len(scripts.below) == 1 and not scripts.above:
            entries = self._entries(scripts.below[0])
            if len(entries) == 2:
                return Symbol("kronecker", None, entries, token.position)
        node: Node = found.symbol
        if found.power is not None:
            node = Raised(node, found.power, token.position)
        return Transposed(node) if found.transposed else node

    def _declared(self, base: str, scripts: Scripts) -> bool:
        found = (
            resolve(base, "", scripts, self.names, self.bound, 0)
            if scripts.below or base in self.names.symbols
            else None
        )
        return found is not None and found.known

    def scripts(self, base: str) -> Scripts:
        """All that stands at a symbol."""
        found = Scripts()
        while True:
            if self.next_is("_"):
                self.take()
                found.below.append(self.group())
            elif self.next_is("^"):
                self.take()
                found.above.append(self.group())
            elif self.next_is("'"):
                self.take()
                found.primes += 1
            elif self.next_is("(", "[") and base not in self.names.functions and self._step_behind(found):
                continue
            else:
                break
        token = self.peek()
        previous = self.tokens[self.at - 1]
        if (
            token is not None
            and token.kind is Kind.NUMBER
            and not found.below
            and token.position == previous.position + len(previous.text)
            and token.text.isdigit()
        ):
            found.below.append([self.take()])
        return found

    def _step_behind(self, found: Scripts) -> bool:
        """Takes a step in brackets, `h(t-1)`; False if what stands there is none."""
        opening = self.tokens[self.at]
        start = self.at
        self.take()
        content = self.until(opening.text)
        index = index_of(content, {**self.names.indices, **self.bound})
        if index is not None and index.terms:
            found.behind.append(content)
            return True
        self.at = start
        return False
