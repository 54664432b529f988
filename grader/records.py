"""What the stages hand to each other. Everything here crosses a file boundary, so everything is validated and frozen.

Numbers that can be NaN or infinite never stand in a record: tensors live in safetensors files beside it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

SCORING_VERSION = 4
"""Raised whenever the same evidence could earn another mark; stored with the marks."""

Mark = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""A mark: a decimal with two places, a number in JSON."""


class Record(BaseModel):
    """Base of all records: immutable, closed, and finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")


# ------------------------------------------------------------------------------------------------ intake


class CellKind(StrEnum):
    """What a notebook's cell holds."""

    CODE = "code"
    MARKDOWN = "markdown"
    OTHER = "other"


class Picture(Record):
    """A picture that a notebook was saved with: what it is, not what it shows."""

    type: str
    """For example `image/png`."""
    bytes: int
    width: int | None = None
    """None where the first bytes do not say."""
    height: int | None = None


class NotebookCell(Record):
    """One cell as the student handed it in."""

    index: int
    """Position in the notebook, from 0."""
    kind: CellKind
    source: str
    execution_count: int | None = None
    """The stored number of the last execution; None if it was never run."""
    pictures: tuple[Picture, ...] = ()
    """The pictures among its stored outputs and attachments; few, and none of their contents."""
    outputs: tuple[str, ...] = ()
    """The stored outputs as text (streams, text/plain, error names), in order, cut at the limit; no HTML, no images."""
    labels: tuple[str, ...] = ()
    """What the file calls the cell: its id, the id that an assignment tool gave it, its tags; few and short."""


class NotebookRecord(Record):
    """A notebook, script or text, normalised: the same record for every version of the format."""

    schema_version: Literal[1] = 1
    source_name: str
    """Path inside the hand-in, as found (unprintable characters replaced)."""
    format: Literal["ipynb", "py", "text"]
    cells: tuple[NotebookCell, ...]
    notes: tuple[str, ...] = ()
    """Plain sentences for the student: what was odd about the file and how it was read."""


class SubmissionStatus(StrEnum):
    """Where a submission stands; the words of marks.csv."""

    GRADED = "graded"
    OPEN = "open"
    NEEDS_REVIEW = "needs-review"
    REFUSED = "refused"
    NOT_SUBMITTED = "not-submitted"


class Reason(Record):
    """Why something could not be used, in the three parts that every message has."""

    code: str
    what: str
    where: str = ""
    next_step: str = ""


class Submission(Record):
    """One hand-in, read but not run.

    `notebook` and `refused` exclude each other; both are None for somebody on the roster who handed in nothing.
    """

    schema_version: Literal[1] = 1
    student: str
    """File-system-safe slug of the name; unique in a run together with `attempt`."""
    name: str
    """The name as found in the file name or the roster."""
    submission: str
    """Path inside the input; empty if nothing was handed in."""
    key: str
    """Folder-safe identifier of this hand-in, unique in a run: `<student>` or `<student>.<attempt>`."""
    attempt: int = 1
    digest: str = ""
    """SHA-256 of the bytes handed in; empty if nothing was."""
    notebook: NotebookRecord | None = None
    refused: Reason | None = None
    """Why nothing in it can be graded."""
    notes: tuple[str, ...] = ()
    """Plain sentences for the student's page: which notebook was taken and why, what was ignored."""
    flags: tuple[str, ...] = ()
    """Kebab-case words for the instructor: `several-notebooks`, `name-clash`, ..."""
    received: str | None = None
    """ISO 8601 time of the hand-in where the input says so (roster or LMS); None otherwise."""
    hours_late: float | None = None
    """Hours after the deadline, extensions counted; None without a deadline, 0 or less when on time."""
    lms_id: str | None = None
    group: str | None = None


def cell_name(index: int) -> str:
    """How messages call a cell: counted from 1, over all cells of the notebook."""
    return f"cell {index + 1}"


# ------------------------------------------------------------------------------------------------ marks


class Outcome(StrEnum):
    """What became of a check. `MANUAL` and `FAULT` have no mark until a person decides."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    UNANSWERED = "unanswered"
    BLOCKED = "blocked"
    MANUAL = "manual"
    FAULT = "fault"


class LookedAt(Record):
    """A place of the notebook in which an answer was looked for and found."""

    cell: int
    """Position in the notebook, from 0."""
    how: str
    """How it was found: "below your heading "Q3 b"", "by its place between the given cells"."""
    text: str = ""
    """The beginning of what the student wrote there."""
    counts: bool = True
    """False for a place that was found, too, and passed over for a better one."""


class CheckMark(Record):
    """The outcome of one check with its mark and the evidence for it."""

    id: str
    """`<question>/<name>`, unique in the rubric."""
    mark: Mark | None
    """None while a person has to decide."""
    max: Mark
    outcome: Outcome
    by: Literal["auto", "person", "policy"] = "auto"
    diagnosis: tuple[str, ...] = ()
    """Identifiers of named mistakes (or conventions), most certain first."""
    follow_through: bool = False
    """True if an earlier mistake of the student's was carried through instead of charged again."""
    reason: str = ""
    """What happened, in words for the student; no hidden values, no internals."""
    next_step: str = ""
    """One thing to do next; empty when there is none."""
    convention: str = ""
    """Which accepted form was recognised, for example "reset before the product"; empty when it does not apply."""
    uncertain: bool = False
    """True if a person has to look although the check is not theory: not recognised, or a contradiction."""
    evidence: tuple[str, ...] = ()
    """Identifiers of the evidence parts and probes that were looked at."""
    looked_at: tuple[LookedAt, ...] = ()
    """Where the answer stands, for an answer that is read and not run."""


class QuestionMark(Record):
    """A question's checks and their sum."""

    id: str
    title: str
    mark: Mark | None
    """Sum of the checks' marks; None while one of them is None."""
    max: Mark
    outcome: Outcome
    """That of the checks where they agree, else `partial`."""
    checks: tuple[CheckMark, ...]


class Adjustment(Record):
    """What changes a total after the questions were summed: lateness, a waiver."""

    id: str
    marks: Mark
    """Added to the total; negative for a deduction."""
    reason: str
    by: Literal["policy", "person"]


class SubmissionMarks(Record):
    """One row of the marks."""

    student: str
    name: str
    submission: str
    attempt: int
    counts: bool = True
    """False for an attempt that the rubric's rule passes over."""
    status: SubmissionStatus
    flags: tuple[str, ...] = ()
    total: Mark
    """What is decided, adjustments included; never below 0."""
    open: Mark
    """Marks that still wait for a person."""
    max: Mark
    adjustments: tuple[Adjustment, ...] = ()
    questions: tuple[QuestionMark, ...] = ()
    reason: Reason | None = None
    """Why the submission was refused or needs review."""
    notes: tuple[str, ...] = ()
    """Sentences for the student's page about the file and how it was run."""


class Digests(Record):
    """The four inputs of scoring, so that a mark can be traced and repeated."""

    rubric: str
    evidence: str
    oracle: str
    events: str


class RunMarks(Record):
    """marks.json."""

    schema_version: Literal[1] = 1
    scoring_version: int = SCORING_VERSION
    rubric: str
    title: str
    digests: Digests
    isolation: tuple[str, ...] = ()
    """The sandbox levels under which the evidence was taken."""
    submissions: tuple[SubmissionMarks, ...]


# ------------------------------------------------------------------------------------------------ events


class Event(Record):
    """A person's decision; append-only."""

    kind: Literal["override", "waive", "note", "acknowledge"]
    """`acknowledge`: a person has looked at a diagnosis that meets many; it changes no mark."""
    student: str
    """Empty where it concerns a cohort."""
    check: str = ""
    """Check, adjustment, flag or `<question>:<diagnosis>` that it concerns."""
    mark: Mark | None = None
    students: int | None = None
    """How many the acknowledged diagnosis met: it is acknowledged for no more than these."""
    why: str
    who: str
    at: str = Field(description="ISO 8601, UTC")
