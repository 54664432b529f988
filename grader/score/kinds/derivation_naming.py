"""Names for wrong derivations: the rubric's own, else the oracle's, at a point that the oracle chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.oracle import GradientOracle, Oracle, Tensors
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.comparing import Finding, Judge, evaluated, same, same_but_for_layout, shape_of_right
from grader.score.derivations.frames import TooCostlyError, ValueMissingError
from grader.score.derivations.functions import Slope, from_value
from grader.score.derivations.scene import Numbers, Place, Scene, Setting
from grader.score.kinds.derivation_parameters import DerivationParameters, NamedBy

ValuesAt = Callable[[str, Tensors, bool], Iterable[Tensor]]
"""Scope, the oracle's inputs, and whether every size is 1 -> the answer's values there, one for each layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A mistake that explains an answer."""

    ids: tuple[str, ...]
    """One, or several that give the same numbers."""
    says: str
    next_step: str


def named(
    parameters: DerivationParameters,
    judge: Judge,
    finding: Finding,
    oracle: Oracle | None,
    slopes: Mapping[str, Slope] | None = None,
) -> Named | None:
    """The name of a wrong answer; None if no name fits."""
    own = None if slopes else _by_rubric(parameters, judge, finding)
    if own is not None:
        return own if own.says or oracle is None else worded(oracle, own.ids)
    if parameters.named_by is None or oracle is None or not isinstance(oracle, GradientOracle):
        return None
    by = parameters.named_by

    def values(scope: str, inputs: Tensors, size_one: bool) -> Iterator[Tensor]:
        scene = oracle_scene(judge.setting, by, inputs, size_one=size_one)
        return _values(scene, finding, judge, size_one=size_one)

    return named_by_oracle(parameters, oracle, values, slopes or {})


def named_by_oracle(
    parameters: DerivationParameters, oracle: Oracle | None, values: ValuesAt, slopes: Mapping[str, Slope]
) -> Named | None:
    """The oracle's name for what has these values at its points; None if it has none."""
    if oracle is None or not isinstance(oracle, GradientOracle):
        return None
    ids = _by_oracle(parameters, oracle, values, slopes)
    return worded(oracle, ids) if ids else None


def worded(oracle: Oracle, ids: tuple[str, ...]) -> Named:
    """Mistakes in the oracle's words."""
    text = oracle.describe(ids[0])
    return Named(ids=ids, says=text.what_you_did, next_step=text.next_step)


def _by_rubric(parameters: DerivationParameters, judge: Judge, finding: Finding) -> Named | None:
    """The first of the rubric's wrong answers with the same value: at proper sizes, else at size one."""
    for size_one in (False, True):
        if size_one and finding.calculus:
            return None
        value = _value(judge, finding, size_one)
        if value is None:
            continue
        for name, wrong in parameters.wrong.items():
            for answer in parameters.wrong_answers(judge.setting, name):
                theirs = Finding(answer=answer, options=finding.options)
                other = _value(judge, theirs, size_one)
                if other is None or (size_one and _right_at_size_one(judge, other)):
                    continue
                if same_but_for_layout(value, other) if size_one or judge.any_layout else same(value, other):
                    return Named(ids=(name,), says=wrong.says, next_step=wrong.next_step)
    return None


def _right_at_size_one(judge: Judge, value: Tensor) -> bool:
    return any(same_but_for_layout(value, judge.right(True, local, 0)) for local in judge.scopes)


def _value(judge: Judge, finding: Finding, size_one: bool) -> Tensor | None:
    try:
        return judge.number(finding.answer, finding.options, size_one=size_one, local=False, point=0)
    except (ShapeError, ValueMissingError, TooCostlyError):
        return None


# ---------------------------------------------------------------------------------------------------- the oracle


def oracle_scene(setting: Setting, named_by: NamedBy, inputs: Tensors, *, size_one: bool) -> Scene:
    """The scene at the oracle's inputs.

    Raises:
        ValueError: if the oracle has no value for a symbol, or one of another shape.
    """
    calls = {_key(name): other for name, other in named_by.inputs.items()}
    leaves: dict[Place, Tensor] = {}
    sizes: dict[str, int] = {}
    for given in setting.given:
        base = calls.get(given.key, given.key)
        steps = [None] if given.steps is None else range(given.steps[0], given.steps[1] + 1)
        for step in steps:
            name = base if step is None else f"{base}_{step}"
            if name not in inputs:
                raise ValueError(f"the oracle has no {name}; it has {', '.join(inputs)}")
            value = inputs[name].detach().clone()
            value = value.reshape(1, 1) if value.dim() == 0 else value.reshape(-1, 1) if value.dim() == 1 else value
            for letter, size in zip(given.shape, value.shape, strict=False):
                if isinstance(letter, str) and sizes.setdefault(letter.replace("_", ""), size) != size:
                    raise ValueError(f"the oracle's {name} has {size} where {letter} is {sizes[letter]}")
            leaves[given.key, step] = value.requires_grad_()
    return Scene(setting=setting, sizes=sizes, leaves=leaves, size_one=size_one)


def _key(name: str) -> str:
    return name.replace("{", "").replace("}", "").replace("\\", "")


def _by_oracle(
    parameters: DerivationParameters, oracle: GradientOracle, values: ValuesAt, slopes: Mapping[str, Slope]
) -> tuple[str, ...]:
    """The first single mistake that explains the value, at the oracle's proper sizes, else at size one."""
    by = parameters.named_by
    if by is None:
        return ()
    several: tuple[str, ...] = ()
    from_values = {function: from_value(function, slope) for function, slope in slopes.items()}
    for size_one in (False, True):
        single: tuple[str, ...] = ()
        for scope in scopes_asked(parameters):
            options = {**by.options, "scope": scope}
            inputs = oracle.gradient_inputs(by.family, options, size_one=size_one)
            if inputs is None:
                continue
            for value in values(scope, inputs, size_one):
                found = oracle.name_gradient(by.family, by.item, value, options, size_one=size_one, slopes=from_values)
                if found.right:
                    return several
                if found.status == "mistake":
                    single = single or tuple(found.mistakes)
                elif found.status == "ambiguous":
                    several = several or tuple(found.mistakes)
        if single:
            return single
    return several


def scopes_asked(parameters: DerivationParameters) -> tuple[str, ...]:
    """The scopes of which the oracle is asked, as it calls them."""
    return tuple("local" if local else "total" for local in sorted(parameters.scopes, reverse=True))


def _values(scene: Scene, finding: Finding, judge: Judge, *, size_one: bool) -> Iterator[Tensor]:
    """What the answer gives there, in each layout that the rubric lets pass."""
    for rows in (False, True) if judge.any_layout and not size_one else (False,):
        options = replace(finding.options, forgiving=size_one)
        try:
            value = evaluated(finding.answer, None, Numbers(scene, rows=rows), options, judge.budget, shape_of_right)
        except (ShapeError, ValueMissingError, TooCostlyError):
            continue
        if bool((value == 0).all()):
            value = torch.zeros_like(scene.right())
        if bool(value.isfinite().all()):
            yield value
            if judge.any_layout:
                yield value.mT
