"""Forward lines of which a rubric knows another form: where a student writes that form down, it is what counts."""

from __future__ import annotations

import torch

from grader.score.derivations.answers import Answer
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.comparing import Judge
from grader.score.derivations.evaluation import Evaluation
from grader.score.derivations.frames import Budget, StepMissingError, TooCostlyError, ValueMissingError
from grader.score.derivations.scene import Numbers
from grader.score.derivations.tree import Node, Symbol
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.derivation_parameters import DerivationParameters

_MOST_STEPS = 20_000
_MEMO = "derivations: lines of the student's own"


def with_other_lines(parameters: DerivationParameters) -> DerivationParameters | None:
    """The same question with the other forms in place of the lines with the same left sides; None if there are none."""
    setting = parameters.setting
    if not setting.other_lines:
        return None
    other = {_left(line): line for line in setting.other_lines}
    lines = tuple(other.get(_left(line), line) for line in setting.lines)
    named_by = parameters.named_by
    if named_by is not None:
        options = {**named_by.options, **named_by.other_options}
        named_by = named_by.model_copy(update={"options": options, "other_options": {}})
    changed = setting.model_copy(update={"lines": lines, "other_lines": ()})
    return parameters.model_copy(update={"setting": changed, "named_by": named_by})


def writes_other_lines(
    context: JudgeContext, parameters: DerivationParameters, other: Judge, answers: list[Answer]
) -> bool:
    """True if the student wrote one of the other forms down, here or in a question with the same setting before.

    Args:
        context: of the check; what is found out is kept for the later checks of the submission.
        parameters: of the check, with the lines as the question has them.
        other: judges by the other forms.
        answers: the readings of the student's text.
    """
    key = f"{_MEMO}: {parameters.setting.other_lines!r}"
    if context.memo.get(key):
        return True
    keys = {
        line.pattern.key
        for line, text in zip(other.setting.lines, parameters.setting.lines, strict=True)
        if isinstance(line.pattern, Symbol) and _left(text) in map(_left, parameters.setting.other_lines)
    }
    for answer in answers:
        for line in answer.definitions:
            if isinstance(line.pattern, Symbol) and line.pattern.key in keys and _holds(line.pattern, line.body, other):
                context.memo[key] = True
                return True
    return False


def _holds(left: Symbol, right: Node, other: Judge) -> bool:
    """True if a student's line is true at the point of the other forms."""
    source = Numbers(other.scene(False, False, 0))
    indices = other.setting.names.indices
    try:
        time = source.present(left.key) if left.time is None else left.time.value(indices)
        wanted = source.value(left.key, time)
        found = Evaluation(source, (), Budget(_MOST_STEPS)).value(right, indices)
    except (KeyError, ShapeError, StepMissingError, TooCostlyError, ValueMissingError):
        return False
    return wanted is not None and found.shape == wanted.shape and bool(torch.allclose(found, wanted, atol=1e-9))


def _left(line: str) -> str:
    return "".join(line.partition("=")[0].split())
