"""The exceptions of the grader: one tree, one base.

    GraderError
    ├── ConfigError             the instructor can fix it
    │   ├── RubricError         rubric.yaml, its notebooks or its tests
    │   ├── UnknownCheckError   a check, question or student that is not there
    │   └── RunError            a run folder that cannot be used as asked
    ├── IntakeError             the student can fix it: a row in a batch, never a stop
    │   ├── ArchiveError
    │   └── NotebookFormatError
    ├── EvidenceError           a stored file that cannot be believed, or whose schema is too old or too new
    ├── SandboxError            the host cannot isolate
    │   └── SandboxUnavailableError
    └── CheckFaultError         one of our own checks raised

Each carries the same three parts, so that terminal, page and JSON print the same words: what happened, where, and what
to do next. What a student's code does is never an exception here: it is data (`grader.records`).
"""

from __future__ import annotations


class GraderError(Exception):
    """Base of all errors that the grader raises on purpose.

    Args:
        code: kebab-case name of the kind of error; never renumbered, never reused.
        what: one sentence, with the value found and the value wanted.
        where: file, line, key or submission.
        next_step: one action for the reader.
    """

    exit_code = 3

    def __init__(self, code: str, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        lines = [f"error[{self.code}]: {self.what}"]
        if self.where:
            lines.append(f"  at   {self.where}")
        if self.next_step:
            lines.append(f"  next {self.next_step}")
        return "\n".join(lines)


class ConfigError(GraderError):
    """Something that the instructor wrote or typed cannot be used."""

    exit_code = 2


class RubricError(ConfigError):
    """The coursework's own files are wrong."""


class UnknownCheckError(ConfigError):
    """A check, question or student was asked for that does not exist."""


class RunError(ConfigError):
    """A run folder is missing, locked, or belongs to another rubric."""


class IntakeError(GraderError):
    """A hand-in cannot be read; becomes a row with status `refused`."""

    exit_code = 1


class ArchiveError(IntakeError):
    """An archive is broken, hostile or too large."""


class NotebookFormatError(IntakeError):
    """A notebook or script cannot be parsed."""


class EvidenceError(GraderError):
    """Stored or returned evidence is malformed, oversized or of an unknown schema."""


class SandboxError(GraderError):
    """Isolation failed."""


class SandboxUnavailableError(SandboxError):
    """This host cannot isolate a student's process at any level."""


class CheckFaultError(GraderError):
    """A check of ours raised; carries the check and the evidence it looked at in `where`."""
