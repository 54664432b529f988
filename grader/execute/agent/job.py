"""The job as the host wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .control import AgentError

_SCHEMA = 1


@dataclass(frozen=True)
class JobLimits:
    """Ceilings inside the kernel; the host has harder ones."""

    statement_s: float
    probe_s: float
    cell_output_bytes: int
    evidence_bytes: int
    training_s: float
    training_steps: int


@dataclass(frozen=True)
class Job:
    """What one kernel has to do."""

    role: str
    seed: str
    cells: dict[int, str]
    subjects: tuple[str, ...]
    probes: dict[str, dict[str, Any]]
    """JSON of probes by identifier."""
    skip_statements: frozenset[tuple[int, int]]
    """(cell, ordinal) of what killed or hung an earlier kernel."""
    done_probes: frozenset[str]
    """`<probe>@<definition>` that must not be run again."""
    stand_ins: dict[str, str]
    shims: tuple[str, ...]
    supplies: dict[str, str]
    """Source by module, for helpers that the hand-in lacks."""
    threads: int
    training_cells: frozenset[int]
    gpu_fraction: float | None
    """How much of a GPU the host has lent; None for none."""
    limits: JobLimits


def read_job(path: Path) -> Job:
    """The job in a file.

    Raises:
        AgentError: if it has another schema or lacks a field.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["schema"] != _SCHEMA:
            raise AgentError(f"the job has schema {raw['schema']!r}, wanted {_SCHEMA}")
        limits = raw["limits"]
        return Job(
            role=raw["role"],
            seed=raw["seed"],
            cells={cell["index"]: cell["source"] for cell in raw["cells"]},
            subjects=tuple(raw["subjects"]),
            probes={probe["id"]: probe for probe in raw["probes"]},
            skip_statements=frozenset((cell, ordinal) for cell, ordinal in raw["skip_statements"]),
            done_probes=frozenset(raw["done_probes"]),
            stand_ins=dict(raw["stand_ins"]),
            shims=tuple(raw["shims"]),
            supplies=dict(raw["supplies"]),
            threads=raw["threads"],
            training_cells=frozenset(raw["training_cells"]),
            gpu_fraction=raw["gpu_fraction"],
            limits=JobLimits(**{name: limits[name] for name in JobLimits.__dataclass_fields__}),
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise AgentError(f"the job cannot be read: {type(error).__name__}: {error}") from error
