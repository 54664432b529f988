"""Kind `log`: what a training run printed. It never gives or takes marks; it tells a person what does not fit."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import field_validator

from grader.evidence import Evidence
from grader.records import NotebookRecord, Outcome, Record
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.marks import ZERO

_EXECUTED = "executed-training.ipynb"
_EXECUTED_BYTES = 32 * 1024 * 1024
_ROWS = 10_000
_LINE_CHARS = 2_000
Band = tuple[float, float]


class LogParameters(Record):
    """What a line of the log looks like, and what is plausible."""

    pattern: str
    """Regular expression of a line, with the groups named below."""
    iteration: str = "iteration"
    loss: str = "loss"
    first_loss: Band | None = None
    """Where the first loss should lie."""
    last_loss: Band | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


@dataclass(frozen=True, slots=True)
class _Row:
    iteration: float
    loss: float


@kind("log", parameters=LogParameters, parts=("training",))
def judge(context: JudgeContext, parameters: LogParameters) -> Verdict:
    """Compares a stored training log with what is plausible, and says what the re-run did.

    Looks at: the stored outputs of the hand-in, and those of the training cells when they were run here.
    Why: a log that was typed by hand or comes from other code rarely fits.
    Passes: rows at even steps whose first and last losses lie in the bands.
    Does not pass: nothing; flags `log-*` tell a person, and marks are not touched.
    Limits: a plausible log may still be made up.
    """
    stored = rows_of(_stored_outputs(context.evidence.notebook), parameters)
    rerun = _rerun_in_words(context.evidence, parameters)
    if not stored:
        sentences = ["No training log is stored in your notebook.", *rerun]
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=" ".join(sentences))
    flags, sentences = _odd(stored, parameters)
    summary = f"Your log has {len(stored)} rows; the loss goes from {stored[0].loss:g} to {stored[-1].loss:g}."
    return Verdict(
        outcome=Outcome.PASSED,
        mark=ZERO,
        reason=" ".join([summary, *sentences, *rerun]),
        flags=tuple(flags),
        evidence=("training",) if context.evidence.has("training") else (),
    )


def rows_of(outputs: list[str], parameters: LogParameters) -> list[_Row]:
    """The rows of a log; lines that do not match are passed over."""
    pattern = re.compile(parameters.pattern)
    rows: list[_Row] = []
    for text in outputs:
        for line in text.splitlines():
            match = pattern.search(line[:_LINE_CHARS])
            if match is None or len(rows) >= _ROWS:
                continue
            groups = match.groupdict()
            try:
                rows.append(_Row(float(groups[parameters.iteration]), float(groups[parameters.loss])))
            except (KeyError, TypeError, ValueError):
                continue
    return rows


def _odd(rows: list[_Row], parameters: LogParameters) -> tuple[list[str], list[str]]:
    """Flags and sentences about what does not fit."""
    flags, sentences = [], []
    steps = {second.iteration - first.iteration for first, second in pairwise(rows)}
    if len(steps) > 1:
        flags.append("log-uneven-steps")
        sentences.append("Its rows do not lie at even steps.")
    if not all(math.isfinite(row.loss) for row in rows):
        flags.append("log-not-finite")
        sentences.append("Some losses are not finite.")
    for name, band, row in (
        ("first", parameters.first_loss, rows[0]),
        ("last", parameters.last_loss, rows[-1]),
    ):
        if band is not None and not band[0] <= row.loss <= band[1]:
            flags.append(f"log-{name}-loss")
            sentences.append(f"Its {name} loss, {row.loss:g}, is not between {band[0]:g} and {band[1]:g}.")
    return flags, sentences


def _rerun_in_words(evidence: Evidence, parameters: LogParameters) -> list[str]:
    """What became of the training cells when they were run here; nothing if they were not."""
    if not evidence.has("training"):
        return []
    record = evidence.part("training").record
    words = []
    if record.environment.get("training_steps"):
        words.append(f"{record.environment['training_steps']} steps")
    if record.environment.get("training_stopped"):
        words.append("stopped by us")
    rows = rows_of(_executed_outputs(evidence.folder / _EXECUTED), parameters)
    if rows:
        words.append(f"loss {rows[0].loss:g} to {rows[-1].loss:g}")
    raised = next((s.raised for cell in record.cells for s in cell.statements if s.raised is not None), None)
    if raised is not None:
        words.append(f"ended by {raised.type[:60]}")
    return [f"Our re-run: {', '.join(words)}."] if words else ["Our re-run left no log."]


def _stored_outputs(notebook: NotebookRecord) -> list[str]:
    return [text for cell in notebook.cells for text in cell.outputs]


def _executed_outputs(path: Path) -> list[str]:
    """The streams of the executed notebook, as far as the file is what it should be."""
    try:
        if path.stat().st_size > _EXECUTED_BYTES:
            return []
        document: Any = json.loads(path.read_bytes())
        outputs = [output for cell in document["cells"] for output in cell.get("outputs", ())]
        return ["".join(output.get("text", "")) for output in outputs]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []
