"""Every limit in one record: shown by `grader doctor`, settable in a rubric, stored with the evidence."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MIB = 1024 * 1024


class IntakeLimits(BaseModel):
    """Ceilings for what is handed in; a hand-in beyond one is refused with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    archive_bytes: int = Field(default=256 * MIB, gt=0)
    """Size of one archive as it lies on disk."""
    unpacked_bytes: int = Field(default=512 * MIB, gt=0)
    """Sum of the unpacked sizes of an archive, nested ones counted in."""
    member_bytes: int = Field(default=128 * MIB, gt=0)
    """Unpacked size of one member."""
    ratio: float = Field(default=200.0, gt=1)
    """Unpacked over packed bytes of one member that unpacks to more than 1 MiB."""
    members: int = Field(default=4_000, gt=0)
    """Entries in one archive, nested ones counted in."""
    nesting: int = Field(default=3, ge=0)
    """Archives within archives inside one hand-in."""
    notebook_bytes: int = Field(default=32 * MIB, gt=0)
    """Size of one notebook or script."""
    cells: int = Field(default=2_000, gt=0)
    """Cells in one notebook."""
    cell_chars: int = Field(default=1_000_000, gt=0)
    """Characters of source in one cell."""


class Limits(BaseModel):
    """Ceilings for one submission. Times are wall-clock seconds, sizes are bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_s: float = Field(default=60.0, gt=0)
    """From the request for a kernel to its first answer; a fault of ours when exceeded."""
    statement_s: float = Field(default=30.0, gt=0)
    """One top-level statement of the notebook."""
    probe_s: float = Field(default=10.0, gt=0)
    """One probe on one definition."""
    notebook_s: float = Field(default=300.0, gt=0)
    """All kernels of one submission together, training apart."""
    training_s: float = Field(default=60.0, gt=0)
    """The cells that train, in their own kernel."""
    training_steps: int = Field(default=40, gt=0)
    """Optimiser steps before training is ended by us, which the page says."""
    memory_bytes: int = Field(default=2 * 1024 * MIB, ge=256 * MIB)
    """Data of one kernel, all its processes together."""
    scratch_bytes: int = Field(default=256 * MIB, ge=MIB)
    """Everything a kernel can write, in memory."""
    processes: int = Field(default=64, ge=8)
    """Processes and threads of one kernel."""
    cell_output_bytes: int = Field(default=MIB, gt=0)
    """Outputs of one cell."""
    notebook_output_bytes: int = Field(default=8 * MIB, gt=0)
    """Outputs of the whole notebook."""
    evidence_bytes: int = Field(default=16 * MIB, gt=0)
    """What is taken out of one kernel."""
    scoring_cpu_s: float = Field(default=20.0, gt=0)
    """CPU of a scoring worker for one submission; a chunk gets the sum."""
    scoring_memory_bytes: int = Field(default=4 * 1024 * MIB, gt=0)
    """Address space that a scoring worker may add to what it has once loaded."""
    intake: IntakeLimits = IntakeLimits()
    """What may be handed in."""
