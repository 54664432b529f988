"""A small cohort in which every outcome, status and length of text occurs."""

from __future__ import annotations

from decimal import Decimal

from helpers.marks_builders import (
    Mistake,
    check_mark,
    described,
    hand_in,
    hand_ins,
    question_mark,
    rubric_for,
    run_marks,
    submission_marks,
)

from grader.records import Adjustment, LookedAt, Reason, RunMarks, Submission, SubmissionMarks, SubmissionStatus
from grader.report import Content
from grader.rubric import Rubric

DESCRIBE = described(
    Mistake(
        id="gate.inverted",
        title="keep gate inverted",
        formula="s' = (1 − k) · s + w · v        yours\ns' = k · s + w · v              asked for",
        what_you_did="Your cell keeps 1 − k of the old state where it should keep k, so an open gate forgets.",
        next_step="Set the keep gate to 1 and the write gate to 0 for one step, and print the state before and after: "
        "it should not change.",
    ),
    Mistake(id="gate.one-bias", title="one bias instead of two", effect="equivalent"),
    Mistake(
        id="stack.last-line",
        title="reverse pass not aligned",
        what_you_did="The given last line takes the reverse states in reverse order.",
        next_step="Compare the order of the two lists.",
    ),
)
ANSWERS = {
    "s001": {
        "T1/text": "A gate near 1 lets the old state through.\n\nBecause the derivative of the new state with respect "
        "to the old one is then close to 1, the gradient neither dies nor explodes."
    }
}


def sample_row(student: str = "s001") -> SubmissionMarks:
    """A submission with every outcome in it."""
    return submission_marks(
        student,
        question_mark(
            "1a",
            check_mark("1a/constructor", maximum="4"),
            check_mark("1a/reset-range", maximum="2"),
            title="Gated cell: what the constructor makes",
        ),
        question_mark(
            "1b",
            check_mark(
                "1b/cell",
                "6",
                "12",
                "partial",
                diagnosis=("gate.inverted",),
                reason="The new state differs from what the handout asks for; the output follows from it.",
                convention="one fused map for all gates, order keep, write, read",
                evidence=("student",),
            ),
            title="Gated cell: the step",
        ),
        question_mark(
            "2a",
            check_mark(
                "2a/model",
                "11.25",
                "12",
                "partial",
                follow_through=True,
                diagnosis=("stack.last-line",),
                reason="With three layers, layer 3 reads the states of layer 1, not those of layer 2.",
            ),
            check_mark(
                "2a/bias",
                "0",
                "3",
                "failed",
                reason="`Model(5, 7, bias=False)` still has 3 biases; there should be none.",
                next_step="Print the names of the parameters with and without a bias.",
            ),
            title="Stacked model",
        ),
        question_mark("2b", check_mark("2b/shape", maximum="3", outcome="unanswered"), title="Both directions"),
        question_mark("2c", check_mark("2c/outputs", maximum="3", outcome="blocked"), title="Both directions, outputs"),
        question_mark(
            "2d",
            check_mark("2d/flow", "default", "4", "manual", uncertain=True),
            check_mark("2d/speed", "1.67", "2", "partial", by="person", reason="Slow, but as asked."),
            title="Your own variant",
        ),
        question_mark(
            "2e",
            check_mark("2e/count", maximum="2", outcome="fault", reason="internal"),
            title="Number of parameters",
        ),
        question_mark(
            "T1",
            check_mark(
                "T1/text",
                maximum="6",
                outcome="manual",
                looked_at=(
                    LookedAt(
                        cell=16, how="below your heading “Theory Q1”", text="A gate near 1 lets the old state through."
                    ),
                    LookedAt(
                        cell=21, how="in the cell that was given for it", text="Gates are <b>good</b>.", counts=False
                    ),
                ),
            ),
            title="Why a gate helps the gradient",
        ),
        question_mark(
            "TR",
            check_mark("TR/log", maximum="0", reason="Re-run: 12 steps, ended by us."),
            title="Training log",
        ),
        adjustments=(
            Adjustment(id="late", marks=Decimal("-2.50"), reason="handed in 3.2 hours late: 5 % of 50", by="policy"),
        ),
        status=SubmissionStatus.NEEDS_REVIEW,
        flags=("several-notebooks", "log-not-rerun"),
        notes=("Cell 7 took longer than 10 s and was stopped; the cells after it were run.",),
    )


def sample_run() -> RunMarks:
    """Rows of every status."""
    whole = sample_row()
    maximum = whole.max
    full = submission_marks(
        "s002",
        *(
            question_mark(q.id, *(check_mark(c.id, maximum=str(c.max)) for c in q.checks), title=q.title)
            for q in whole.questions
        ),
    )
    zero = submission_marks(
        "s003",
        *(
            question_mark(
                q.id,
                *(check_mark(c.id, maximum=str(c.max), outcome="unanswered") for c in q.checks),
                title=q.title,
            )
            for q in whole.questions
        ),
    )
    refused = submission_marks(
        "s004",
        status=SubmissionStatus.REFUSED,
        max=maximum,
        total=Decimal("0.00"),
        reason=Reason(
            code="archive-truncated",
            what="the zip ends in the middle of answers.ipynb: 1,204 of 48,112 bytes are there",
            where="s004.zip, answers.ipynb",
            next_step="Download your own hand-in and open it; if it is broken, hand the file in again.",
        ),
    )
    missing = submission_marks("s005", status=SubmissionStatus.NOT_SUBMITTED, max=maximum, submission="")
    earlier = submission_marks("s002", attempt=2, counts=False, status=SubmissionStatus.NOT_SUBMITTED, max=maximum)
    return run_marks(whole, full, earlier, zero, refused, missing, title="Coursework 2: gated networks")


def sample_rubric(marks: RunMarks) -> Rubric:
    """The rubric of the sample: the second part builds on the first."""
    return rubric_for(marks, uses={"2a": ["1b"], "2c": ["2b"]}, contact="the course team (room 3.14)")


def sample_hand_ins(marks: RunMarks) -> dict[tuple[str, int], Submission]:
    """Its hand-ins; the first with notes and a time."""
    return {
        **hand_ins(marks),
        ("s001", 1): hand_in(
            "s001",
            received="2026-11-18T16:02:00Z",
            hours_late=3.2,
            notes=("Two notebooks were found; work/answers.ipynb fits the coursework best and was graded.",),
        ),
        ("s004", 1): hand_in("s004", refused=marks.submissions[4].reason),
        ("s005", 1): hand_in("s005", submission="", digest="", notebook=None),
    }


def sample_content(marks: RunMarks) -> Content:
    """What the views of a run are made from."""
    return Content(
        marks=marks,
        rubric=sample_rubric(marks),
        describe=DESCRIBE,
        submissions=sample_hand_ins(marks),
        answers=ANSWERS,
    )
