"""What came out of a kernel, as stored: JSON records with tensors in safetensors files beside them.

A *part* is what one sequence of kernels yielded for one purpose: `student` (definitions and probes), `stand-ins` (model
probes with library layers behind the coursework's names), `training`. Parts are written once; judges only read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.errors import EvidenceError
from grader.records import NotebookRecord, Record
from grader.values import Value

if TYPE_CHECKING:
    import torch

    from grader.stored_tensors import StoredTensors

INDEX_BYTES = 8 * 1024 * 1024
"""Ceiling for the JSON of one part."""


class Raised(Record):
    """An exception in a student's code, as data."""

    type: str
    message: str = ""
    """At most 500 characters; shown only where the input of the code is not hidden."""
    line: int | None = None
    """Line in the student's cell; None where it was not raised in the student's own code."""
    cell: int | None = None
    source: str = ""
    """The student's own line."""


class StatementRun(Record):
    """One top-level statement."""

    kind: Literal["import", "definition", "assignment", "training", "other"]
    line: int
    end_line: int
    names: tuple[str, ...] = ()
    """Names that it binds."""
    status: Literal["ok", "raised", "timeout", "killed", "not-run"]
    """`not-run` is for what is neither import, definition nor assignment; `killed` took the kernel with it."""
    raised: Raised | None = None


class CellRun(Record):
    """One code cell."""

    index: int
    status: Literal["run", "syntax-error", "nothing-to-run"]
    """`syntax-error`: the cell does not parse as a whole; the parts of it that do were run all the same."""
    syntax_error: Raised | None = None
    statements: tuple[StatementRun, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the student: a shim that answered, a shell line that was left out."""


class Definition(Record):
    """One definition of a name that the rubric asks about, in order of execution."""

    name: str
    cell: int
    line: int


class ProbeRun(Record):
    """One probe on one definition."""

    probe: str
    definition: int = 0
    """Index into the part's definitions of the probe's subject; 0 without a subject."""
    status: Literal["done", "raised", "timeout", "killed", "skipped", "missing-name", "refused"]
    """`missing-name`: the subject or a name that it constructs is not defined; `refused`: evidence over a limit."""
    dtype: Literal["float64", "float32"] = "float64"
    salt: int = 0
    """How often a degenerate draw was replaced."""
    raised: Raised | None = None
    step: int | None = None
    """The step that raised or did not end."""
    values: dict[str, Value] = {}
    seed: str = ""


class PartRecord(Record):
    """The index of a part."""

    schema_version: Literal[1] = 1
    part: Literal["student", "stand-ins", "training"]
    level: str
    """Sandbox level under which it was taken."""
    seed: str
    cells: tuple[CellRun, ...] = ()
    definitions: tuple[Definition, ...] = ()
    probes: tuple[ProbeRun, ...] = ()
    kernels: int = 1
    """How many kernels it took; more than one after a hang or a crash."""
    limits_met: tuple[str, ...] = ()
    """Sentences: "the statement in cell 4, line 2 was stopped after 30 s"."""
    notes: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    """Versions inside the kernel, as reported by it; information only."""


class _Outline(BaseModel):
    """Reads some fields of a record and passes over the others."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RunOutline(_Outline):
    """Which run of a probe it is, and how it ended."""

    probe: str
    definition: int = 0
    status: Literal["done", "raised", "timeout", "killed", "skipped", "missing-name", "refused"]
    seed: str = ""


class PartOutline(_Outline):
    """A part without the values that its probes recorded: a fraction of the work of reading it all."""

    part: Literal["student", "stand-ins", "training"]
    seed: str
    cells: tuple[CellRun, ...] = ()
    definitions: tuple[Definition, ...] = ()
    probes: tuple[RunOutline, ...] = ()
    limits_met: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Read = TypeVar("Read", bound=BaseModel)


class Part:
    """A stored part: its record, and its tensors on demand.

    Raises:
        EvidenceError: if a file is missing, oversized, malformed or of another schema.
    """

    def __init__(self, index: Path) -> None:
        self._index = index

    @cached_property
    def record(self) -> PartRecord:
        return self._read(PartRecord)

    @cached_property
    def outline(self) -> PartOutline | PartRecord:
        """What is known without the recorded values; the record itself where it has been read already."""
        record: PartRecord | None = self.__dict__.get("record")
        return self._read(PartOutline) if record is None else record

    def _read(self, model: type[Read]) -> Read:
        try:
            size = self._index.stat().st_size
            if size > INDEX_BYTES:
                raise EvidenceError("evidence-too-large", f"the index has {size} bytes", where=str(self._index.name))
            return model.model_validate_json(self._index.read_bytes())
        except OSError as error:
            raise EvidenceError(
                "evidence-missing", f"cannot read {self._index.name}", next_step="grader execute --missing"
            ) from error
        except ValidationError as error:
            raise EvidenceError(
                "evidence-malformed", f"{error.error_count()} fields are wrong", where=self._index.name
            ) from error

    @cached_property
    def tensors(self) -> StoredTensors:
        from grader.stored_tensors import StoredTensors  # loads torch, which whoever takes evidence does without

        return StoredTensors(self._index.with_suffix(".safetensors"))

    @cached_property
    def _runs(self) -> dict[tuple[str, int], ProbeRun]:
        found: dict[tuple[str, int], ProbeRun] = {}
        for run in self.record.probes:
            found.setdefault((run.probe, run.definition), run)
        return found

    @cached_property
    def _outlines(self) -> dict[str, dict[int, RunOutline | ProbeRun]]:
        found: dict[str, dict[int, RunOutline | ProbeRun]] = {}
        for run in self.outline.probes:
            found.setdefault(run.probe, {}).setdefault(run.definition, run)
        return found

    def definitions(self, name: str) -> list[Definition]:
        return [definition for definition in self.outline.definitions if definition.name == name]

    def probe(self, probe: str, definition: int = 0) -> ProbeRun | None:
        return self._runs.get((probe, definition))

    def probe_runs(self, probe: str) -> Iterator[ProbeRun]:
        return (run for run in self.record.probes if run.probe == probe)

    def probed(self, probe: str) -> list[int]:
        """The definitions on which a probe was run, in the order in which they are stored."""
        return list(self._outlines.get(probe, ()))

    def ending(self, probe: str, definition: int = 0) -> RunOutline | ProbeRun | None:
        """How a run ended, without its values; None if there was none."""
        return self._outlines.get(probe, {}).get(definition)

    def tensor(self, value: Value | str | None) -> torch.Tensor | None:
        """The tensor of a value or key; None where there is none."""
        key = value.key if isinstance(value, Value) else value
        return None if key is None else self.tensors.find(key)


class Evidence:
    """Everything stored about one submission."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[str, Part] = {}
        self._there: dict[str, bool] = {}
        self.missing: set[str] = set()
        """Parts that were asked for and are not there."""

    @cached_property
    def notebook(self) -> NotebookRecord:
        """The notebook as handed in.

        Raises:
            EvidenceError: if it was not stored.
        """
        path = self.folder / "notebook.json"
        try:
            return NotebookRecord.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise EvidenceError("evidence-missing", "the notebook is not stored", where=path.name) from error

    def has(self, part: str) -> bool:
        if part not in self._there:
            self._there[part] = (self.folder / f"{part}.json").exists()
        return self._there[part]

    def ask(self, part: str) -> Part | None:
        """A part that a verdict hangs on; None if it was not taken, which is then known as `missing`."""
        if self.has(part):
            return self.part(part)
        self.missing.add(part)
        return None

    def part(self, part: str) -> Part:
        if part not in self._parts:
            self._parts[part] = Part(self.folder / f"{part}.json")
        return self._parts[part]
