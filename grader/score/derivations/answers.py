"""A student's text -> what it defines, and the chain of sides that leads to the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grader.score.derivations.frames import Definition
from grader.score.derivations.matching import bare
from grader.score.derivations.names import Names
from grader.score.derivations.reading import PLAIN, Habits, read_side
from grader.score.derivations.signs import Kind, ReadingError, Token, tokens_of
from grader.score.derivations.statements import (
    MOST_SIDES,
    MOST_STATEMENTS,
    Piece,
    Statement,
    leads,
    pieces_of,
    statements_of,
)
from grader.score.derivations.tree import (
    Applied,
    Derivative,
    Node,
    Number,
    Symbol,
    Transposed,
    walk,
)

_TIMES = ("t", "k", "s", "tau", "j", "n")
_ENTRIES = ("i", "l", "m", "p", "q")
SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for."""

    of: Symbol
    by: Symbol
    names: tuple[str, ...] = ()
    """Keys of symbols that may stand for the derivative."""


@dataclass(frozen=True, slots=True)
class Step:
    """One side on the way to the answer."""

    text: str
    """As it was written."""
    tree: Node


@dataclass(frozen=True, slots=True)
class Answer:
    """One reading of a student's text."""

    steps: tuple[Step, ...]
    """The sides of the chain, the answer last."""
    definitions: tuple[Definition, ...]
    entries: tuple[str, ...] = ()
    """Index letters of the target's left side, where it is written entry by entry."""
    sure: bool = True
    """False if no left side names what was asked for, and something else is written beside the answer."""
    alone: bool = True
    """True if nothing else that is written may be meant for the answer."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Something is written, and no answer was read in it."""

    why: str
    """With the place where reading stopped; a sentence."""


@dataclass(frozen=True, slots=True)
class _Left:
    """A left side."""

    pattern: Symbol | Derivative | Applied | None
    bound: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Chain:
    """A statement with its left side read."""

    left: _Left | None
    sides: tuple[tuple[Token, ...], ...]
    text: str
    sure: bool
    goal: bool


def readings(text: str, names: Names, target: Target) -> list[Answer] | Stopped:
    """The readings of an answer, the plain one first.

    Args:
        text: what the student wrote.
        names: the symbols; what the student defines is added to a copy of them.
        target: what is asked for.
    """
    names = replace(names, defined=set(names.defined))
    reader = _Answers(names, target)
    chains, trouble = reader.chains(text)
    if not chains:
        return Stopped(trouble or "Nothing in it looks like a formula.")
    found: list[Answer] = []
    for habits in _habits(chains):
        answer = reader.answer(chains, habits)
        if isinstance(answer, Answer):
            if answer not in found:
                found.append(answer)
        else:
            trouble = trouble if habits is not PLAIN else answer.why
    return found or Stopped(trouble)


def _habits(chains: Sequence[_Chain]) -> Iterator[Habits]:
    """The ways to read that can make a difference for these tokens."""
    yield PLAIN
    tokens = [token for chain in chains for side in chain.sides for token in side]
    if any(token.sign("⊙") for token in tokens):
        yield Habits(tight=True)
        yield Habits(loose=True)
    if any(token.sign("⊗") for token in tokens):
        yield Habits(entrywise=True)
    if any(token.kind is Kind.BIG and token.text == "prod" for token in tokens):
        yield Habits(reach=1)
        yield Habits(reach=-1)
        yield Habits(reach=2)
    if any(token.kind is Kind.BIG and token.text == "sum" for token in tokens):
        yield Habits(sums_end=False)


class _Answers:
    def __init__(self, names: Names, target: Target) -> None:
        self.names, self.target = names, target
        self.trees: dict[tuple[int, int, Habits], tuple[_Chain, Sequence[Token], Node]] = {}
        """By the identities of a chain and a side, which are kept, too; made when all symbols have been announced."""

    # ------------------------------------------------------------------------------------------------ statements

    def chains(self, text: str) -> tuple[list[_Chain], str]:
        """All statements with their left sides, and the first trouble with something that was set apart."""
        read: list[tuple[Statement, str, bool]] = []
        trouble = ""
        for piece in pieces_of(text):
            try:
                read.extend((one, piece.text, piece.sure) for one in self._statements(piece))
            except ReadingError as error:
                if piece.sure or not trouble:
                    trouble = trouble or stopped(piece.text, error)
        read = read[:MOST_STATEMENTS]
        for statement, _, _ in read:
            self._announce(statement)
        found = [self._chain(*one) for one in read]
        return [one for one in found if one is not None], trouble

    def _statements(self, piece: Piece) -> list[Statement]:
        if piece.sure:
            return statements_of(tokens_of(piece.text, self.names.words))
        first: ReadingError | None = None
        for text in leads(piece.text):
            blank = " " * (len(piece.text) - len(text))
            try:
                found = statements_of(tokens_of(blank + text, self.names.words))
                if found and all(self._readable(one) for one in found):
                    return found
            except ReadingError as error:
                first = first or error
        if first is not None:
            raise first
        return []

    def _readable(self, statement: Statement) -> bool:
        """True if every side of a line that was not set apart can be read, and it does not look like plain words."""
        names = replace(self.names, defined=set(self.names.defined))
        reader = _Answers(names, self.target)
        reader._announce(statement)
        chain = reader._chain(statement, "", False)
        if chain is None:
            return False
        for side in chain.sides:
            tree = read_side(side, names, bound=chain.left.bound if chain.left else None)
            unknown = sum(isinstance(one, Symbol) and not names.knows(one.key) for one in walk(tree))
            if unknown > 3:
                return False
        return True

    def _announce(self, statement: Statement) -> None:
        """A symbol on a left side is known from now on, even before that line."""
        if len(statement.sides) < 2:
            return
        left = self._left(statement.sides[0])
        if left is not None and isinstance(left.pattern, Symbol) and left.pattern.key not in self.names.symbols:
            self.names.defined.add(left.pattern.key)

    def _left(self, side: Sequence[Token]) -> _Left | None:
        """A left side that names something; None for an expression."""
        bound: dict[str, object] = {
            **dict.fromkeys(_ENTRIES, "entry"),
            **dict.fromkeys(_TIMES, "time"),
        }
        for letter in self.names.indices:
            bound.pop(letter, None)
        try:
            tree = read_side(side, self.names, bound=bound)
        except ReadingError:
            return None
        while isinstance(tree, Transposed):
            tree = tree.inner
        pattern: Symbol | Derivative | Applied | None = None
        if isinstance(tree, Symbol) or (
            isinstance(tree, Derivative) and bare(tree.of) is not None and bare(tree.by) is not None
        ):
            pattern = tree
        elif isinstance(tree, Derivative) and isinstance(tree.of, Applied) and not tree.of.slope:
            pattern = Applied(tree.of.function, True, tree.of.argument, tree.position)
        elif isinstance(tree, Applied) and tree.slope and (tree.argument is None or isinstance(tree.argument, Symbol)):
            pattern = tree
        if pattern is None:
            return None
        symbols = [one for one in walk(tree) if isinstance(one, Symbol)]
        entries = {letter for one in symbols for index in one.elements for letter in index.letters}
        times = {letter for one in symbols if one.time is not None for letter in one.time.letters} - entries
        kinds: dict[str, object] = dict.fromkeys(entries, "entry")
        kinds |= {letter: "time" for letter in times if letter not in self.names.indices}
        return _Left(pattern, kinds)

    def _chain(self, statement: Statement, text: str, sure: bool) -> _Chain | None:
        sides = statement.sides[:MOST_SIDES]
        left = self._left(sides[0]) if len(sides) > 1 else None
        goal = left is not None and self._is_goal(left)
        if left is None:
            return _Chain(None, sides, text, sure, False)
        return _Chain(left, sides[1:], text, sure, goal)

    def _is_goal(self, left: _Left) -> bool:
        target, pattern = self.target, left.pattern
        if isinstance(pattern, Symbol):
            return pattern.key in target.names
        if not isinstance(pattern, Derivative):
            return isinstance(pattern, Applied) and f"slope {pattern.function}" in target.names
        of, by = bare(pattern.of), bare(pattern.by)
        if of is None or by is None or by.key != target.by.key or not self._same_time(by, target.by):
            return False
        return (of.key == target.of.key and self._same_time(of, target.of)) or not self.names.knows(of.key)

    def _same_time(self, one: Symbol, other: Symbol) -> bool:
        if one.time is None or other.time is None:
            return True
        try:
            return one.time.value(self.names.indices) == other.time.value(self.names.indices)
        except KeyError:
            return False

    # ------------------------------------------------------------------------------------------------ trees

    def answer(self, chains: Sequence[_Chain], habits: Habits) -> Answer | Stopped:
        """One reading of the chains."""
        goals = [chain for chain in chains if chain.goal]
        leading = goals or self._without_goal(chains)
        if not leading:
            return Stopped("No line of it says what was asked for.")
        definitions: list[Definition] = []
        for chain in chains:
            if chain in leading or chain.left is None or chain.left.pattern is None:
                continue
            try:
                body = self._tree(chain.sides[-1], chain, habits)
            except ReadingError:
                continue
            definitions.append(Definition(chain.left.pattern, body))
        steps: list[Step] = []
        trouble: str | None = None
        for chain in leading:
            for side in chain.sides:
                try:
                    steps.append(Step(written(chain.text, side), self._tree(side, chain, habits)))
                    trouble = None
                except ReadingError as error:
                    trouble = stopped(chain.text, error)
        if trouble is not None or not steps:
            return Stopped(trouble or "Nothing in it looks like a formula.")
        beside = [chain for chain in chains if chain not in leading and not self._defines(chain)]
        sure = bool(goals) or not beside
        alone = not any(chain.left is None and self._rich(chain) for chain in beside)
        return Answer(tuple(steps), tuple(definitions), self._entries(leading[-1]), sure, alone)

    def _defines(self, chain: _Chain) -> bool:
        """True for a line that says what a symbol of the student's own is, or a derivative, or a slope."""
        pattern = None if chain.left is None else chain.left.pattern
        return pattern is not None and not (isinstance(pattern, Symbol) and pattern.key in self.names.symbols)

    def _tree(self, side: Sequence[Token], chain: _Chain, habits: Habits) -> Node:
        key = (id(chain), id(side), habits)
        known = self.trees.get(key)
        if known is None:
            bound = chain.left.bound if chain.left is not None else None
            known = self.trees[key] = chain, side, read_side(side, self.names, habits, bound=bound)
        return known[2]

    def _entries(self, chain: _Chain) -> tuple[str, ...]:
        if chain.left is None:
            return ()
        pattern = chain.left.pattern
        symbols = [pattern] if isinstance(pattern, Symbol) else []
        if isinstance(pattern, Derivative):
            symbols = [one for one in (bare(pattern.of), bare(pattern.by)) if one is not None]
        indices = [index for one in symbols for index in one.elements]
        letters = [index.terms[0][0] for index in indices if len(index.terms) == 1 and not index.constant]
        return tuple(letters) if len(letters) == len(indices) else ()

    def _without_goal(self, chains: Sequence[_Chain]) -> list[_Chain]:
        """Where no left side names the target: the last line that may be meant for it."""
        for chain in reversed(chains):
            if chain.left is None:
                if self._rich(chain):
                    return [chain]
                continue
            pattern = chain.left.pattern
            if (
                isinstance(pattern, Symbol)
                and pattern.key not in self.names.symbols
                and not self._used(pattern, chains)
            ):
                return [chain]
        return []

    def _rich(self, chain: _Chain) -> bool:
        """True if a line without a left side is more than the mention of a symbol or of a derivative."""
        try:
            tree = self._tree(chain.sides[-1], chain, PLAIN)
        except ReadingError:
            return chain.sure
        return not isinstance(tree, Symbol | Derivative | Number)

    def _used(self, pattern: Symbol, chains: Sequence[_Chain]) -> bool:
        for chain in chains:
            for side in chain.sides:
                try:
                    tree = self._tree(side, chain, PLAIN)
                except ReadingError:
                    continue
                if any(isinstance(one, Symbol) and one.key == pattern.key for one in walk(tree)):
                    return True
        return False


def written(text: str, side: Sequence[Token]) -> str:
    """A side as it was written."""
    if not side:
        return ""
    return text[side[0].position : side[-1].position + max(1, len(side[-1].text))].strip()


def stopped(text: str, error: ReadingError) -> str:
    """Where reading stopped, as a sentence."""
    rest, before = shortened(text[error.position :]), shortened(text[: error.position], end=True)
    if not rest:
        return f"Reading stopped at the end of `{before}`: {error.why}."
    return f"Reading stopped at `{rest}`: {error.why}."


def shortened(text: str, *, end: bool = False) -> str:
    """One short line without back quotes."""
    line = " ".join(text.replace("`", "").split())
    if len(line) <= SHOWN_CHARS:
        return line
    return f"… {line[-SHOWN_CHARS:]}" if end else f"{line[:SHOWN_CHARS]} …"
