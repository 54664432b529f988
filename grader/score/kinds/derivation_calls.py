"""The calls of a function that answers a derivation, at points where the right gradient is known.

Where all that it is given can be drawn in the kernel, the numbers hang on the seed of the run. Where something among it
is computed by the forward lines, or is a distribution, the probe carries the numbers of the judge's own points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import torch
from torch import Tensor

from grader import draws
from grader.evidence import ProbeRun
from grader.oracle import GradientOracle, Oracle, Tensors
from grader.probes import Call, Expression, Let, Probe, Step
from grader.score.derivations.comparing import POINTS, Judge, same
from grader.score.derivations.matching import bare
from grader.score.derivations.reading import read_side
from grader.score.derivations.scene import Given, Place, Scene, size_of
from grader.score.derivations.signs import prepared, tokens_of
from grader.score.kinds.derivation_naming import oracle_scene, scopes_asked
from grader.score.kinds.derivation_parameters import DerivationParameters

_SCALE = 0.8
_BETWEEN = {"unit": (0.15, 0.85), "positive": (0.4, 2.0)}
_DRAWN = ("normal", "zero", *_BETWEEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a function is called."""

    arrays: str
    """`numpy` or `torch`."""
    vectors: Literal["column", "flat"]
    """With the shape (n, 1) or (n,)."""
    naming: Literal["keywords", "order"]

    def probe(self, parameters: DerivationParameters) -> str:
        """Identifier of the probe in which it is called so."""
        return f"derivation.{parameters.function}.{self.arrays}.{self.vectors}.{self.naming}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What a function is given under one name."""

    name: str
    place: Place
    dimensions: int
    given: Given | None
    """How it is drawn; None for what the forward lines compute."""


def ways_of(parameters: DerivationParameters, judge: Judge) -> list[Way]:
    """All ways to call, the rubric's first."""
    vectors = any(one.dimensions == 1 for one in arguments_of(parameters, judge))
    named = all(name.isidentifier() for name in parameters.arguments)
    libraries = (parameters.arrays, "torch" if parameters.arrays == "numpy" else "numpy")
    shapes: tuple[Literal["column", "flat"], ...] = ("column", "flat") if vectors else ("column",)
    namings: tuple[Literal["keywords", "order"], ...] = ("keywords", "order") if named else ("order",)
    found = product(libraries, shapes, namings)
    return [Way(arrays=arrays, vectors=shape, naming=naming) for arrays, shape, naming in found]


def arguments_of(parameters: DerivationParameters, judge: Judge) -> list[Argument]:
    """What the function is given.

    Raises:
        ReadingError: if a symbol cannot be read.
        ValueError: if it is none, or has no value.
    """
    names, found = judge.setting.names, []
    declared = {one.key: one for one in judge.setting.given}
    for name, text in parameters.arguments.items():
        symbol = bare(read_side(tokens_of(prepared(text), names.words), names))
        place = None if symbol is None else judge.setting.place(symbol)
        value = None if place is None else judge.scene(False, False, 0).value(*place)
        if place is None or value is None:
            raise ValueError(f"arguments.{name}: {text!r} is no symbol of the setting")
        drawn = place in judge.scene(False, False, 0).leaves
        given = declared[place[0]] if drawn else None
        computed = 2 if value.shape[1] > 1 else 1 if value.shape[0] > 1 else 0
        dimensions = computed if given is None else len(given.shape)
        found.append(Argument(name=name, place=place, dimensions=dimensions, given=given))
    return found


def is_drawn(arguments: list[Argument]) -> bool:
    """True if the kernel can draw all of them."""
    return all(one.given is not None and one.given.draw in _DRAWN for one in arguments)


def require_enough(parameters: DerivationParameters, judge: Judge) -> None:
    """Nothing, if the right gradient follows from what the function is given.

    Raises:
        ValueError: if it hangs on something else.
    """
    arguments = arguments_of(parameters, judge)
    if not is_drawn(arguments):
        return
    other = Scene.drawn(judge.setting, "other numbers", size_one=False)
    kept = {one.place: judge.scene(False, False, 0).leaves[one.place] for one in arguments}
    for local in judge.scopes:
        changed = _with_leaves(other, kept).varied(local=local)
        if not same(changed.right(), judge.right(False, local, 0)):
            raise ValueError("the gradient hangs on more than `arguments`")


def call_probes(parameters: DerivationParameters, judge: Judge, oracle: Oracle | None) -> Iterator[Probe]:
    """A probe for each way to call."""
    arguments, ways = arguments_of(parameters, judge), ways_of(parameters, judge)
    first = ways[0].probe(parameters)
    for way in ways:
        by_keywords = Way(arrays=way.arrays, vectors=way.vectors, naming="keywords")
        other = first if way.arrays != parameters.arrays else by_keywords.probe(parameters)
        yield Probe(
            id=way.probe(parameters),
            steps=tuple(_steps(parameters, judge, oracle, arguments, way)),
            after=() if way.probe(parameters) == first else (first,),
            unless=() if way == ways[0] or other == way.probe(parameters) else (other,),
        )


def called(size_one: bool, point: int | str) -> str:
    """Name under which the result at a point is saved; that of a scope for a point of the oracle's."""
    return f"{'one' if size_one else 'proper'}.{point}"


def _steps(
    parameters: DerivationParameters, judge: Judge, oracle: Oracle | None, arguments: list[Argument], way: Way
) -> Iterator[Step]:
    yield Let(save="function", value={"name": parameters.function})
    for size_one in (True, False):
        for point in range(POINTS):
            if is_drawn(arguments):
                given = {one.name: _draw(one, way, judge, size_one, point) for one in arguments}
            else:
                given = _carried(arguments, way, judge.scene(size_one, False, point))
            yield _call(parameters, way, given, called(size_one, point))
        for scope, inputs in oracle_points(parameters, oracle, size_one=size_one):
            by = parameters.named_by
            if by is not None:
                scene = oracle_scene(judge.setting, by, inputs, size_one=size_one)
                yield _call(parameters, way, _carried(arguments, way, scene), called(size_one, scope))


def oracle_points(
    parameters: DerivationParameters, oracle: Oracle | None, *, size_one: bool
) -> Iterator[tuple[str, Tensors]]:
    """Scope -> the point at which the oracle names its gradients."""
    by = parameters.named_by
    if by is None or not isinstance(oracle, GradientOracle):
        return
    for scope in scopes_asked(parameters):
        inputs = oracle.gradient_inputs(by.family, {**by.options, "scope": scope}, size_one=size_one)
        if inputs is not None:
            yield scope, inputs


def _call(parameters: DerivationParameters, way: Way, given: Mapping[str, Expression], save: str) -> Call:
    if way.arrays == "numpy":
        given = {name: {"numpy": value} for name, value in given.items()}
    keywords = dict(given) if way.naming == "keywords" else {}
    args = () if keywords else tuple(given.values())
    return Call(save=save, target={"name": parameters.function}, args=args, kwargs=keywords)


def _carried(arguments: list[Argument], way: Way, scene: Scene) -> dict[str, Expression]:
    found = {}
    for one in arguments:
        value = scene.value(*one.place)
        if value is None:
            raise ValueError(f"arguments.{one.name} has no value")
        found[one.name] = {"values": _shaped(value.detach(), one, way).tolist()}
    return found


def _shaped(value: Tensor, argument: Argument, way: Way) -> Tensor:
    if argument.dimensions == 0:
        return value.reshape(())
    return value.reshape(-1) if argument.dimensions == 1 and way.vectors == "flat" else value


def _shape(argument: Argument, way: Way, judge: Judge, size_one: bool) -> list[int]:
    sizes = judge.scene(size_one, False, 0).sizes
    shape = [size_of(one, sizes) for one in (argument.given.shape if argument.given is not None else ())]
    return [*shape, 1] if len(shape) == 1 and way.vectors == "column" else shape


def _name(argument: Argument, point: int) -> str:
    return f"{argument.name}/{point}"


def _draw(argument: Argument, way: Way, judge: Judge, size_one: bool, point: int) -> Expression:
    shape = _shape(argument, way, judge, size_one)
    how = "" if argument.given is None else argument.given.draw
    if how == "zero":
        return {"zeros": shape}
    expression: dict[str, Any] = {"draw": _name(argument, point), "shape": shape}
    return expression | ({"between": list(_BETWEEN[how])} if how in _BETWEEN else {"scale": _SCALE})


def scene_of(
    parameters: DerivationParameters, judge: Judge, way: Way, run: ProbeRun, *, size_one: bool, point: int
) -> Scene:
    """The scene with the numbers that a function was given in a run, computed anew."""
    arguments, scene = arguments_of(parameters, judge), judge.scene(size_one, False, point)
    if not is_drawn(arguments):
        return scene
    precision = torch.float32 if run.dtype == "float32" else torch.float64
    leaves: dict[Place, Tensor] = {}
    for one in arguments:
        shape = _shape(one, way, judge, size_one)
        how, name = "" if one.given is None else one.given.draw, _name(one, point)
        if how == "zero":
            value = torch.zeros(shape, dtype=torch.float64)
        elif how in _BETWEEN:
            low, high = _BETWEEN[how]
            value = draws.draw_between(run.seed, name, shape, low=low, high=high)
        else:
            value = draws.draw(run.seed, name, shape, scale=_SCALE)
        rounded = value.to(precision).to(torch.float64).reshape(scene.leaves[one.place].shape)
        leaves[one.place] = rounded.requires_grad_()
    return _with_leaves(scene, leaves)


def _with_leaves(scene: Scene, leaves: Mapping[Place, Tensor]) -> Scene:
    return Scene(setting=scene.setting, sizes=scene.sizes, leaves={**scene.leaves, **leaves}, size_one=scene.size_one)
