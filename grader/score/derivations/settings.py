"""What a rubric says about a derivation, as text -> a `Setting`, with the place of what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator

from grader.records import Record
from grader.score.derivations.brackets import split
from grader.score.derivations.frames import Definition
from grader.score.derivations.matching import bare
from grader.score.derivations.names import BUILT_IN, Declared, Names
from grader.score.derivations.reading import read_side
from grader.score.derivations.scene import Given, Setting
from grader.score.derivations.signs import ReadingError, Token, prepared, tokens_of
from grader.score.derivations.tree import Node, Symbol

Draw = Literal["normal", "unit", "positive", "distribution", "one_hot", "zero"]


class SymbolRecord(Record):
    """A symbol that is given: drawn at random."""

    shape: tuple[str | int, ...] = ()
    """Letters of `sizes`, or sums of them such as `n + d`; none for a scalar, one for a vector, two for a matrix."""
    steps: tuple[int | str, int | str] | None = None
    """First and last step, if there is one for each of several; index letters may stand there."""
    draw: Draw = "normal"
    meaning: str = ""
    """In words, for whoever reads the rubric."""

    @field_validator("shape", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str | int) else value


class SettingRecord(Record):
    """Sizes, symbols and forward lines of a derivation, and what is asked for."""

    sizes: dict[str, int] = Field(min_length=1)
    """Letter -> proper size. Sizes have to differ from each other."""
    symbols: dict[str, SymbolRecord | str] = Field(min_length=1)
    """Name -> what is given; or only its shape, `n` or `n d`."""
    indices: dict[str, int] = {}
    """Index letters and the steps that they stand for; the first is the present step."""
    lines: tuple[str, ...] = ()
    """Forward lines, `h_t = \\tanh(W x_t)`, in the language that students write."""
    other_lines: tuple[str, ...] = ()
    """Another form of lines with the same left side, that counts where the student writes it down."""
    lines_at_size_one: tuple[str, ...] = ()
    """In place of those with the same left side where every size is 1: a softmax of one score, for instance."""
    of: str = "L"
    """What is differentiated."""
    incoming: dict[str, str] = {}
    """Symbol -> the symbol that is the gradient of `of` with respect to it, where no line says what `of` is."""
    held: tuple[str, ...] = ()
    """What local gradients hold constant: states of earlier steps."""
    spellings: dict[str, str] = {}
    """Another spelling -> the symbol, with its step if the spelling stands for one."""
    functions: dict[str, str] = {}
    """Another name of a function -> the function."""

    @field_validator("sizes")
    @classmethod
    def _distinct(cls, value: dict[str, int]) -> dict[str, int]:
        if len(set(value.values())) != len(value) or any(not 2 <= size <= 12 for size in value.values()):
            raise ValueError("sizes have to differ, and to lie between 2 and 12")
        return value

    @field_validator("functions")
    @classmethod
    def _functions(cls, value: dict[str, str]) -> dict[str, str]:
        for name, function in value.items():
            if function not in BUILT_IN:
                raise ValueError(f"{name}: there is no function {function!r}; there are {', '.join(sorted(BUILT_IN))}")
        return value


def setting_of(record: SettingRecord, by: str, of: str = "", extra: Sequence[str] = ()) -> Setting:
    """The setting that a record describes.

    Args:
        record: as the rubric has it.
        by: the symbol by which is differentiated.
        of: what is differentiated, if it is not the record's.
        extra: further names that students may give to what they define.

    Raises:
        ValueError: where something in it cannot be read, or is not declared.
    """
    return _Maker(record, extra).setting(of or record.of, by)


class _Maker:
    def __init__(self, record: SettingRecord, extra: Sequence[str]) -> None:
        self.record = record
        self.words = frozenset(_words([*record.symbols, *record.spellings, *record.functions, record.of, *extra]))
        self.functions = BUILT_IN | {_name(one): BUILT_IN[other] for one, other in record.functions.items()}
        self.sizes = {letter.replace("_", ""): size for letter, size in record.sizes.items()}

    def setting(self, wanted: str, by: str) -> Setting:
        """The setting, with what is asked for."""
        record = self.record
        symbols, given = self._given()
        lines = [self._line(text, symbols) for text in record.lines]
        of = self._bare(wanted, symbols, "of")
        if of.key not in symbols:
            symbols[of.key] = Declared(key=of.key, steps=of.time is not None, dimensions=0)
        names = self._names(symbols)
        names = self._with_spellings(names)
        read = [self._definition(text, names) for text in lines]
        other = [self._definition(self._line(text, symbols), names) for text in record.lines_at_size_one]
        return Setting(
            names=names,
            sizes=self.sizes,
            given=tuple(given),
            lines=tuple(read),
            lines_at_size_one=tuple(other),
            of=self._symbol(wanted, names, "of"),
            by=self._symbol(by, names, "by"),
            incoming=tuple(
                (self._symbol(one, names, "incoming"), self._symbol(other_one, names, "incoming"))
                for one, other_one in record.incoming.items()
            ),
            held=tuple(self._symbol(one, names, "held") for one in record.held),
        )

    def _given(self) -> tuple[dict[str, Declared], list[Given]]:
        symbols: dict[str, Declared] = {}
        given: list[Given] = []
        for name, said in self.record.symbols.items():
            one = SymbolRecord(shape=tuple(said.split())) if isinstance(said, str) else said
            key = self._key(name)
            for size in one.shape:
                for part in str(size).split("+"):
                    if not part.strip().isdigit() and part.strip().replace("_", "") not in self.sizes:
                        raise ValueError(f"symbols.{name}: there is no size {part.strip()!r}")
            steps = None if one.steps is None else (self._step(one.steps[0], name), self._step(one.steps[1], name))
            symbols[key] = Declared(key=key, steps=steps is not None, dimensions=min(2, len(one.shape)))
            given.append(Given(key=key, shape=one.shape, steps=steps, draw=one.draw))
        return symbols, given

    def _step(self, step: int | str, name: str) -> int:
        if isinstance(step, int):
            return step
        if step not in self.record.indices:
            raise ValueError(f"symbols.{name}: there is no index letter {step!r}")
        return self.record.indices[step]

    def _names(self, symbols: Mapping[str, Declared]) -> Names:
        return Names(
            symbols=symbols,
            functions=self.functions,
            indices=self.record.indices,
            sizes=frozenset(self.sizes),
            words=self.words,
        )

    def _with_spellings(self, names: Names) -> Names:
        aliases: dict[str, tuple[str, int | None]] = {}
        for spelling, meant in self.record.spellings.items():
            symbol = self._symbol(meant, names, f"spellings.{spelling}")
            time = None if symbol.time is None else symbol.time.value(self.record.indices)
            aliases[self._key(spelling)] = (symbol.key, time)
        names.aliases = aliases
        return names

    def _key(self, text: str) -> str:
        """The key of a name that is declared."""
        nothing = Names(symbols={}, functions={}, words=self.words)
        tree = self._tree(text, nothing, "symbols")
        if not isinstance(tree, Symbol):
            raise ValueError(f"symbols: {text!r} is no name of a symbol")
        return tree.key if tree.time is None else f"{tree.key}_{tree.time}"

    def _line(self, text: str, symbols: dict[str, Declared]) -> str:
        """Declares what a forward line computes."""
        left = text.partition("=")[0]
        symbol = self._bare(left, symbols, text)
        known = symbols.get(symbol.key)
        symbols[symbol.key] = known or Declared(key=symbol.key, steps=symbol.time is not None, dimensions=1)
        return text

    def _bare(self, text: str, symbols: Mapping[str, Declared], where: str) -> Symbol:
        symbol = bare(self._tree(text, self._names(symbols), where))
        if symbol is None:
            raise ValueError(f"{where}: {text!r} is no symbol")
        return symbol

    def _symbol(self, text: str, names: Names, where: str) -> Symbol:
        found = self._bare_with(text, names, where)
        if found.key not in names.symbols:
            raise ValueError(f"{where}: {text!r} is not declared")
        return found

    def _bare_with(self, text: str, names: Names, where: str) -> Symbol:
        symbol = bare(self._tree(text, names, where))
        if symbol is None:
            raise ValueError(f"{where}: {text!r} is no symbol")
        return symbol

    def _definition(self, text: str, names: Names) -> Definition:
        sides = split(self._tokens(text, text), "=")
        if len(sides) != 2:
            raise ValueError(f"{text!r} has to be one equation")
        try:
            pattern, body = read_side(sides[0], names), read_side(sides[1], names)
        except ReadingError as error:
            raise ValueError(f"{text!r}: {error.why}, at character {error.position + 1}") from error
        if not isinstance(pattern, Symbol):
            raise ValueError(f"{text!r}: the left side is no symbol")
        return Definition(pattern, body)

    def _tokens(self, text: str, where: str) -> list[Token]:
        try:
            return tokens_of(prepared(text), self.words)
        except ReadingError as error:
            raise ValueError(f"{where}: {error.why}, at character {error.position + 1} of {text!r}") from error

    def _tree(self, text: str, names: Names, where: str) -> Node:
        try:
            return read_side(self._tokens(text, where), names)
        except ReadingError as error:
            raise ValueError(f"{where}: {error.why}, at character {error.position + 1} of {text!r}") from error


def _words(names: Sequence[str]) -> list[str]:
    """Runs of two letters and more at the head of a name: `net` in `net_j`."""
    found = []
    for name in names:
        head = re.match(r"^([A-Za-z]{2,})(?=$|[_^'(\s])", name)
        if head is not None:
            found.append(head[1])
    return found


def _name(text: str) -> str:
    """A function's name as the tokens have it."""
    tokens = tokens_of(prepared(text), [text])
    if len(tokens) != 1:
        raise ValueError(f"functions: {text!r} is no name")
    return tokens[0].text
