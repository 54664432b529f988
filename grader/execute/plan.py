"""What a submission's parts consist of, decided before anything runs: pure functions of rubric and notebook."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from grader.errors import RubricError
from grader.execute.environment import KernelEnvironment
from grader.execute.inside.preload import LIBROSA, OPTIMISERS
from grader.execute.layout import Launch, agent_files
from grader.limits import Limits
from grader.probes import Probe
from grader.records import CellKind, NotebookRecord
from grader.rubric import Execution, Rubric, Training

PartName = Literal["student", "stand-ins", "training"]
PARTS: tuple[PartName, ...] = ("student", "stand-ins", "training")
ON_DEMAND: tuple[PartName, ...] = ("stand-ins",)
"""Parts that most hand-ins are judged without: they are taken when scoring has asked for them."""
_WORD = re.compile(r"\w+")
_CALLS_LIBROSA = re.compile(r"^(?!import\b|from\b|\s).*\blibrosa\.", re.MULTILINE)
"""A use that runs at once, since it is in no body of a function or class."""
_AGENT_LIMITS = ("statement_s", "probe_s", "cell_output_bytes", "evidence_bytes", "training_s", "training_steps")


def training_cells(notebook: NotebookRecord, training: Training) -> tuple[int, ...]:
    """Indices of the cells that train, whether or not they will be run."""
    return tuple(
        cell.index
        for cell in notebook.cells
        if cell.kind is CellKind.CODE and training.contains and all(text in cell.source for text in training.contains)
    )


def cells_to_train(notebook: NotebookRecord, training: Training) -> tuple[int, ...]:
    """Indices of the training cells that the rubric wants run."""
    if training.when == "never":
        return ()
    cells = {cell.index: cell for cell in notebook.cells}
    wanted = training_cells(notebook, training)
    return tuple(index for index in wanted if training.when == "always" or cells[index].outputs)


def needs_of(notebook: NotebookRecord, execution: Execution, part: PartName) -> tuple[str, ...]:
    """What the code of a part seems to use of what a template loads on demand; a wrong guess costs time, nothing else.

    A module is needed if all parts of its name occur. Training is taken to call what was defined before.
    """
    apart = () if part == "training" else training_cells(notebook, execution.training)
    code = "\n".join(cell.source for cell in notebook.cells if cell.kind is CellKind.CODE and cell.index not in apart)
    words = frozenset(_WORD.findall(code))
    needs = [module for module in execution.preload if words.issuperset(module.split("."))]
    if "librosa" in needs and (part == "training" or _CALLS_LIBROSA.search(code)):
        needs.append(LIBROSA)
    if "optim" in words:
        needs.append(OPTIMISERS)
    return tuple(needs)


def parts_wanted(notebook: NotebookRecord, execution: Execution, stand_in_probes: Sequence[Probe]) -> tuple[str, ...]:
    """The parts that a submission's evidence consists of."""
    stand_ins = bool(stand_in_probes and execution.stand_ins)
    trains = bool(cells_to_train(notebook, execution.training))
    return tuple(part for part, wanted in zip(PARTS, (True, stand_ins, trains), strict=True) if wanted)


def in_order(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    """Probes as they are run: by their order, otherwise as the rubric has them."""
    return tuple(sorted(probes, key=lambda probe: probe.order))


@cache
def agent_digest() -> str:
    """SHA-256 over everything of ours that runs inside a kernel."""
    digest = hashlib.sha256()
    for name, content in sorted(agent_files().items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def conditions_of(
    part: str,
    *,
    probes: Sequence[Probe],
    subjects: Sequence[str],
    seed: str,
    environment: KernelEnvironment,
    execution: Execution,
) -> str:
    """A digest of everything but the hand-in on which a part depends: the same for all of a run.

    Args:
        part: one of `PARTS`.
        probes: the part's probes.
        subjects: names whose definitions are kept.
        seed: the run's seed.
        environment: what the kernels run in.
        execution: what the rubric says about running.
    """
    dependencies = {
        "part": part,
        "probes": [probe.as_sent for probe in in_order(probes)],
        "subjects": sorted(subjects),
        "seed": seed,
        "agent": agent_digest(),
        "environment": environment.digest,
        "execution": execution.model_dump(mode="json", exclude={"preload"}),  # it saves time and changes nothing
    }
    return hashlib.sha256(json.dumps(dependencies, sort_keys=True).encode()).hexdigest()


def part_key(submission: str, conditions: str) -> str:
    """A digest of everything on which a part depends: equal keys, equal evidence.

    Args:
        submission: digest of the hand-in.
        conditions: as `conditions_of` gives them.
    """
    return hashlib.sha256(f"{submission}\0{conditions}".encode()).hexdigest()


def mounts_of(execution: Execution, rubric_folder: Path) -> tuple[tuple[Path, str], ...]:
    """The rubric's folders that kernels see, and where.

    Raises:
        RubricError: if one of them is not there.
    """
    mounts = tuple(((rubric_folder / mount.source).resolve(), mount.target) for mount in execution.mounts)
    for source, target in mounts:
        if not source.is_dir():
            raise RubricError(
                "rubric-mount-missing",
                f"there is no folder {source.name} to be seen at {target}",
                where=str(rubric_folder / "rubric.yaml"),
                next_step="make it, or take it out of execution.mounts",
            )
    return mounts


def launch_of(rubric: Rubric, environment: KernelEnvironment) -> Launch:
    """What all kernels of a coursework have in common.

    Raises:
        RubricError: if a folder that they should see is not there.
    """
    execution = rubric.execution
    return Launch(
        environment=environment,
        limits=execution.limits,
        job={},
        key="",
        mounts=mounts_of(execution, rubric.folder),
        threads=execution.threads,
        preload=execution.preload,
    )


def limits_for_agent(limits: Limits) -> dict[str, Any]:
    """The limits that the agent keeps by itself; all of them are kept from outside once more."""
    return {name: getattr(limits, name) for name in _AGENT_LIMITS}
