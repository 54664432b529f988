"""The runs of a model -> its mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from grader.records import Outcome
from grader.score.kinds.base import Verdict
from grader.score.kinds.credit import FULL, NONE, Credit, joined, outcome_of
from grader.score.kinds.model_runs import RunFinding, RunJudge
from grader.score.kinds.model_words import BATCH_ONE, batch_of_one, blocked_words, next_step, reason
from grader.score.kinds.troubles import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeFinding:
    """One mode, with what its worst run keeps."""

    name: str
    runs: tuple[RunFinding, ...]
    """Without those in which the model could not be created, unless that is this question's own fault."""
    fraction: Decimal | None
    """None where a person has to look; meaningless without runs."""


def model_verdict(judging: RunJudge, runs: Sequence[RunFinding]) -> Verdict:
    """The verdict on one definition of a model.

    Args:
        judging: the judge of the runs, for its context.
        runs: every run, in the order of the covering array; not empty.
    """
    evidence = tuple(run.probe for run in runs)
    stopped = [run.trouble for kind in ("fault", "missing") for run in runs if run.status == kind and run.trouble]
    if stopped:
        return _without_marks(stopped[0], evidence)
    present = dict.fromkeys(run.spec.mode for run in runs)
    modes = [_mode(name, runs, judging) for name in present]
    counted = [mode for mode in modes if mode.runs]
    if not counted:
        return _blocked(judging, runs, evidence)
    shown = [run for mode in counted for run in mode.runs]
    diagnosis = _diagnosis(shown)
    fractions = [mode.fraction for mode in counted if mode.fraction is not None]
    waits = len(fractions) < len(counted)
    total = sum(fractions, NONE)
    right = sum(mode.fraction == FULL for mode in counted)
    left_out = [mode.name for mode in modes if not mode.runs]
    kept = min(total / len(counted), _cap(judging, shown))
    tally = "" if right == len(counted) and kept < FULL else _tally(right, len(counted), named=bool(diagnosis))
    return Verdict(
        outcome=Outcome.MANUAL if waits else outcome_of(kept),
        mark=None if waits else judging.context.check.marks * kept,
        reason=joined([tally, reason(judging, shown, diagnosis, left_out)]),
        next_step=next_step(judging, shown, diagnosis),
        diagnosis=diagnosis,
        follow_through=any(run.follow_through for run in shown),
        uncertain=waits,
        evidence=evidence,
        flags=tuple(dict.fromkeys(flag for run in shown if run.trouble for flag in run.trouble.flags)),
    )


def share_kept(run: RunFinding, credit: Credit, *, explained: Decimal | None = None) -> Decimal | None:
    """The share that a run keeps, None where a person has to look.

    Args:
        run: the run.
        credit: what faults keep.
        explained: what a mistake named in the same mode keeps; a run that raises is put down to it.
    """
    match run.status:
        case "right":
            return FULL
        case "mistake" | "ambiguous":
            return min(credit.of(mistake) for mistake in run.mistakes)
        case "unnamed":
            return credit.unnamed
        case "raised" | "blocked":
            return credit.unnamed if explained is None else explained
        case _:
            return None


def _cap(judging: RunJudge, runs: Iterable[RunFinding]) -> Decimal:
    """What can be kept at most, whatever the modes are worth."""
    charged = judging.context.choice(BATCH_ONE) == "charge" and batch_of_one(judging, runs)
    return judging.credit.named if charged else FULL


def _mode(name: str, runs: Iterable[RunFinding], judging: RunJudge) -> ModeFinding:
    credit = judging.credit
    others_fault = bool(judging.context.question.uses)
    mine = tuple(run for run in runs if run.spec.mode == name and not (others_fault and run.status == "blocked"))
    named = [share_kept(run, credit) for run in mine if run.mistakes]
    explained = min((share for share in named if share is not None and share < FULL), default=None)
    shares = [share_kept(run, credit, explained=explained) for run in mine]
    known = [share for share in shares if share is not None]
    worst = min(known, default=FULL)
    decided = len(known) == len(shares) or worst == NONE
    return ModeFinding(name=name, runs=mine, fraction=worst if decided else None)


def _without_marks(trouble: Trouble, evidence: tuple[str, ...]) -> Verdict:
    """Evidence is missing, or the class is."""
    return Verdict(
        outcome=trouble.outcome,
        mark=None if trouble.outcome is Outcome.FAULT else NONE,
        reason=trouble.reason,
        next_step=trouble.next_step,
        evidence=evidence,
        flags=trouble.flags,
    )


def _blocked(judging: RunJudge, runs: Sequence[RunFinding], evidence: tuple[str, ...]) -> Verdict:
    trouble = next((run.trouble for run in runs if run.trouble is not None), None)
    return Verdict(
        outcome=Outcome.BLOCKED,
        mark=NONE,
        reason=blocked_words(judging, trouble),
        next_step="" if trouble is None else trouble.next_step,
        evidence=evidence,
    )


def _diagnosis(runs: Iterable[RunFinding]) -> tuple[str, ...]:
    """All named mistakes, the most frequent first."""
    return tuple(name for name, _ in Counter(name for run in runs for name in run.mistakes).most_common())


def _tally(right: int, of: int, *, named: bool) -> str:
    if right == of and named:
        return "No mode loses marks." if of > 1 else "No marks are lost."
    if right == of:
        every = "In every mode" if of > 1 else "In every run"
        return f"{every} the model does with its cells what was asked."
    return f"{right or 'None'} of {of} modes {'is' if right < 2 else 'are'} right." if of > 1 else ""
