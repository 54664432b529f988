"""The floor: what a run's cells and probes cost where nothing is kept apart, sent, stored or judged.

For each part of each hand-in a child is forked from a process that has imported what the notebooks import. It runs the
very cells and probes of which a finished run has evidence, through our agent, whose answers are dropped. Only the
children's own CPU time counts, not what the warm process has cost.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers.cohort import DATA_FOLDER
from peers.meter import Command

from grader.evidence import PartRecord
from grader.execute.layout import AGENT_PACKAGE, agent_files
from grader.execute.plan import PARTS, cells_to_train, in_order, limits_for_agent, training_cells
from grader.execute.units import units_of
from grader.pipeline.course import Course
from grader.probes import Probe
from grader.records import CellKind, NotebookRecord
from grader.store import RunStore

_MAIN = Path(__file__).resolve().with_name("floor_main.py")
_COMPILED = Path.home() / ".cache" / "coursework-grader" / "floor-numba"
"""What librosa compiles at its first call, half a minute of work; kept from one run to the next."""
_ONE_THREAD = {"NUMBA_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the children of one run of the floor have cost."""

    cpu_s: float
    wall_s: float
    """From the first fork to the end of the last child."""
    cells_s: float
    probes_s: float
    training_s: float
    """CPU seconds inside the children; the rest of `cpu_s` is forking, starting the agent and ending."""
    uss: float
    pss: float
    """Medians of what a child had at its end, in bytes."""


def write_jobs(run: Path, course: Course, interpreter: Path, data: Path, folder: Path) -> Command:
    """Write what each child has to do; returns the command.

    Args:
        run: a finished run.
        course: its rubric.
        interpreter: of the kernels' environment.
        data: where the notebooks' data lies on this host.
        folder: to write to; may hold what an earlier call has written.
    """
    shutil.rmtree(folder / "jobs", ignore_errors=True)
    agent = folder / "agent"
    for name, content in agent_files().items():
        path = agent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    store = RunStore(run)
    for submission in store.submissions():
        if submission.notebook is not None:
            for part, job in jobs_of(store, submission.key, submission.notebook, course, data):
                path = folder / "jobs" / f"{submission.key}.{part}.json"
                path.parent.mkdir(exist_ok=True)
                path.write_text(json.dumps(job), encoding="utf-8")
    variables = {"PYTHONHASHSEED": "0", "MPLBACKEND": "Agg", "NUMBA_CACHE_DIR": str(_COMPILED), **_ONE_THREAD}
    return Command(argv=[str(interpreter), str(_MAIN), AGENT_PACKAGE, str(folder)], folder=folder, variables=variables)


def jobs_of(
    store: RunStore, key: str, notebook: NotebookRecord, course: Course, data: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(part, job) of every part of which there is evidence; a job says what the agent is asked for, too."""
    for part in PARTS:
        path = store.evidence_folder / key / f"{part}.json"
        if path.is_file():
            record = PartRecord.model_validate_json(path.read_bytes())
            yield part, floor_job(record, notebook, course, data)


def floor_job(record: PartRecord, notebook: NotebookRecord, course: Course, data: Path) -> dict[str, Any]:
    """The job of a part, as the agent reads it, with the requests and the statuses that are expected."""
    execution = course.rubric.execution
    cells = {
        cell.index: cell.source.replace(DATA_FOLDER, f"{data}/")
        for cell in notebook.cells
        if cell.kind is CellKind.CODE
    }
    taken = {run.probe for run in record.probes}
    planned = course.plan.stand_ins if record.part == "stand-ins" else course.plan.student
    probes: tuple[Probe, ...] = tuple(probe for probe in in_order(planned) if probe.id in taken)
    train = cells_to_train(notebook, execution.training) if record.part == "training" else ()
    return {
        "schema": 1,
        "role": record.part,
        "seed": record.seed,
        "cells": [{"index": index, "source": source} for index, source in cells.items()],
        "subjects": list(course.plan.subjects),
        "probes": [probe.model_dump(mode="json") for probe in probes],
        "skip_statements": [],
        "done_probes": [],
        "stand_ins": dict(execution.stand_ins) if record.part == "stand-ins" else {},
        "shims": list(execution.shims),
        "supplies": dict(execution.supplies),
        "threads": execution.threads,
        "limits": limits_for_agent(execution.limits),
        "training_cells": list(training_cells(notebook, execution.training)),
        "gpu_fraction": None,
        "requests": requests(tuple(cells), probes, train, record.part, after=execution.training.definitions_after),
        "expected": {f"probe-{run.probe}@{run.definition}": run.status for run in record.probes},
    }


def requests(
    cells: tuple[int, ...], probes: tuple[Probe, ...], train: tuple[int, ...], part: str, *, after: bool
) -> list[list[Any]]:
    """What is asked of the agent, in order, as `PartSession` asks it.

    Args:
        cells: indices of the code cells.
        probes: in their order.
        train: cells that train and are run.
        part: of the evidence.
        after: True if training comes after all definitions, False if it stays in its place.
    """
    units = units_of(part, cells=cells, probes=[probe.id for probe in probes], train=train, definitions_after=after)
    asked: list[list[Any]] = []
    for unit in units:
        asked.append([unit.kind, *(unit.cells or unit.probes)])
        if unit.cells and unit.probes:
            asked.append(["probe", *unit.probes])
        if unit.then_finish:
            asked.append(["finish"])
    return asked


def read_spent(folder: Path) -> Spent:
    """What the floor has written at its end."""
    return Spent(**json.loads((folder / "spent.json").read_text(encoding="utf-8")))
