"""Kind `log`: what a training run printed. It never gives or takes marks; it tells a person what does not fit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from pydantic import Field, field_validator, model_validator

from grader.evidence import Evidence
from grader.oracle import LogOracle, Oracle
from grader.probes import Probe
from grader.records import NotebookRecord, Outcome, Record
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.cell_probes import require_known
from grader.score.kinds.credit import joined
from grader.score.kinds.log_rows import Log, logs_of
from grader.score.kinds.log_rules import Oddity, beside_rerun, oddities
from grader.score.marks import ZERO

_EXECUTED = "executed-training.ipynb"
_EXECUTED_BYTES = 32 * 1024 * 1024
Band = tuple[float, float]
NOTED = "The course staff see this; it changes no mark."


class AtNewMaximum(Record):
    """A column that the given code computes anew only where another reaches its maximum so far."""

    of: str
    when: str


class Close(Record):
    """A column that by its making lies near the best value so far of another."""

    of: str
    to: str
    within: float = Field(gt=0)


class LogParameters(Record):
    """What a line of the log looks like, and what must hold if the given code printed it."""

    pattern: str
    """Regular expression of a line, with a group for each column."""
    iteration: str = "iteration"
    """The column that counts; its values are evenly spaced."""
    loss: str = "loss"
    columns: dict[str, str] = {}
    """Further columns with numbers -> what the page calls them."""
    every: int | None = Field(default=None, gt=0)
    """The step between rows, and the first row, where the given code fixes it."""
    last: int | None = Field(default=None, gt=0)
    """The last row, where the given code fixes it."""
    first_loss: Band | None = None
    """Where the first loss should lie."""
    classes: int | None = Field(default=None, gt=1)
    """Instead: how many classes there are; the loss of a guess is the logarithm of that."""
    classes_factor: float = Field(default=3.0, gt=1)
    """The first loss should lie within this factor of a guess's."""
    last_loss: Band | None = None
    integer: tuple[str, ...] = ()
    """Columns that hold whole numbers."""
    within: dict[str, Band] = {}
    """Column -> smallest and largest value."""
    changes_only_at_new_maximum: AtNewMaximum | None = None
    close: Close | None = None
    oracle: dict[str, Any] | None = None
    """What the rubric's oracle should look at beside; its keys are the oracle's. Not asked if nothing is said."""
    known_as: dict[str, str] = {}
    """Column -> what the oracle calls it, where that is another name."""
    rerun_factor: float | None = Field(default=None, gt=1)
    """The first loss should lie within this factor of that of our re-run; not compared if nothing is said."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _columns_are_there(self) -> LogParameters:
        groups = re.compile(self.pattern).groupindex
        for name in (self.iteration, self.loss, *self.columns):
            if name not in groups:
                raise ValueError(f"`pattern` has no group (?P<{name}>...)")
        rules = [self.changes_only_at_new_maximum, self.close]
        ruled = [name for rule in rules if rule is not None for name in _names(rule)]
        used = [*self.integer, *self.known_as, *self.within, *ruled]
        for name in used:
            if name not in (self.iteration, self.loss, *self.columns):
                raise ValueError(f'"{name}" is not among the `columns`')
        if self.first_loss is not None and self.classes is not None:
            raise ValueError("give either `first_loss` or `classes`")
        return self

    @property
    def first_band(self) -> Band | None:
        """Where the first loss should lie."""
        if self.classes is None:
            return self.first_loss
        guess = math.log(self.classes)
        return guess / self.classes_factor, guess * self.classes_factor

    def word(self, column: str) -> str:
        """What the page calls a column."""
        return self.columns.get(column) or column


def _names(rule: AtNewMaximum | Close) -> tuple[str, str]:
    return (rule.of, rule.when) if isinstance(rule, AtNewMaximum) else (rule.of, rule.to)


def _checked(rubric: Rubric, check: Check, parameters: LogParameters, oracle: Oracle | None) -> Iterable[Probe]:
    if parameters.oracle is not None:
        known = tuple(oracle.log_expectations()) if isinstance(oracle, LogOracle) else ()
        for key in parameters.oracle:
            require_known(rubric, check, "expectation of a log", key, known)
    return ()


@kind("log", parameters=LogParameters, parts=("training",), probes=_checked)
def judge(context: JudgeContext, parameters: LogParameters) -> Verdict:
    """Checks a stored training log against itself and sets it beside our re-run; it never gives or takes marks.

    Looks at: the stored outputs of the hand-in, and those of the training cells when they were run here.
    Why: a log that was typed by hand or comes from other code rarely fits.
    Passes: rows at even steps, none of them twice, with finite losses whose first and last lie in their bands, columns
    that are whole and in range, a column that changes only where another reaches its maximum, and near it; what the
    rubric's oracle expects (`oracle`); and the same first steps and a comparable first loss as in the re-run.
    Does not pass: nothing; flags `log-*` tell a person, and marks are not touched.
    Limits: a plausible log may still be made up. Where several runs are stored, each is checked, and the first is set
    beside the re-run.
    """
    stored = _logs(_stored_outputs(context.evidence.notebook), parameters)
    rerun = _rerun(context.evidence, parameters)
    words = _rerun_in_words(context.evidence, rerun, parameters)
    if not stored:
        reason = joined(["No training log is stored in your notebook.", *words])
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=reason)
    found = [oddity for log in stored for oddity in oddities(log, parameters)]
    found += _by_oracle(context.oracle, stored, parameters, {oddity.flag for oddity in found})
    if rerun:
        found += beside_rerun(stored[0], rerun[0], parameters)
    return Verdict(
        outcome=Outcome.PASSED,
        mark=ZERO,
        reason=joined([_summary(stored, parameters), *_sentences(found), *words]),
        flags=tuple(dict.fromkeys(oddity.flag for oddity in found)),
        evidence=("training",) if context.evidence.has("training") else (),
    )


def _by_oracle(oracle: Oracle | None, logs: list[Log], parameters: LogParameters, said: set[str]) -> list[Oddity]:
    """What the oracle finds that the rules here have not said."""
    if parameters.oracle is None or not isinstance(oracle, LogOracle):
        return []
    names = {parameters.iteration: "iteration", parameters.loss: "loss"} | parameters.known_as
    found = []
    for log in logs:
        rows = [{names.get(column, column): value for column, value in row.values.items()} for row in log]
        for finding in oracle.check_log(rows, parameters.oracle):
            if finding.code not in said:
                found.append(Oddity(flag=finding.code, sentence=finding.sentence))
    return found


def _sentences(found: list[Oddity]) -> list[str]:
    return [*(oddity.sentence for oddity in found), NOTED] if found else []


def _summary(stored: list[Log], parameters: LogParameters) -> str:
    log = stored[-1]
    first, last = (row.values[parameters.loss] for row in (log[0], log[-1]))
    which = "Your log has" if len(stored) == 1 else f"Of your {len(stored)} logs the last has"
    return f"{which} {len(log)} rows; the loss goes from {first:g} to {last:g}."


def _logs(outputs: list[list[str]], parameters: LogParameters) -> list[Log]:
    columns = (parameters.loss, *parameters.columns)
    return logs_of(outputs, parameters.pattern, parameters.iteration, columns)


def _rerun(evidence: Evidence, parameters: LogParameters) -> list[Log]:
    return _logs(executed_outputs(evidence), parameters)


def _rerun_in_words(evidence: Evidence, rerun: list[Log], parameters: LogParameters) -> list[str]:
    """What became of the training cells when they were run here; nothing if they were not."""
    if not evidence.has("training"):
        return []
    record = evidence.part("training").record
    words = []
    if record.environment.get("training_steps"):
        words.append(f"{record.environment['training_steps']} steps")
    if record.environment.get("training_stopped"):
        words.append("stopped by us")
    if rerun:
        first, last = (row.values[parameters.loss] for row in (rerun[0][0], rerun[0][-1]))
        words.append(f"loss {first:g} to {last:g}")
    raised = next((s.raised for cell in record.cells for s in cell.statements if s.raised is not None), None)
    if raised is not None:
        words.append(f"ended by {raised.type[:60]}")
    return [f"Our re-run: {', '.join(words)}."] if words else ["Our re-run left no log."]


def _stored_outputs(notebook: NotebookRecord) -> list[list[str]]:
    return [list(cell.outputs) for cell in notebook.cells]


def executed_outputs(evidence: Evidence) -> list[list[str]]:
    """What each cell printed when the training cells were run here, as far as the file is what it should be."""
    if not evidence.has("training"):
        return []
    path = evidence.folder / _EXECUTED
    try:
        if path.stat().st_size > _EXECUTED_BYTES:
            return []
        document: Any = json.loads(path.read_bytes())
        return [["".join(output.get("text", "")) for output in cell.get("outputs", ())] for cell in document["cells"]]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []
