"""A tree -> numbers, in a bounded number of steps. Symbols come from a source, or from what the student has defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from grader.score.derivations import arrays
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.functions import Slope, applied, argument_of, slope_of
from grader.score.derivations.names import shown_key
from grader.score.derivations.tree import (
    Added,
    Applied,
    Cut,
    Derivative,
    Divided,
    Identity,
    Index,
    Multiplied,
    Node,
    Number,
    Raised,
    Series,
    Stacked,
    Symbol,
    Totalled,
    Transposed,
    walk,
)

MOST_DEPTH = 120
MOST_TERMS = 24
"""Of a sum or product over an index."""
Pattern = Symbol | Derivative | Applied


class ValueMissingError(ValueError):
    """A tree has no value here.

    Args:
        why: as the end of a sentence.
        position: where in the text.
    """

    def __init__(self, why: str, position: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


class StepMissingError(ValueMissingError):
    """A symbol has no value at a step: before the first or after the last."""


class TooCostlyError(Exception):
    """The evaluation would take too many steps."""


@dataclass(slots=True)
class Budget:
    """Steps that are left for all evaluations of one answer."""

    steps: int

    def take(self) -> None:
        """One step.

        Raises:
            TooCostlyError: if none is left.
        """
        self.steps -= 1
        if self.steps < 0:
            raise TooCostlyError


@dataclass(frozen=True, slots=True)
class Definition:
    """What a student, or the rubric's forward lines, says that something is."""

    pattern: Pattern
    body: Node


class Source(Protocol):
    """Where values of declared symbols come from."""

    def value(self, key: str, time: int | None) -> Tensor | None:
        """The value of a symbol; None if it is not declared.

        Raises:
            StepMissingError: if it has no value at that step.
        """

    def derivative(self, of: Symbol, by: Symbol, variables: Mapping[str, int]) -> Tensor | None:
        """A derivative that is known here; None if it is not."""

    def present(self, key: str) -> int | None:
        """The step that is meant where a symbol says none; None for a symbol without steps."""

    def values_of(self, function: str) -> Sequence[str]:
        """Symbols that are values of a function."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by their letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a tree is evaluated."""

    forgiving: bool = False
    """True at size one, where order, transposes and outer products do not count."""
    left_out: tuple[tuple[int, int], ...] = ()
    """Place in the text -> which of the values of a function is meant where its argument is left out there."""
    descending: bool = False
    """True if the factors of a product over an index stand from the last to the first."""
    of_values: bool = False
    """True if a slope at a symbol that is itself a value of the function is taken from that value."""


@dataclass(frozen=True, slots=True)
class _Frame:
    variables: Mapping[str, int]
    bindings: Mapping[str, Tensor] = field(default_factory=dict)
    """Values of arguments of functions that the student defines."""
    own: Mapping[str, Tensor] = field(default_factory=dict)
    """Function -> its value, inside the definition of its slope."""
    series: int | None = None
    """The innermost index of a sum or product."""


class Evaluation:
    """Evaluates trees over one source and one set of definitions."""

    def __init__(
        self,
        source: Source,
        definitions: Sequence[Definition],
        budget: Budget,
        options: Options | None = None,
        *,
        slopes: Mapping[str, Slope] | None = None,
    ) -> None:
        self.source, self.definitions, self.budget = source, definitions, budget
        self.options = options or Options()
        self.slopes = slopes or {}
        self.depth = 0
        self.kept: dict[tuple[int, tuple[tuple[str, int], ...]], Tensor] = {}
        self.running: list[int] = []

    def value(self, node: Node, variables: Mapping[str, int]) -> Tensor:
        """The value of a tree.

        Raises:
            ShapeError: if shapes do not fit.
            ValueMissingError: if something in it has no value.
            TooCostlyError: if it takes too many steps.
        """
        return self._value(node, _Frame(variables))

    def symbol(self, key: str, time: int | None, variables: Mapping[str, int]) -> Tensor:
        """What a definition says that a symbol is at a step; raises as `value` does."""
        used = Symbol(key, None if time is None else Index((), time))
        return self._defined(used, _Frame(variables))

    def _value(self, node: Node, frame: _Frame) -> Tensor:
        self.budget.take()
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise TooCostlyError
        try:
            found = self._of(node, frame)
        finally:
            self.depth -= 1
        if found.numel() > arrays.MOST_ELEMENTS:
            raise TooCostlyError
        return found

    def _of(self, node: Node, frame: _Frame) -> Tensor:
        match node:
            case Number(value=value):
                return torch.full((1, 1), value, dtype=torch.float64)
            case Identity():
                return torch.ones(1, 1, dtype=torch.float64)
            case Symbol():
                return self._symbol(node, frame)
            case Applied():
                return self._applied(node, frame)
            case Added(terms=terms):
                return self._added(terms, frame)
            case Multiplied():
                return self._multiplied(node, frame)
            case Divided(top=top, bottom=bottom, position=at):
                return self._times(self._value(top, frame), 1 / self._value(bottom, frame), "⊙", at)
            case Raised():
                return self._raised(node, frame)
            case Transposed(inner=inner):
                return self._value(inner, frame).mT
            case Series():
                return self._series(node, frame)
            case Derivative():
                return self._derivative(node, frame)
            case Stacked():
                return self._stacked(node, frame)
            case Cut():
                return self._cut(node, frame)
            case Totalled():
                return self._totalled(node, frame)

    # ------------------------------------------------------------------------------------------------ sums, products

    def _added(self, terms: Sequence[tuple[int, Node]], frame: _Frame) -> Tensor:
        plain = [(sign, self._value(term, frame)) for sign, term in terms if not isinstance(term, Identity)]
        found = plain[0][0] * plain[0][1] if plain else torch.zeros(1, 1, dtype=torch.float64)
        add = arrays.forgiving_sum if self.options.forgiving else arrays.added
        for sign, value in plain[1:]:
            found = add(found, sign * value, 0)
        for sign, term in terms:
            if isinstance(term, Identity):
                if found.shape[0] != found.shape[1]:
                    raise ShapeError(f"a sum of {arrays.shown(found)} and the identity")
                found = found + sign * torch.eye(found.shape[0], dtype=torch.float64)
        return found

    def _multiplied(self, node: Multiplied, frame: _Frame) -> Tensor:
        found = self._value(node.factors[0], frame)
        for sign, factor in zip(node.signs, node.factors[1:], strict=True):
            found = self._times(found, self._value(factor, frame), sign, node.position)
        return found

    def _times(self, one: Tensor, other: Tensor, sign: str, at: int) -> Tensor:
        return arrays.forgiving(one, other, at) if self.options.forgiving else arrays.PRODUCTS[sign](one, other, at)

    def _raised(self, node: Raised, frame: _Frame) -> Tensor:
        base, exponent = self._value(node.base, frame), self._index(node.exponent, frame)
        if not 0 <= exponent <= MOST_TERMS:
            raise ValueMissingError("such a power has no value", node.position)
        if base.shape[0] == base.shape[1] and not arrays.scalar(base):
            power: Tensor = torch.linalg.matrix_power(base, exponent)
            return power
        return torch.pow(base, exponent)

    def _totalled(self, node: Totalled, frame: _Frame) -> Tensor:
        value = self._value(node.inner, frame)
        total = value.sum().reshape(1, 1) if node.axis is None else value.sum(dim=node.axis, keepdim=True)
        return torch.mul(total, total.numel() / value.numel()) if node.mean else total

    def _stacked(self, node: Stacked, frame: _Frame) -> Tensor:
        blocks = [self._value(block, frame) for block in node.blocks]
        for axis in (1, 0) if node.beside else (0, 1):
            if len({block.shape[1 - axis] for block in blocks}) == 1:
                return torch.cat(blocks, dim=axis)
        raise ShapeError("blocks that do not fit together")

    def _cut(self, node: Cut, frame: _Frame) -> Tensor:
        value = self._value(node.inner, frame)
        places = [slice(*(self._bound(end, node.position) for end in ends)) for ends in (node.rows, node.columns)]
        found = value[places[0], places[1]]
        if found.numel() == 0:
            raise ShapeError(f"an empty part of {arrays.shown(value)}", node.position)
        return found

    def _bound(self, text: str | None, at: int) -> int | None:
        if text is None:
            return None
        total = 0
        for part in text.replace("_", "").split("+"):
            size = int(part) if part.isdigit() and len(part) < 6 else self.source.sizes.get(part)
            if size is None:
                raise ValueMissingError(f"{text} is no size", at)
            total += size
        return total

    # ------------------------------------------------------------------------------------------------ symbols

    def _index(self, index: Index, frame: _Frame) -> int:
        try:
            return index.value(frame.variables)
        except KeyError as error:
            raise ValueMissingError(f"the index {error.args[0]} has no value there") from error

    def _symbol(self, node: Symbol, frame: _Frame) -> Tensor:
        if node.key in frame.bindings:
            return frame.bindings[node.key]
        entries = [self._index(index, frame) - 1 for index in node.elements]
        if node.key == "kronecker":
            return torch.full((1, 1), float(entries[0] == entries[1]), dtype=torch.float64)
        time = None if node.time is None else self._index(node.time, frame)
        if time is None:
            time = self.source.present(node.key)
        found = self.source.value(node.key, time)
        if found is None:
            return self._defined(node, frame)
        return self._entry(found, entries, node) if entries else found

    def _entry(self, value: Tensor, entries: Sequence[int], node: Symbol) -> Tensor:
        shape = value.shape if len(entries) == 2 else (value.numel(),)
        if len(entries) not in (1, 2) or any(
            not 0 <= one < size for one, size in zip(entries, shape, strict=len(entries) == len(shape))
        ):
            raise ValueMissingError(f"{shown_key(node.key)} has no such entry", node.position)
        return (value[entries[0], entries[1]] if len(entries) == 2 else value.reshape(-1)[entries[0]]).reshape(1, 1)

    def _defined(self, node: Symbol, frame: _Frame) -> Tensor:
        bodies = [one for one in self.definitions if isinstance(one.pattern, Symbol) and one.pattern.key == node.key]
        found = self._matched(bodies, [node], frame)
        if found is None:
            raise ValueMissingError(f"nothing says what {shown_key(node.key)} is", node.position)
        if node.elements and found.numel() > 1:
            return self._entry(found, [self._index(index, frame) - 1 for index in node.elements], node)
        return found

    def _derivative(self, node: Derivative, frame: _Frame) -> Tensor:
        of, by = bare(node.of), bare(node.by)
        if of is None or by is None:
            raise ValueMissingError("such a derivative has no value", node.position)
        bodies = [one for one in self.definitions if _same_quotient(one.pattern, of, by)]
        found = self._matched(bodies, [of, by], frame)
        if found is not None:
            return found
        known = self.source.derivative(of, by, frame.variables)
        if known is None:
            name = f"∂{shown_key(of.key)}/∂{shown_key(by.key)}"
            raise ValueMissingError(f"{name} is not worked out", node.position)
        return known

    def _matched(self, bodies: Sequence[Definition], used: Sequence[Symbol], frame: _Frame) -> Tensor | None:
        """The value of the first definition that fits; None if none does."""
        for fixed in (True, False):
            for definition in bodies:
                variables = self._unified(_symbols(definition.pattern), used, frame, fixed=fixed)
                if variables is not None:
                    return self._body(definition, variables, frame)
        return None

    def _unified(
        self, pattern: Sequence[Symbol], used: Sequence[Symbol], frame: _Frame, *, fixed: bool
    ) -> dict[str, int] | None:
        """Values of the letters of a definition's left side; None if it does not fit what is used.

        With `fixed` only left sides that speak of one step, the last or a number, may fit.
        """
        found = dict(frame.variables)
        loose: set[str] = set()
        for mine, theirs in zip(pattern, used, strict=True):
            pairs = list(zip(mine.elements, theirs.elements, strict=False)) if mine.elements and theirs.elements else []
            if mine.time is not None:
                pairs.append((mine.time, theirs.time if theirs.time is not None else mine.time))
            for want, have in pairs:
                value = self._index(have, frame)
                free = [(letter, factor) for letter, factor in want.terms if letter != "T" and letter not in loose]
                if not free:
                    if want.value(found) != value:
                        return None
                    continue
                if fixed or len(free) > 1 or abs(free[0][1]) != 1:
                    return None
                letter, factor = free[0]
                rest = want.constant + sum(other * found[name] for name, other in want.terms if name != letter)
                found[letter] = (value - rest) * factor
                loose.add(letter)
        return found

    def _body(self, definition: Definition, variables: Mapping[str, int], frame: _Frame) -> Tensor:
        name = id(definition)
        key = (name, tuple(sorted(variables.items())))
        if key in self.kept and not frame.bindings:
            return self.kept[key]
        if self.running.count(name) > MOST_TERMS:
            raise ValueMissingError("a definition runs in a circle", _position(definition.pattern))
        again = name in self.running
        self.running.append(name)
        try:
            found = self._value(definition.body, replace(frame, variables=variables, series=None))
        except StepMissingError:
            if not again:
                raise
            found = torch.zeros(1, 1, dtype=torch.float64)
        finally:
            self.running.pop()
        if not frame.bindings:
            self.kept[key] = found
        return found

    # ------------------------------------------------------------------------------------------------ functions

    def _applied(self, node: Applied, frame: _Frame) -> Tensor:
        if node.argument is None:
            return self._left_out(node, frame)
        own = self._own_slope(node.function) if node.slope else None
        inner = node.argument
        key = inner.key if self.options.of_values and isinstance(inner, Symbol) else None
        value = self._value(inner, frame)
        if node.slope and key is not None and key in self.source.values_of(node.function):
            if own is not None:
                return self._by_own(own, argument_of(node.function, value), node, frame, value)
            return slope_of(node.function, value)
        if own is not None:
            return self._by_own(own, value, node, frame)
        found = applied(node.function, value, node.position, self.slopes.get(node.function))
        return slope_of(node.function, found) if node.slope else found

    def _left_out(self, node: Applied, frame: _Frame) -> Tensor:
        """A function whose argument is not written: its value is that of a symbol that comes out of it."""
        if node.function in frame.own:
            value = frame.own[node.function]
        else:
            keys = self.source.values_of(node.function)
            if not keys:
                raise ValueMissingError(f"{node.function} is not applied to anything", node.position)
            key = keys[dict(self.options.left_out).get(node.position, 0) % len(keys)]
            time = self.source.present(key)
            known = self.source.value(key, time if frame.series is None or time is None else frame.series)
            if known is None:
                raise ValueMissingError(f"{node.function} is not applied to anything", node.position)
            value = known
        if not node.slope:
            return value
        own = self._own_slope(node.function)
        if own is None:
            return slope_of(node.function, value)
        return self._by_own(own, argument_of(node.function, value), node, frame, value)

    def own_slope(self, definition: Definition, function: str) -> Slope:
        """The slope that a student's line says a function has."""

        def slope(argument: Tensor, value: Tensor) -> Tensor:
            node = Applied(function, True, None)
            return self._by_own(definition, argument, node, _Frame({}), value)

        return slope

    def _own_slope(self, function: str) -> Definition | None:
        """What the student says that a slope is; not inside that very line."""
        for one in self.definitions:
            if isinstance(one.pattern, Applied) and one.pattern.function == function and id(one) not in self.running:
                return one
        return None

    def _by_own(
        self, own: Definition, argument: Tensor, node: Applied, frame: _Frame, value: Tensor | None = None
    ) -> Tensor:
        bindings = dict(frame.bindings)
        if isinstance(own.pattern, Applied) and isinstance(own.pattern.argument, Symbol):
            bindings[own.pattern.argument.key] = argument
        if value is None:
            value = applied(node.function, argument, node.position)
        self.running.append(id(own))
        try:
            return self._value(own.body, replace(frame, bindings=bindings, own={**frame.own, node.function: value}))
        finally:
            self.running.pop()

    # ------------------------------------------------------------------------------------------------ series

    def _series(self, node: Series, frame: _Frame) -> Tensor:
        terms = self._range(node, frame)
        if len(terms) > MOST_TERMS:
            raise TooCostlyError
        timed = node.low is not None
        values = [
            self._value(
                node.body,
                replace(
                    frame,
                    variables={**frame.variables, node.letter: one},
                    series=one if timed else frame.series,
                ),
            )
            for one in (reversed(terms) if node.kind == "prod" and self.options.descending else terms)
        ]
        if not values:
            return torch.full((1, 1), float(node.kind == "prod"), dtype=torch.float64)
        found = values[0]
        for value in values[1:]:
            if node.kind == "sum":
                found = (arrays.forgiving_sum if self.options.forgiving else arrays.added)(found, value, node.position)
            else:
                found = self._times(found, value, "", node.position)
        return found

    def _range(self, node: Series, frame: _Frame) -> range:
        if node.low is not None and node.high is not None:
            low = self._index(node.low, frame) + node.above
            return range(low, self._index(node.high, frame) + 1)
        return range(1, self._length(node, frame) + 1)

    def _length(self, node: Series, frame: _Frame) -> int:
        """How many entries there are, from a symbol of the body that has the letter at one of them."""
        for one in walk(node.body):
            if not isinstance(one, Symbol) or one.key == "kronecker":
                continue
            for place, index in enumerate(one.elements):
                if index.terms == ((node.letter, 1),) and index.constant == 0:
                    time = None if one.time is None else self._index(one.time, frame)
                    value = self.source.value(one.key, self.source.present(one.key) if time is None else time)
                    if value is not None:
                        return value.shape[place] if len(one.elements) == 2 else value.numel()
        raise ValueMissingError(f"nothing says how far {node.letter} runs", node.position)


def bare(node: Node) -> Symbol | None:
    """A symbol without a transpose; None for anything else."""
    while isinstance(node, Transposed):
        node = node.inner
    return node if isinstance(node, Symbol) else None


def _symbols(pattern: Pattern) -> list[Symbol]:
    if isinstance(pattern, Symbol):
        return [pattern]
    if isinstance(pattern, Derivative):
        return [one for one in (bare(pattern.of), bare(pattern.by)) if one is not None]
    return []


def _same_quotient(pattern: Pattern, of: Symbol, by: Symbol) -> bool:
    return isinstance(pattern, Derivative) and [one.key for one in _symbols(pattern)] == [of.key, by.key]


def _position(pattern: Pattern) -> int:
    return pattern.position
