"""The evidence of one dead kernel, read file by file under the names that we asked for, and believed about nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.evidence import CellRun, Definition, ProbeRun, Raised
from grader.execute.claims import check_claims
from grader.execute.readback import AbsentError, RefusedError
from grader.execute.reader import Allowance, Reader, sent_run, stored_bytes, strictly
from grader.execute.tensors import Tensors
from grader.execute.watch import JOURNAL
from grader.probes import Probe
from grader.records import Record

_MOST_NOTES = 60
_MOST_DEFINITIONS = 50
_MESSAGE_CHARS = 500

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


_CELL, _TRAINING = strictly(CellRun), strictly(TrainingRun)
_DEFINITIONS = strictly(tuple[Definition, ...])
_ENVIRONMENT = strictly(dict[Short, Short | None])


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


def collect(folder: int, *, cells: Iterable[int], probes: Iterable[Probe], allowance: Allowance) -> KernelEvidence:
    """Read what a kernel left.

    Args:
        folder: descriptor of its evidence folder; the kernel has to be dead.
        cells: the cells that it was asked to run.
        probes: the probes that it was asked to run.
        allowance: reduced by what is taken.
    """
    found = KernelEvidence()
    reader = Reader(folder, allowance, found.refusals)
    found.unfinished = _unfinished(reader.if_taken(reader.text, JOURNAL))
    for index in cells:
        cell = _cell(reader, index)
        if cell is not None:
            found.cells[index] = cell
    definitions = reader.if_taken(reader.record, "definitions.json", _DEFINITIONS)
    plausible = [definition for definition in definitions or () if len(definition.name) <= _MESSAGE_CHARS]
    found.definitions = tuple(plausible[: 10 * _MOST_DEFINITIONS])
    named = Counter(definition.name for definition in found.definitions)
    found.training = reader.if_taken(reader.record, "training.json", _TRAINING)
    environment = reader.if_taken(reader.record, "environment.json", _ENVIRONMENT) or {}
    found.environment = {name: value for name, value in list(environment.items())[:20] if value is not None}
    for probe in probes:
        subjects = 0 if probe.subject is None else named[probe.subject]
        for index in range(max(1, min(subjects, _MOST_DEFINITIONS))):
            _probe(reader, found, probe.id, index)
    return found


def _cell(reader: Reader, index: int) -> CellRun | None:
    name = f"cell-{index}.json"
    cell = reader.if_taken(reader.record, name, _CELL)
    if cell is None or cell.index != index:
        return None
    notes = tuple(note[:_MESSAGE_CHARS] for note in cell.notes[:_MOST_NOTES])
    cell = cell.model_copy(update={"notes": notes})
    try:
        reader.charge(stored_bytes(cell), name)
    except RefusedError as error:
        reader.refuse(str(error))
        return None
    return cell


def _probe(reader: Reader, found: KernelEvidence, probe: str, definition: int) -> None:
    stem, key = f"probe-{probe}@{definition}", (probe, definition)
    try:
        sent = reader.record(f"{stem}.json", sent_run)
    except AbsentError:
        return
    except RefusedError as error:
        reader.refuse(str(error))
        found.probes[key] = _refused(key)
        return
    run = sent.run
    try:
        if (run.probe, run.definition) != key:
            raise RefusedError(f"{stem}.json speaks of another probe")
        tensors = reader.tensors(f"{stem}.safetensors", f"{probe}@{definition}/")
        check_claims(sent.claims, {} if tensors is None else tensors.layout.tensors)
        reader.charge(sent.stored_bytes, f"{stem}.json")
    except RefusedError as error:
        found.refusals.append(f"the evidence of probe {probe} was not taken: {error}")
        found.probes[key] = _refused(key)
        return
    if run.raised is not None:
        run = run.model_copy(update={"raised": shortened(run.raised)})
    found.probes[key] = run
    if tensors is not None:
        found.tensors[key] = tensors


def _refused(key: tuple[str, int]) -> ProbeRun:
    probe, definition = key
    return ProbeRun(probe=probe, definition=definition, status="refused")


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
    for text in reversed((journal or b"").splitlines()):
        line = _line(text)
        if line is not None and line.begin is not None:
            return line
        if line is not None and line.end is not None:
            return None
    return None


def _line(text: bytes) -> JournalLine | None:
    try:
        return JournalLine.model_validate_json(text)
    except ValidationError:
        return None
