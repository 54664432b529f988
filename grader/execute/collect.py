"""The evidence of one dead kernel, read file by file under the names that we asked for, and believed about nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader.evidence import CellRun, Definition, ProbeRun, Raised
from grader.execute.claims import check_claims
from grader.execute.readback import AbsentError, Readback, RefusedError
from grader.execute.tensors import Tensors, unpack
from grader.execute.watch import JOURNAL
from grader.probes import Probe
from grader.records import Record
from grader.values import FROM_KERNEL

JSON_BYTES = 6 * 1024 * 1024
"""Of all JSON in a part; its index has to stay below the ceiling of `grader.evidence`."""
_FILE_BYTES = 2 * 1024 * 1024
_MOST_TENSORS = 6_000
_MOST_OBJECTS = 20_000
"""In one file: each takes a hundred times the memory that it takes on disk."""
_MOST_NOTES = 60
_MOST_DEFINITIONS = 50
_MESSAGE_CHARS = 500

T = TypeVar("T")
Short = Annotated[str, Field(max_length=200)]


class JournalLine(BaseModel):
    """What the agent notes before and after each unit of work."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    begin: Literal["statement", "probe", "training"] | None = None
    end: Literal["statement", "probe", "training"] | None = None
    cell: int | None = None
    ordinal: int | None = None
    line: int | None = None
    probe: Short | None = None
    definition: int = 0


class TrainingRun(Record):
    """How the training cells ended."""

    steps: int = 0
    stopped: Literal["steps", "seconds"] | None = None
    raised: Raised | None = None
    seconds: float = 0.0


_CELL, _PROBE, _TRAINING = TypeAdapter(CellRun), TypeAdapter(ProbeRun), TypeAdapter(TrainingRun)
_DEFINITIONS = TypeAdapter(tuple[Definition, ...])
_ENVIRONMENT = TypeAdapter(dict[Short, Short | None])


@dataclass(slots=True, kw_only=True)
class KernelEvidence:
    """What one kernel left."""

    unfinished: JournalLine | None = None
    """The unit that was begun last, if it did not end."""
    cells: dict[int, CellRun] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    probes: dict[tuple[str, int], ProbeRun] = field(default_factory=dict)
    tensors: dict[tuple[str, int], Tensors] = field(default_factory=dict)
    training: TrainingRun | None = None
    environment: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    """Sentences about what was not taken."""


@dataclass(slots=True, kw_only=True)
class Allowance:
    """How much a part may still hold, over all its kernels."""

    tensor_bytes: int
    json_bytes: int = JSON_BYTES
    stored_bytes: int = JSON_BYTES
    """Of JSON as it will be stored, where every field is written out."""


def collect(folder: int, *, cells: Iterable[int], probes: Iterable[Probe], allowance: Allowance) -> KernelEvidence:
    """Read what a kernel left.

    Args:
        folder: descriptor of its evidence folder; the kernel has to be dead.
        cells: the cells that it was asked to run.
        probes: the probes that it was asked to run.
        allowance: reduced by what is taken.
    """
    found = KernelEvidence()
    reader = _Reader(folder, allowance, found.refusals)
    found.unfinished = _unfinished(reader.text(JOURNAL))
    for index in cells:
        cell = _cell(reader, index)
        if cell is not None:
            found.cells[index] = cell
    definitions = reader.record("definitions.json", _DEFINITIONS)
    plausible = [definition for definition in definitions or () if len(definition.name) <= _MESSAGE_CHARS]
    found.definitions = tuple(plausible[: 10 * _MOST_DEFINITIONS])
    found.training = reader.record("training.json", _TRAINING)
    environment = reader.record("environment.json", _ENVIRONMENT) or {}
    found.environment = {name: value for name, value in list(environment.items())[:20] if value is not None}
    for probe in probes:
        named = sum(1 for definition in found.definitions if definition.name == probe.subject)
        for index in range(max(1, min(named, _MOST_DEFINITIONS))):
            _probe(reader, found, probe.id, index)
    return found


class _Reader:
    """Reads JSON within the allowance; what is refused becomes a sentence."""

    def __init__(self, folder: int, allowance: Allowance, refusals: list[str]) -> None:
        self._files = Readback(folder, 64 * 1024 * 1024)
        self._allowance = allowance
        self._refusals = refusals

    def has(self, name: str) -> bool:
        return self._files.exists(name)

    def refuse(self, why: str) -> None:
        self._refusals.append(f"evidence was not taken: {why}")

    def text(self, name: str) -> bytes | None:
        """The bytes of a file; None if it is not there or not taken."""
        try:
            content = self._files.read(name, min(_FILE_BYTES, self._allowance.json_bytes))
        except AbsentError:
            return None
        except RefusedError as error:
            self.refuse(str(error))
            return None
        self._allowance.json_bytes -= len(content)
        return content

    def record(self, name: str, form: TypeAdapter[T]) -> T | None:
        """The record in a file; None if it is not there or not taken."""
        content = self.text(name)
        if content is None:
            return None
        objects = content.count(b"{")
        if objects > _MOST_OBJECTS:
            self.refuse(f"{name} has {objects} parts, {_MOST_OBJECTS} are allowed")
            return None
        try:
            return form.validate_json(content, strict=True, context=FROM_KERNEL)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            self.refuse(f"{name} is malformed ({first['type']})")
            return None

    def charge(self, record: BaseModel, name: str) -> None:
        """Count what a record takes to store beyond what it took to read: what it leaves out is written out there.

        Raises:
            RefusedError: if that is more than is left.
        """
        size = len(record.model_dump_json().encode())
        if size > self._allowance.stored_bytes:
            raise RefusedError(f"{name} takes {size} bytes to store, {self._allowance.stored_bytes} are left")
        self._allowance.stored_bytes -= size

    def tensors(self, name: str, prefix: str) -> Tensors | None:
        """The tensors in a file; None if it is not there.

        Raises:
            RefusedError: if they are not as they have to be, or too large.
        """
        try:
            content = self._files.read(name, self._allowance.tensor_bytes)
        except AbsentError:
            return None
        found = unpack(content, prefix=prefix, most=_MOST_TENSORS)
        self._allowance.tensor_bytes -= len(content)
        return found


def _cell(reader: _Reader, index: int) -> CellRun | None:
    name = f"cell-{index}.json"
    cell = reader.record(name, _CELL)
    if cell is None or cell.index != index:
        return None
    notes = tuple(note[:_MESSAGE_CHARS] for note in cell.notes[:_MOST_NOTES])
    cell = cell.model_copy(update={"notes": notes})
    try:
        reader.charge(cell, name)
    except RefusedError as error:
        reader.refuse(str(error))
        return None
    return cell


def _probe(reader: _Reader, found: KernelEvidence, probe: str, definition: int) -> None:
    stem, key = f"probe-{probe}@{definition}", (probe, definition)
    if not reader.has(f"{stem}.json"):
        return
    refused = ProbeRun(probe=probe, definition=definition, status="refused")
    run = reader.record(f"{stem}.json", _PROBE)
    if run is None:
        found.probes[key] = refused
        return
    try:
        if (run.probe, run.definition) != key:
            raise RefusedError(f"{stem}.json speaks of another probe")
        tensors = reader.tensors(f"{stem}.safetensors", f"{probe}@{definition}/")
        check_claims(run, {} if tensors is None else tensors.layout.tensors)
        reader.charge(run, f"{stem}.json")
    except RefusedError as error:
        found.refusals.append(f"the evidence of probe {probe} was not taken: {error}")
        found.probes[key] = refused
        return
    found.probes[key] = run.model_copy(update={"raised": shortened(run.raised)})
    if tensors is not None:
        found.tensors[key] = tensors


def shortened(raised: Raised | None) -> Raised | None:
    """An exception with texts of bounded length."""
    if raised is None:
        return None
    return raised.model_copy(
        update={
            "type": raised.type[:100],
            "message": raised.message[:_MESSAGE_CHARS],
            "source": raised.source[:_MESSAGE_CHARS],
        }
    )


def _unfinished(journal: bytes | None) -> JournalLine | None:
    """The last unit that began and did not end; lines that are no journal's are passed over."""
    unfinished: JournalLine | None = None
    for text in (journal or b"").splitlines():
        line = _line(text)
        if line is not None and line.begin is not None:
            unfinished = line
        elif line is not None and line.end is not None:
            unfinished = None
    return unfinished


def _line(text: bytes) -> JournalLine | None:
    try:
        return JournalLine.model_validate_json(text)
    except ValidationError:
        return None
