"""A rubric's symbols and forward lines at one random point, and the right gradient there, by autograd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import torch
from torch import Tensor

from grader import draws
from grader.score.derivations.evaluation import Evaluation
from grader.score.derivations.frames import Budget, Definition, Options, StepMissingError
from grader.score.derivations.functions import Slope
from grader.score.derivations.names import Names, shown_key
from grader.score.derivations.tree import Applied, Index, Symbol

Place = tuple[str, int | None]
"""Key and step of a symbol."""
MOST_STEPS = 60_000
"""Of an evaluation of the forward lines."""
_SCALE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A symbol that is drawn."""

    key: str
    shape: tuple[str | int, ...]
    """Sizes by letter, or sums of them; numbers."""
    steps: tuple[int, int] | None = None
    draw: str = "normal"
    """`normal`, `unit` (between 0 and 1), `positive`, `distribution`, `one_hot` or `zero`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a derivation is about, as the rubric declares it, read."""

    names: Names
    sizes: Mapping[str, int]
    given: tuple[Given, ...]
    lines: tuple[Definition, ...]
    lines_at_size_one: tuple[Definition, ...] = ()
    """In place of those lines with the same left side, where they would say nothing at size one."""
    of: Symbol
    by: Symbol
    incoming: tuple[tuple[Symbol, Symbol], ...] = ()
    """Symbol, and the symbol that is the gradient of the loss with respect to it."""
    held: tuple[Symbol, ...] = ()
    """What is constant where local gradients are meant."""

    def place(self, symbol: Symbol) -> Place:
        """Key and step of a symbol, with the free index letters' values."""
        declared = self.names.of(symbol.key)
        time = None if symbol.time is None else symbol.time.value(self.names.indices)
        if time is None and declared is not None and declared.steps:
            time = next(iter(self.names.indices.values()), None)
        return symbol.key, time


@dataclass(slots=True, kw_only=True)
class Scene:
    """One random point: values of what is given, and everything that follows from them."""

    setting: Setting
    sizes: Mapping[str, int]
    leaves: Mapping[Place, Tensor]
    size_one: bool
    local: bool = False
    """True if what is held is constant."""
    slopes: Mapping[str, Slope] = field(default_factory=dict)
    """Slopes of functions that are taken over from a student."""
    _kept: dict[Place, Tensor] = field(default_factory=dict)
    _running: Evaluation | None = None

    @classmethod
    def drawn(cls, setting: Setting, seed: str, *, size_one: bool) -> Scene:
        """A point that depends on nothing but the seed."""
        sizes = {letter: 1 if size_one else size for letter, size in setting.sizes.items()}
        leaves: dict[Place, Tensor] = {}
        for given in setting.given:
            shape = tuple(size_of(one, sizes) for one in given.shape)
            steps: Sequence[int | None] = [None] if given.steps is None else range(given.steps[0], given.steps[1] + 1)
            for step in steps:
                value = _drawn(given.draw, f"{seed}/{size_one}", f"{given.key}/{step}", (*shape, 1, 1)[:2])
                leaves[given.key, step] = value.requires_grad_()
        return cls(setting=setting, sizes=sizes, leaves=leaves, size_one=size_one)

    def varied(self, *, local: bool, slopes: Mapping[str, Slope] | None = None) -> Scene:
        """The same point, with other things held, or with slopes of a student's."""
        return Scene(
            setting=self.setting,
            sizes=self.sizes,
            leaves=self.leaves,
            size_one=self.size_one,
            local=local,
            slopes=slopes or {},
        )

    # ------------------------------------------------------------------------------------------------ values

    def value(self, key: str, time: int | None) -> Tensor | None:
        """The value of a declared symbol, with its history; None if it is not declared.

        Raises:
            StepMissingError: if it has no value at that step.
        """
        place = key, time
        if place in self.leaves:
            return self.leaves[place]
        if place not in self._kept:
            if not any(self._names(line, key) for line in self._lines()) and not self._is_loss(key):
                if key in self.setting.names.symbols:
                    raise StepMissingError(f"{shown_key(key)} has no value at step {time}")
                return None
            self._within(key, time)
            self._steps_before(key, time)
            found = self._total() if self._is_loss(key) else self._evaluation().symbol(key, time, self._indices())
            held = [self.setting.place(one) for one in self.setting.held]
            if self.local and place in held:
                found = found.detach()
            self._kept[place] = found
        return self._kept[place]

    def _steps_before(self, key: str, time: int | None) -> None:
        """Earlier steps first, so that a long chain of steps is no deep recursion."""
        steps = [step for _, step in self.leaves if step is not None]
        for step in range(min(steps), time) if time is not None and steps else ():
            if (key, step) not in self._kept and (key, step) not in self.leaves:
                with suppress(StepMissingError):
                    self.value(key, step)

    def _within(self, key: str, time: int | None) -> None:
        steps = [step for _, step in self.leaves if step is not None]
        if time is not None and steps and not min(steps) <= time <= max(steps):
            raise StepMissingError(f"{shown_key(key)} has no value at step {time}")

    def _names(self, line: Definition, key: str) -> bool:
        return isinstance(line.pattern, Symbol) and line.pattern.key == key

    def _is_loss(self, key: str) -> bool:
        return bool(self.setting.incoming) and key == self.setting.of.key

    def _total(self) -> Tensor:
        """A loss of which only its gradients with respect to some symbols are known."""
        total = torch.zeros(1, 1, dtype=torch.float64)
        for symbol, gradient in self.setting.incoming:
            here, seed = self.value(*self.setting.place(symbol)), self.value(*self.setting.place(gradient))
            if here is not None and seed is not None:
                total = total + (here * seed.detach()).sum()
        return total

    def _lines(self) -> tuple[Definition, ...]:
        if not self.size_one:
            return self.setting.lines
        other = {one.pattern.key for one in self.setting.lines_at_size_one if isinstance(one.pattern, Symbol)}
        kept = [
            one for one in self.setting.lines if not isinstance(one.pattern, Symbol) or one.pattern.key not in other
        ]
        return (*self.setting.lines_at_size_one, *kept)

    def _indices(self) -> Mapping[str, int]:
        return self.setting.names.indices

    def _evaluation(self) -> Evaluation:
        if self._running is None:
            options = Options(forgiving=self.size_one)
            self._running = Evaluation(self, self._lines(), Budget(MOST_STEPS), options, slopes=self.slopes)
        return self._running

    # ------------------------------------------------------------------------------------------------ the source

    def present(self, key: str) -> int | None:
        """The step that is meant where a symbol says none."""
        declared = self.setting.names.of(key)
        if declared is None or not declared.steps:
            return None
        return next(iter(self.setting.names.indices.values()), None)

    def values_of(self, function: str) -> Sequence[str]:
        """Symbols whose forward line applies a function to something."""
        return [
            line.pattern.key
            for line in self._lines()
            if isinstance(line.pattern, Symbol)
            and isinstance(line.body, Applied)
            and line.body.function == function
            and not line.body.slope
        ]

    def derivative(self, of: Symbol, by: Symbol, variables: Mapping[str, int]) -> Tensor | None:
        """Nothing: forward lines hold no derivatives."""
        return None

    # ------------------------------------------------------------------------------------------------ gradients

    def right(self) -> Tensor:
        """The derivative that is asked for: of a scalar in the shape of what it is taken by, else a Jacobian."""
        return self.gradient(self.setting.place(self.setting.of), self.setting.place(self.setting.by))

    def gradient(self, of: Place, by: Place) -> Tensor:
        """The derivative of one declared symbol by another.

        Raises:
            ValueError: if it has more than two axes.
        """
        top, bottom = self.value(*of), self.value(*by)
        if top is None or bottom is None:
            raise ValueError("no such symbol")
        if top.numel() == 1:
            return _gradient(top.sum(), bottom)
        if 1 not in top.shape or 1 not in bottom.shape:
            raise ValueError("a derivative with more than two axes")
        return torch.stack([_gradient(entry, bottom).reshape(-1) for entry in top.reshape(-1)])


def _gradient(scalar: Tensor, by: Tensor) -> Tensor:
    if not scalar.requires_grad:
        return torch.zeros_like(by)
    (found,) = torch.autograd.grad(scalar, by, retain_graph=True, allow_unused=True)
    return torch.zeros_like(by) if found is None else found.detach()


def size_of(one: str | int, sizes: Mapping[str, int]) -> int:
    """The size that a letter, a sum of them, or a number stands for."""
    if isinstance(one, int):
        return one
    return sum(int(part) if part.strip().isdigit() else sizes[part.strip().replace("_", "")] for part in one.split("+"))


def _drawn(how: str, seed: str, name: str, shape: tuple[int, ...]) -> Tensor:
    value = draws.draw(seed, name, shape, scale=_SCALE)
    match how:
        case "unit":
            return torch.sigmoid(value)
        case "positive":
            return torch.exp(value)
        case "zero":
            return torch.zeros_like(value)
        case "distribution":
            return torch.sigmoid(value) if value.numel() == 1 else torch.softmax(value, dim=0)
        case "one_hot":
            if value.numel() == 1:
                return torch.sigmoid(value)
            return torch.nn.functional.one_hot(value.argmax(dim=0), shape[0]).mT.to(torch.float64).contiguous()
        case _:
            return value


@dataclass(frozen=True, slots=True)
class Numbers:
    """The plain numbers of a scene, in a layout: what a student's sides are evaluated over."""

    scene: Scene
    rows: bool = False
    """True if vectors are rows."""
    worked_out: bool = True
    """False if a derivative that the student has not worked out is taken from autograd, to compare steps."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by their letters."""
        return self.scene.sizes

    def value(self, key: str, time: int | None) -> Tensor | None:
        """The value of a declared symbol."""
        found = self.scene.value(key, time)
        return None if found is None else self._laid_out(found.detach())

    def _laid_out(self, value: Tensor) -> Tensor:
        return value.mT if self.rows and value.shape[1] == 1 else value

    def present(self, key: str) -> int | None:
        """The step that is meant where a symbol says none."""
        return self.scene.present(key)

    def values_of(self, function: str) -> Sequence[str]:
        """Symbols that are values of a function."""
        return self.scene.values_of(function)

    def derivative(self, of: Symbol, by: Symbol, variables: Mapping[str, int]) -> Tensor | None:
        """What is known of a derivative: a gradient that comes in; others only where steps are compared."""
        setting = self.scene.setting
        by_place = self._place(by, variables)
        if of.key == setting.of.key:
            for symbol, gradient in setting.incoming:
                if setting.place(symbol) == by_place:
                    return self.value(*setting.place(gradient))
        if self.worked_out or not (of.key in setting.names.symbols and by.key in setting.names.symbols):
            return None
        try:
            found = self.scene.gradient(self._place(of, variables), by_place)
        except ValueError:
            return None
        return found.mT if self.rows else found

    def _place(self, symbol: Symbol, variables: Mapping[str, int]) -> Place:
        if symbol.time is None:
            return symbol.key, self.present(symbol.key)
        index: Index = symbol.time
        try:
            return symbol.key, index.value(variables)
        except KeyError:
            return symbol.key, None
