"""What a student reads about a model: the first fault with its place, what else was named, what was carried through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from grader.oracle import Oracle
from grader.score.kinds.base import KindPolicy
from grader.score.kinds.credit import FULL, joined
from grader.score.kinds.model_probes import SINGLE, SINGLE_RAISED, cell_checks, has_all
from grader.score.kinds.model_runs import RunFinding, RunJudge
from grader.score.kinds.observations import flatten, tensors_of
from grader.score.kinds.troubles import Trouble, shorten

EDGES = 3
"""Sentences about the data flow that a student is shown."""
BATCH_ONE = "batch_one"
"""Name of the policy on a batch of one example."""
BATCH_ONE_POLICY = KindPolicy(
    values={
        "report": "said on the page, and costs nothing",
        "charge": "the model keeps at most the share `named` of its `credit`",
    },
    default="report",
    text="What a model costs that is right for larger batches and fails with a batch of one example. Charge it only "
    "where the student wrote the line that fails: a `squeeze()` in the given code is no fault of theirs.",
)


def reason(judging: RunJudge, runs: Sequence[RunFinding], diagnosis: Sequence[str], left_out: Sequence[str]) -> str:
    """All sentences about a model.

    Args:
        judging: the judge of the runs.
        runs: those that count.
        diagnosis: all named mistakes, in the order in which they are said.
        left_out: modes in which the model could not be created.
    """
    return joined(
        [
            *_faults(judging, runs, diagnosis),
            *_not_charged(judging, diagnosis),
            _left_out(judging, left_out),
            *_carried(judging, runs),
            _batch_of_one(judging, runs),
        ]
    )


def next_step(judging: RunJudge, runs: Sequence[RunFinding], diagnosis: Sequence[str]) -> str:
    """One thing to do: about a mistake that costs marks, else about an error, else about any mistake."""
    charged, free = _split(judging, diagnosis)
    troubles = [run.trouble.next_step for run in runs if run.trouble is not None and run.status != "right"]
    texts = [_oracle(judging).describe(name).next_step for name in charged[:1]]
    texts += troubles[:1] + [_oracle(judging).describe(name).next_step for name in free[:1]]
    return next((text for text in texts if text), "")


def blocked_words(judging: RunJudge, trouble: Trouble | None) -> str:
    """Why nothing could be tried."""
    why = f"The model cannot be tried before it can be created (see {_listed(judging.context.question.uses)})."
    return joined(["" if trouble is None else trouble.reason, why])


def _oracle(judging: RunJudge) -> Oracle:
    return cast(Oracle, judging.context.oracle)


def _split(judging: RunJudge, diagnosis: Sequence[str]) -> tuple[list[str], list[str]]:
    """Mistakes that cost marks, and those that are named only."""
    credit = judging.credit
    charged = [name for name in diagnosis if credit.of(name) < FULL]
    return charged, [name for name in diagnosis if name not in charged]


def _faults(judging: RunJudge, runs: Sequence[RunFinding], diagnosis: Sequence[str]) -> Iterable[str]:
    charged, _ = _split(judging, diagnosis)
    oracle = _oracle(judging)
    named = next((run for run in runs if set(run.mistakes) & set(charged)), None)
    if named is not None:
        yield _at(named, named.edges)
        first = next(name for name in named.mistakes if name in charged)
        if named.status == "ambiguous":
            titles = " or ".join(f'"{oracle.describe(name).title}"' for name in named.mistakes[:2])
            yield f"This is one of two mistakes that cannot be told apart here: {titles}."
        yield oracle.describe(first).what_you_did
        others = [oracle.describe(name).title for name in charged if name not in named.mistakes]
        if others:
            yield f"Also found: {'; '.join(others)}."
    for status in ("raised", "blocked", "unnamed", "unrecognised"):
        run = next((run for run in runs if run.status == status), None)
        if run is not None and not (status == "raised" and named is not None and named.spec.mode == run.spec.mode):
            yield _unnamed(judging, run)


def _unnamed(judging: RunJudge, run: RunFinding) -> str:
    if run.status in ("raised", "blocked") and run.trouble is not None:
        return _at(run, [run.trouble.reason])
    if run.status == "unnamed":
        return joined(
            [
                f"{_place(run)}: the output is not that of the loop over the same cells, and no mistake that is "
                "known by name explains it.",
                _at(run, run.edges),
            ]
        )
    why = run.trouble.reason if run.trouble is not None else "what the model does was not recognised."
    return joined([_at(run, [why]), _at(run, run.edges), "A person will read it; that is no sign that it is wrong."])


def _place(run: RunFinding) -> str:
    return f"With {run.spec.in_words()}"


def _at(run: RunFinding, sentences: Sequence[str]) -> str:
    """Sentences with the run in which they hold."""
    if not sentences:
        return ""
    told = "; ".join(sentence.strip().rstrip(".") for sentence in sentences[:EDGES])
    return f"{_place(run)}: {told}."


def _not_charged(judging: RunJudge, diagnosis: Sequence[str]) -> Iterable[str]:
    for name in _split(judging, diagnosis)[1]:
        yield f"Named, not charged: {_oracle(judging).describe(name).what_you_did}"


def _left_out(judging: RunJudge, modes: Sequence[str]) -> str:
    if not modes:
        return ""
    uses = _listed(judging.context.question.uses)
    return f"Left out, because the model cannot be created there (see {uses}): {', '.join(modes)}."


def _carried(judging: RunJudge, runs: Sequence[RunFinding]) -> Iterable[str]:
    """Whose cells the model was judged with, where these have faults of their own."""
    asked = cell_checks(judging.context.rubric)
    for run in runs:
        if not run.follow_through:
            continue
        mode = run.spec.mode
        name = judging.parameters.cells[mode]
        check = asked.get((name, judging.parameters.modes[mode]))
        if run.as_made:
            uses = _listed(judging.context.question.uses)
            yield f"It was judged with the cells that the model holds; which these are counts in {uses} alone."
        elif run.stand_in:
            yield f"A library layer stood in for your `{name}`, so that nothing is charged twice."
        elif check is not None:
            where = check.question
            yield f"It was judged with your own `{name}` as it is; what is wrong in it counts in {where} alone."
        else:
            yield f"It was judged with your own `{name}` as it is; what is wrong in it is not charged here."


def _batch_of_one(judging: RunJudge, runs: Iterable[RunFinding]) -> str:
    """What happens with a batch of one example, and whether that costs marks."""
    fault = batch_of_one(judging, runs)
    if not fault:
        return ""
    if judging.context.choice(BATCH_ONE) == "charge":
        return f"{fault}."
    return f"{fault}; that costs nothing."


def batch_of_one(judging: RunJudge, runs: Iterable[RunFinding]) -> str:
    """What is wrong with a batch of one example, where larger ones are right; empty if nothing is."""
    probe, spec = judging.parameters.single_run()
    if not any(run.spec.mode == spec.mode and run.status == "right" and not run.stand_in for run in runs):
        return ""
    part = judging.context.evidence.part("student")
    run = part.probe(probe, judging.definition)
    if run is None or not has_all(run):
        return ""
    if run.status == "timeout":
        return "With a batch of one example the model does not come to an end"
    raised = next((leaf.text for leaf in flatten(run.values.get(SINGLE_RAISED)) if leaf.kind == "text"), None)
    if raised:
        return f"With a batch of one example the model raises {shorten(raised, 60)}"
    tensors = tensors_of(part, run.values.get(SINGLE)) or []
    wanted = (1, spec.output_size)
    if len(tensors) == 1 and tuple(tensors[0].shape) != wanted:
        found = tuple(tensors[0].shape)
        return f"With a batch of one example the output has shape {found}, not {wanted}"
    return ""


def _listed(uses: Sequence[str]) -> str:
    return ", ".join(uses) or "the constructor"
