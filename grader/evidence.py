"""What came out of a kernel, as stored: JSON records with tensors in safetensors files beside them.

A *part* is what one sequence of kernels yielded for one purpose: `student` (definitions and probes), `stand-ins` (model
probes with library layers behind the coursework's names), `training`. Parts are written once; judges only read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from grader.errors import EvidenceError
from grader.records import NotebookRecord, Record

EVIDENCE_VERSION = 1
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


class ParameterFacts(Record):
    name: str
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool = True


class ModuleFacts(Record):
    """A submodule; the module itself has the empty name."""

    name: str
    class_name: str
    library: bool
    """True if the class is torch's own."""
    attributes: dict[str, int | float | bool | str | None] = {}
    """Scalar attributes of the instance, without private ones."""


class Facts(Record):
    """What an object constructed by a probe looks like."""

    class_name: str
    is_module: bool
    parameters: tuple[ParameterFacts, ...] = ()
    modules: tuple[ModuleFacts, ...] = ()
    attributes: dict[str, int | float | bool | str | None] = {}


class TracedCall(Record):
    """One call of a submodule during a trace; tensors by identifier, equal content has equal identifiers."""

    module: str
    class_name: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


class Value(Record):
    """A recorded value. Tensors are named by their key in the safetensors file of the part."""

    kind: Literal["tensor", "array", "scalar", "text", "none", "tuple", "list", "dict", "object", "missing", "other"]
    """`array` is a NumPy array, `object` has facts, `missing` an attribute that is not there, `other` anything else."""
    key: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    scalar: int | float | bool | None = None
    text: str | None = None
    """Text (at most 2,000 characters), or "nan", "inf", "-inf" for such a scalar, or the type name of `other`."""
    items: tuple[Value, ...] = ()
    names: tuple[str, ...] = ()
    """The keys of a dict, beside `items`."""
    facts: Facts | None = None
    calls: tuple[TracedCall, ...] = ()
    """Of a traced call, in order."""
    gradients: dict[str, str] = {}
    """Of a Jacobian or VJP: name -> tensor key."""
    changed: tuple[int, ...] = ()
    """Positions of tensor arguments (tuples flattened) that the call changed in place."""


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


class Part:
    """A stored part: its record, and its tensors on demand.

    Raises:
        EvidenceError: if a file is missing, oversized, malformed or of another schema.
    """

    def __init__(self, index: Path) -> None:
        self._index = index

    @cached_property
    def record(self) -> PartRecord:
        try:
            size = self._index.stat().st_size
            if size > INDEX_BYTES:
                raise EvidenceError("evidence-too-large", f"the index has {size} bytes", where=str(self._index.name))
            return PartRecord.model_validate_json(self._index.read_bytes())
        except OSError as error:
            raise EvidenceError(
                "evidence-missing", f"cannot read {self._index.name}", next_step="grader execute --missing"
            ) from error
        except ValidationError as error:
            raise EvidenceError(
                "evidence-malformed", f"{error.error_count()} fields are wrong", where=self._index.name
            ) from error

    @cached_property
    def tensors(self) -> Mapping[str, torch.Tensor]:
        path = self._index.with_suffix(".safetensors")
        if not path.exists():
            return {}
        try:
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except (SafetensorError, OSError) as error:
            raise EvidenceError("evidence-malformed", "the tensors cannot be read", where=path.name) from error

    def definitions(self, name: str) -> list[Definition]:
        return [definition for definition in self.record.definitions if definition.name == name]

    def probe(self, probe: str, definition: int = 0) -> ProbeRun | None:
        for run in self.record.probes:
            if run.probe == probe and run.definition == definition:
                return run
        return None

    def probe_runs(self, probe: str) -> Iterator[ProbeRun]:
        return (run for run in self.record.probes if run.probe == probe)

    def tensor(self, value: Value | str | None) -> torch.Tensor | None:
        """The tensor of a value or key; None where there is none."""
        key = value.key if isinstance(value, Value) else value
        return None if key is None else self.tensors.get(key)


class Evidence:
    """Everything stored about one submission."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._parts: dict[str, Part] = {}

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
        return (self.folder / f"{part}.json").exists()

    def part(self, part: str) -> Part:
        if part not in self._parts:
            self._parts[part] = Part(self.folder / f"{part}.json")
        return self._parts[part]
