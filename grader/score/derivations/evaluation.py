"""A tree -> numbers, in a bounded number of steps. Symbols come from a source, or from what the student has defined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from grader.score.derivations import arrays
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.frames import (
    Budget,
    Definition,
    Frame,
    Options,
    Source,
    StepMissingError,
    TooCostlyError,
    ValueMissingError,
)
from grader.score.derivations.functions import Slope, applied, argument_of, slope_of
from grader.score.derivations.matching import bare, index_value, same_quotient, symbols_of, unified
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
        return self._value(node, Frame(variables))

    def symbol(self, key: str, time: int | None, variables: Mapping[str, int]) -> Tensor:
        """What a definition says that a symbol is at a step; raises as `value` does."""
        used = Symbol(key, None if time is None else Index((), time))
        return self._defined(used, Frame(variables))

    def _value(self, node: Node, frame: Frame) -> Tensor:
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

    def _of(self, node: Node, frame: Frame) -> Tensor:
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

    def _added(self, terms: Sequence[tuple[int, Node]], frame: Frame) -> Tensor:
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

    def _multiplied(self, node: Multiplied, frame: Frame) -> Tensor:
        found = self._value(node.factors[0], frame)
        for sign, factor in zip(node.signs, node.factors[1:], strict=True):
            if sign == "⊙" and isinstance(factor, Identity) and 1 in found.shape:
                found = arrays.diagonal(found, node.position)
                continue
            found = self._times(found, self._value(factor, frame), sign, node.position)
        return found

    def _times(self, one: Tensor, other: Tensor, sign: str, at: int) -> Tensor:
        return arrays.forgiving(one, other, at) if self.options.forgiving else arrays.PRODUCTS[sign](one, other, at)

    def _raised(self, node: Raised, frame: Frame) -> Tensor:
        base, exponent = self._value(node.base, frame), index_value(node.exponent, frame)
        if not 0 <= exponent <= MOST_TERMS:
            raise ValueMissingError("such a power has no value", node.position)
        if base.shape[0] == base.shape[1] and not arrays.scalar(base):
            power: Tensor = torch.linalg.matrix_power(base, exponent)
            return power
        return torch.pow(base, exponent)

    def _totalled(self, node: Totalled, frame: Frame) -> Tensor:
        value = self._value(node.inner, frame)
        total = value.sum().reshape(1, 1) if node.axis is None else value.sum(dim=node.axis, keepdim=True)
        return torch.mul(total, total.numel() / value.numel()) if node.mean else total

    def _stacked(self, node: Stacked, frame: Frame) -> Tensor:
        blocks = [self._value(block, frame) for block in node.blocks]
        for axis in (1, 0) if node.beside else (0, 1):
            if len({block.shape[1 - axis] for block in blocks}) == 1:
                return torch.cat(blocks, dim=axis)
        raise ShapeError("blocks that do not fit together")

    def _cut(self, node: Cut, frame: Frame) -> Tensor:
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

    def _symbol(self, node: Symbol, frame: Frame) -> Tensor:
        if node.key in frame.bindings:
            return frame.bindings[node.key]
        entries = [index_value(index, frame) - 1 for index in node.elements]
        if node.key == "kronecker":
            return torch.full((1, 1), float(entries[0] == entries[1]), dtype=torch.float64)
        time = None if node.time is None else index_value(node.time, frame)
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

    def _defined(self, node: Symbol, frame: Frame) -> Tensor:
        bodies = [one for one in self.definitions if isinstance(one.pattern, Symbol) and one.pattern.key == node.key]
        found = self._matched(bodies, [node], frame)
        if found is None:
            raise ValueMissingError(f"nothing says what {shown_key(node.key)} is", node.position)
        if node.elements and found.numel() > 1:
            return self._entry(found, [index_value(index, frame) - 1 for index in node.elements], node)
        return found

    def _derivative(self, node: Derivative, frame: Frame) -> Tensor:
        of, by = bare(node.of), bare(node.by)
        if of is None or by is None:
            raise ValueMissingError("such a derivative has no value", node.position)
        bodies = [one for one in self.definitions if same_quotient(one.pattern, of, by)]
        found = self._matched(bodies, [of, by], frame)
        if found is not None:
            return found
        known = self.source.derivative(of, by, frame.variables)
        if known is None:
            name = f"∂{shown_key(of.key)}/∂{shown_key(by.key)}"
            raise ValueMissingError(f"{name} is not worked out", node.position)
        return known

    def _matched(self, bodies: Sequence[Definition], used: Sequence[Symbol], frame: Frame) -> Tensor | None:
        """The value of the first definition that fits; None if none does."""
        for fixed in (True, False):
            for definition in bodies:
                variables = unified(symbols_of(definition.pattern), used, frame, fixed=fixed)
                if variables is not None:
                    return self._body(definition, variables, frame)
        return None

    def _body(self, definition: Definition, variables: Mapping[str, int], frame: Frame) -> Tensor:
        name = id(definition)
        key = (name, tuple(sorted(variables.items())))
        if key in self.kept and not frame.bindings:
            return self.kept[key]
        if self.running.count(name) > MOST_TERMS:
            raise ValueMissingError("a definition runs in a circle", definition.pattern.position)
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

    def _applied(self, node: Applied, frame: Frame) -> Tensor:
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

    def _left_out(self, node: Applied, frame: Frame) -> Tensor:
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
            return self._by_own(definition, argument, node, Frame({}), value)

        return slope

    def _own_slope(self, function: str) -> Definition | None:
        """What the student says that a slope is; not inside that very line."""
        for one in self.definitions:
            if isinstance(one.pattern, Applied) and one.pattern.function == function and id(one) not in self.running:
                return one
        return None

    def _by_own(
        self, own: Definition, argument: Tensor, node: Applied, frame: Frame, value: Tensor | None = None
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

    def _series(self, node: Series, frame: Frame) -> Tensor:
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

    def _range(self, node: Series, frame: Frame) -> range:
        if node.low is not None and node.high is not None:
            low = index_value(node.low, frame) + node.above
            return range(low, index_value(node.high, frame) + 1)
        return range(1, self._length(node, frame) + 1)

    def _length(self, node: Series, frame: Frame) -> int:
        """How many entries there are, from a symbol of the body that has the letter at one of them."""
        for one in walk(node.body):
            if not isinstance(one, Symbol) or one.key == "kronecker":
                continue
            for place, index in enumerate(one.elements):
                if index.terms == ((node.letter, 1),) and index.constant == 0:
                    time = None if one.time is None else index_value(one.time, frame)
                    value = self.source.value(one.key, self.source.present(one.key) if time is None else time)
                    if value is not None:
                        return value.shape[place] if len(one.elements) == 2 else value.numel()
        raise ValueMissingError(f"nothing says how far {node.letter} runs", node.position)
