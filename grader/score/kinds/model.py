"""Kind `model`: a class that runs cells over layers and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grader.oracle import Oracle
from grader.probes import Probe
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.cell_probes import require_known, require_mistakes, require_oracle
from grader.score.kinds.credit import joined
from grader.score.kinds.definitions import choose, judge_each, said
from grader.score.kinds.model_probes import ModelParameters, model_probes
from grader.score.kinds.model_runs import RunJudge
from grader.score.kinds.model_verdict import model_verdict
from grader.score.kinds.model_words import BATCH_ONE, BATCH_ONE_POLICY


def _probes(rubric: Rubric, check: Check, parameters: ModelParameters, oracle: Oracle | None) -> Iterable[Probe]:
    oracle = require_oracle(rubric, check, oracle)
    require_known(rubric, check, "architecture", parameters.architecture, oracle.architectures())
    for family in parameters.modes.values():
        require_known(rubric, check, "family", family, oracle.families())
    require_mistakes(rubric, check, oracle, parameters.keeps.mistakes)
    return list(model_probes(rubric, parameters, oracle))


def _subjects(parameters: ModelParameters) -> Iterable[str]:
    return dict.fromkeys([parameters.target, *parameters.cells.values()])


@kind(
    "model",
    parameters=ModelParameters,
    probes=_probes,
    subjects=_subjects,
    parts=("student", "stand-ins"),
    policies={BATCH_ONE: BATCH_ONE_POLICY},
)
def judge_model(context: JudgeContext, parameters: ModelParameters) -> Verdict:
    """Judge a model by its runs, cells apart.

    Looks at: outputs, gradients and the calls of every submodule in a few small runs that cover modes, depths, bias,
        widths and batch; the same with library layers in place of the student's cells.
    Why: the cells have been charged already; here the loop over layers and time is.
    Passes: a run that equals the reference loop over the student's own cells, right or wrong, or whose data flow is
        that of the reference. A mode is right if all its runs are; the mark is the mean over the modes.
    Does not: another data flow. A mode counts what its worst run keeps: the share of the mistake, or `unnamed`.
    Limits: modes in which the model cannot be created are the fault of the questions that it uses, and left out;
        what neither loop nor data flow explains is left to a person.
    """
    part = context.evidence.part("student")
    runs = parameters.all_runs()

    def judge(definition: int) -> Verdict:
        judging = RunJudge.of(context, parameters, definition)
        return model_verdict(judging, [judging.judge(probe, spec) for probe, spec in runs])

    judged = judge_each(part, parameters.target, [probe for probe, _ in runs], judge)
    definitions = part.definitions(parameters.target)
    index, verdict = judged[choose(context, definitions, judged)]
    reason = joined([said(parameters.target, definitions, index), verdict.reason])
    return replace(verdict, reason=reason)
