"""What the pipeline and a scoring worker say to each other: one specification in, JSON lines out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from grader.records import NotebookRecord, QuestionMark, Record
from grader.rubric import Rubric


class ScoreItem(Record):
    """A submission to score."""

    key: str
    folder: Path
    """Where its evidence lies."""


class WorkerSpec(Record):
    """What one worker has to do."""

    rubric: Rubric
    """As read already: to read its YAML again would take longer than all else that is handed over."""
    seed: str
    items: tuple[ScoreItem, ...]
    output: Path
    """File for the lines."""
    cpu_s: float
    """CPU seconds for each submission."""
    memory_bytes: int
    """Address space beyond what the worker has once loaded."""


class NurserySpec(Record):
    """What the parent of all workers has to load before it has any."""

    rubric: Rubric
    """As read already: to read its YAML again would take longer than all else that is handed over."""
    seed: str
    template: NotebookRecord
    """The student version of the coursework."""


class BatchRequest(Record):
    """A worker that the parent shall fork."""

    number: int
    items: tuple[ScoreItem, ...]
    output: Path
    """File for the lines."""
    log: Path
    """File for everything that is printed."""
    cpu_s: float
    """CPU seconds for each submission."""
    memory_bytes: int
    """Address space beyond what the worker has once loaded."""


class StopRequest(Record):
    """A worker that the parent shall end."""

    stop: int
    """Its number."""


class ReadyLine(Record):
    """The parent has loaded everything and can fork."""

    line: Literal["ready"] = "ready"


class CannotForkLine(Record):
    """The parent has more than one thread, so that a fork of it could hang."""

    line: Literal["cannot-fork"] = "cannot-fork"
    threads: int


class EndedLine(Record):
    """A worker has ended."""

    line: Literal["ended"] = "ended"
    number: int
    ending: str
    """How, in words for the log."""


class StartedLine(Record):
    """The rubric is loaded and its checks are sound; evidence is read from here on."""

    line: Literal["started"] = "started"


class ScoredLine(Record):
    """One submission is done."""

    line: Literal["scored"] = "scored"
    key: str
    questions: tuple[QuestionMark, ...]
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: str = ""
    """Tracebacks of ours."""
    nearest: dict[str, tuple[tuple[str, float], ...]] = {}
    """Known formulas by distance, for `grader explain`."""
    missing: tuple[str, ...] = ()
    """Evidence parts without which something could not be decided."""


class ErrorLine(Record):
    """The rubric cannot be used."""

    line: Literal["error"] = "error"
    code: str
    what: str
    where: str = ""
    next_step: str = ""


class EndLine(Record):
    """Everything was done."""

    line: Literal["end"] = "end"


Line = Annotated[StartedLine | ScoredLine | ErrorLine | EndLine, Field(discriminator="line")]
LINE: TypeAdapter[StartedLine | ScoredLine | ErrorLine | EndLine] = TypeAdapter(Line)

NurseryLine = Annotated[ReadyLine | CannotForkLine | EndedLine | ErrorLine, Field(discriminator="line")]
NURSERY_LINE: TypeAdapter[ReadyLine | CannotForkLine | EndedLine | ErrorLine] = TypeAdapter(NurseryLine)
REQUEST: TypeAdapter[BatchRequest | StopRequest] = TypeAdapter(BatchRequest | StopRequest)
