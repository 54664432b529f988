"""Evidence as a kernel leaves it, and changes to it that no agent of ours would make."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save

from grader.evidence import CellRun, PartRecord, ProbeRun
from grader.execute.collect import collect
from grader.execute.ledger import Ledger
from grader.execute.reader import Allowance
from grader.execute.tensors import pack
from grader.limits import MIB
from grader.probes import Probe
from grader.stored_tensors import StoredTensors


def leave_evidence(folder: Path, record: PartRecord, tensors: Path) -> None:
    """Write a stored part as the agent writes it, file by file."""
    folder.mkdir(parents=True)
    stored = StoredTensors(tensors)
    for cell in record.cells:
        (folder / f"cell-{cell.index}.json").write_text(_as_sent(cell))
    for run in record.probes:
        name = f"{run.probe}@{run.definition}"
        (folder / f"probe-{name}.json").write_text(_as_sent(run))
        mine = {key: tensor for key, tensor in stored.items() if key.startswith(f"{name}/")}
        (folder / f"probe-{name}.safetensors").write_bytes(save(mine))
    definitions = [definition.model_dump() for definition in record.definitions]
    (folder / "definitions.json").write_text(json.dumps(definitions))
    (folder / "environment.json").write_text(json.dumps(record.environment))
    (folder / "journal.jsonl").write_text("")


def _as_sent(record: CellRun | ProbeRun) -> str:
    """A record as a kernel sends it: what the grader stores as text are objects there."""

    def opened(value: Any) -> Any:
        if isinstance(value, list):
            return [opened(item) for item in value]
        if not isinstance(value, dict):
            return value
        texts = {name: json.loads(value[name]) for name in ("facts", "calls") if isinstance(value.get(name), str)}
        return {name: opened(item) for name, item in (value | texts).items()}

    return json.dumps(opened(record.model_dump(mode="json")))


def take_evidence(folder: Path, like: PartRecord, probes: tuple[Probe, ...]) -> tuple[PartRecord, bytes]:
    """The part that the grader makes of such a folder."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        found = collect(
            descriptor,
            cells=[cell.index for cell in like.cells],
            probes=probes,
            allowance=Allowance(tensor_bytes=4 * MIB),
        )
    finally:
        os.close(descriptor)
    ledger = Ledger(probes=probes)
    ledger.take(found)
    ledger.close("they left no evidence")
    record = like.model_copy(
        update={
            "cells": ledger.cell_runs(),
            "definitions": ledger.definitions,
            "probes": tuple(ledger.runs.values()),
            "limits_met": tuple(ledger.sentences),
            "environment": ledger.environment,
        }
    )
    return record, pack(ledger.tensors.values())


def header_changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write a safetensors file again with another header."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])


def filled(path: Path, pattern: bytes) -> None:
    """Write a safetensors file again with other numbers: the pattern, over and over."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    body = len(content) - 8 - size
    path.write_bytes(content[: 8 + size] + (pattern * body)[:body])
