"""An answer against the right value: at size one, where only calculus counts, and at proper sizes, in every layout."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from grader.score.derivations.answers import Answer, Step
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.evaluation import Evaluation
from grader.score.derivations.frames import Budget, Options, TooCostlyError, ValueMissingError
from grader.score.derivations.functions import Slope
from grader.score.derivations.scene import Numbers, Scene, Setting
from grader.score.derivations.tree import Applied, Node, Series, Symbol, walk

TOLERANCE = 1e-7
POINTS = 2
MOST_STEPS = 150_000
"""Of all evaluations of one answer."""
MOST_READINGS = 24
Slopes = Mapping[str, Slope]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one reading of an answer is worth."""

    answer: Answer
    options: Options
    calculus: bool = False
    matrices: bool = False
    turned: bool = False
    """True if it is right after a transpose."""
    rows: bool = False
    """True if it is right with vectors as rows."""
    local: bool = False
    """True if the local gradient is what it equals."""
    shape: str = ""
    """Which shapes do not fit, as the end of a sentence."""

    @property
    def worth(self) -> tuple[bool, bool]:
        """What counts when readings are compared."""
        return self.matrices, self.calculus


@dataclass(frozen=True, slots=True)
class NoValue:
    """The answer was read, and has no value."""

    why: str
    """A sentence."""


@dataclass(slots=True, kw_only=True)
class Judge:
    """Compares answers with the right values at the points of one setting."""

    setting: Setting
    seed: str
    scopes: tuple[bool, ...] = (False,)
    """Which gradients are right: True is local."""
    any_layout: bool = True
    slopes: Slopes = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(MOST_STEPS))
    scenes: dict[tuple[bool, bool, int], Scene] = field(default_factory=dict)
    rights: dict[tuple[bool, bool, int], Tensor] = field(default_factory=dict)

    def scene(self, size_one: bool, local: bool, point: int) -> Scene:
        """The scene of a point."""
        key = size_one, local, point
        if key not in self.scenes:
            base = (size_one, False, point)
            if base not in self.scenes:
                drawn = Scene.drawn(self.setting, f"{self.seed}/{point}", size_one=size_one)
                self.scenes[base] = drawn.varied(local=False, slopes=self.slopes)
            self.scenes[key] = self.scenes[base].varied(local=local, slopes=self.slopes)
        return self.scenes[key]

    def right(self, size_one: bool, local: bool, point: int) -> Tensor:
        """The right value there."""
        key = size_one, local, point
        if key not in self.rights:
            self.rights[key] = self.scene(size_one, local, point).right()
        return self.rights[key]

    def with_slopes(self, slopes: Slopes) -> Judge:
        """The same judge where slopes are taken over from a student; its budget is shared."""
        return Judge(
            setting=self.setting,
            seed=self.seed,
            scopes=self.scopes,
            any_layout=self.any_layout,
            slopes=slopes,
            budget=self.budget,
        )

    def afresh(self) -> Judge:
        """The same judge with its points, and a whole budget for the next answer."""
        return replace(self, budget=Budget(MOST_STEPS))

    # ------------------------------------------------------------------------------------------------ one answer

    def best(self, answers: Sequence[Answer]) -> Finding | NoValue:
        """The best of all readings.

        Raises:
            TooCostlyError: if they take too many steps.
        """
        found: list[Finding] = []
        missing = ""
        for answer, options in itertools.islice(self._readings(answers), MOST_READINGS):
            one = self._judged(answer, options)
            if isinstance(one, NoValue):
                missing = missing or one.why
                continue
            found.append(one)
            if one.matrices:
                return one
        if not found:
            return NoValue(missing)
        return max(found, key=lambda one: one.worth)

    def _readings(self, answers: Sequence[Answer]) -> Iterator[tuple[Answer, Options]]:
        for answer in answers:
            for options in self.options(answer):
                yield answer, options

    def options(self, answer: Answer) -> Iterator[Options]:
        """The ways to evaluate an answer that can make a difference, the plain one first."""
        trees = [answer.steps[-1].tree, *(one.body for one in answer.definitions)]
        nodes = [node for tree in trees for node in walk(tree)]
        numbers = Numbers(self.scene(True, False, 0))
        without = {
            one.position: range(len(numbers.values_of(one.function)))
            for one in nodes
            if isinstance(one, Applied) and one.argument is None
        }
        places = sorted(place for place, choices in without.items() if len(choices) > 1)
        left_out = [
            tuple(zip(places, chosen, strict=True))
            for chosen in itertools.islice(itertools.product(*(without[place] for place in places)), MOST_READINGS)
        ]
        of_values = any(
            isinstance(one, Applied)
            and one.slope
            and isinstance(one.argument, Symbol)
            and one.argument.key in numbers.values_of(one.function)
            for one in nodes
        )
        products = any(isinstance(one, Series) and one.kind == "prod" for one in nodes)
        for descending in (False, True) if products else (False,):
            for values in (False, True) if of_values else (False,):
                for chosen in left_out:
                    yield Options(left_out=chosen, of_values=values, descending=descending)

    def _judged(self, answer: Answer, options: Options) -> Finding | NoValue:
        plain = Finding(answer=answer, options=options)
        try:
            calculus = self._agrees_at_size_one(answer, options)
        except ValueMissingError as error:
            return NoValue(f"Reading stopped: {error.why}.")
        except ShapeError:
            calculus = None
        proper, why = self._agrees_at_proper_sizes(answer, options)
        if proper is not None:
            rows, turned, local = proper
            return replace(plain, calculus=True, matrices=True, rows=rows, turned=turned, local=local)
        return replace(plain, calculus=calculus is not None, local=bool(calculus), shape=why)

    def _agrees_at_size_one(self, answer: Answer, options: Options) -> bool | None:
        """Which gradient it equals where every size is 1, True for the local one; None for none."""
        for local in self.scopes:
            if all(
                same_but_for_layout(
                    self.number(answer, options, size_one=True, local=local, point=point),
                    self.right(True, local, point),
                )
                for point in range(POINTS)
            ):
                return local
        return None

    def _agrees_at_proper_sizes(self, answer: Answer, options: Options) -> tuple[tuple[bool, bool, bool] | None, str]:
        """Layout, transpose and scope with which it is right; or why its shapes do not fit."""
        why = ""
        for rows in (False, True) if self.any_layout else (False,):
            try:
                values = [
                    self.number(answer, options, size_one=False, local=False, point=point, rows=rows)
                    for point in range(POINTS)
                ]
            except ShapeError as error:
                why = why or error.why
                continue
            except ValueMissingError:
                continue
            for local in self.scopes:
                rights = [self.right(False, local, point) for point in range(POINTS)]
                for turned in (False, True) if self.any_layout else (False,):
                    pairs = zip(values, rights, strict=True)
                    if all(same(value, right.mT if turned else right) for value, right in pairs):
                        return (rows, turned and rights[0].shape[1] != 1, local), ""
        return None, why

    def number(
        self,
        answer: Answer,
        options: Options,
        *,
        size_one: bool,
        local: bool,
        point: int,
        rows: bool = False,
        step: Step | None = None,
    ) -> Tensor:
        """The value of an answer, or of a step before it, at a point."""
        scene = self.scene(size_one, local, point)
        source = Numbers(scene, rows=rows, worked_out=step is None)
        return evaluated(answer, step, source, replace(options, forgiving=size_one), self.budget, self._shape)

    def has_shape_of_right(self, finding: Finding) -> bool:
        """True if an answer has at proper sizes the shape of what is asked for, or its transpose."""
        rows, columns = shape_of_right(self.scene(False, False, 0))
        try:
            value = self.number(
                finding.answer, finding.options, size_one=False, local=False, point=0, rows=finding.rows
            )
        except (ShapeError, ValueMissingError, TooCostlyError):
            return False
        return tuple(value.shape) in ((rows, columns), (columns, rows))

    def _shape(self, scene: Scene) -> tuple[int, int]:
        return shape_of_right(scene)

    # ------------------------------------------------------------------------------------------------ steps

    def first_wrong_step(self, finding: Finding) -> int | None:
        """Place of the first step that differs from what is right while one before it does not; None if none does."""
        answer = finding.answer
        seen_right = False
        for place, step in enumerate(answer.steps):
            right = self._step_is_right(answer, finding, step)
            if right is False and seen_right:
                return place
            seen_right = seen_right or right is True
        return None

    def _step_is_right(self, answer: Answer, finding: Finding, step: Step) -> bool | None:
        """None where that cannot be said."""
        try:
            for local in self.scopes:
                value = self.number(answer, finding.options, size_one=True, local=local, point=0, step=step)
                if not same_but_for_layout(value, self.right(True, local, 0)):
                    continue
                if not finding.calculus or finding.matrices:
                    return True
                proper = self.number(answer, finding.options, size_one=False, local=local, point=0, step=step)
                right = self.right(False, local, 0)
                return same(proper, right) or (self.any_layout and same(proper, right.mT))
        except ShapeError:
            return False if finding.calculus else None
        except (ValueMissingError, TooCostlyError):
            return None
        return False


def shape_of_right(scene: Scene) -> tuple[int, int]:
    """The shape of the derivative that is asked for."""
    shape = scene.right().shape
    return shape[0], shape[1]


def evaluated(
    answer: Answer,
    step: Step | None,
    source: Numbers,
    options: Options,
    budget: Budget,
    shape: Callable[[Scene], tuple[int, int]],
) -> Tensor:
    """The value of an answer, entry by entry where it is written so."""
    tree: Node = (step or answer.steps[-1]).tree
    evaluation = Evaluation(source, answer.definitions, budget, options)
    indices = source.scene.setting.names.indices
    if not answer.entries:
        return evaluation.value(tree, indices)
    rows, columns = shape(source.scene)
    letters = answer.entries
    if len(letters) > 2 or len(set(letters)) != len(letters):
        raise ValueMissingError("such entries are not read")
    found = torch.empty(rows, columns, dtype=torch.float64)
    for row, column in itertools.product(range(rows), range(columns)):
        numbers = (row + 1, column + 1) if len(letters) == 2 else (max(row, column) + 1,)
        value = evaluation.value(tree, {**indices, **dict(zip(letters, numbers, strict=True))})
        if value.numel() != 1:
            raise ShapeError("an entry that is no number")
        found[row, column] = value.reshape(())
    return found


def same(one: Tensor, other: Tensor, within: float = TOLERANCE) -> bool:
    """True if two values agree, relative to the largest entry of the second."""
    if one.shape != other.shape:
        return False
    scale = max(float(other.abs().max()), 1e-9)
    return bool((one - other).abs().max() <= within * scale)


def same_but_for_layout(one: Tensor, other: Tensor, within: float = TOLERANCE) -> bool:
    """True if two values agree after a transpose, too."""
    return same(one, other, within) or same(one.mT, other, within)
