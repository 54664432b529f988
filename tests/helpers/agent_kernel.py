"""The agent as a kernel would see it: shipped into a folder with `draws.py`, started on a namespace."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from pydantic import TypeAdapter
from safetensors.torch import load_file

from grader.evidence import CellRun, Definition, ProbeRun
from grader.limits import Limits
from grader.probes import Probe

GRADER = Path(__file__).resolve().parents[2] / "grader"


def ship(folder: Path) -> Path:
    """Copy the agent as the host does; the folder to put on `sys.path`."""
    package = folder / "_grader_agent"
    package.mkdir(parents=True)
    for source in [*(GRADER / "execute" / "agent").glob("*.py"), GRADER / "draws.py"]:
        shutil.copy(source, package / source.name)
    return folder


def load(folder: Path) -> ModuleType:
    """The shipped package, imported into this process once: all that is shipped is the same."""
    if "_grader_agent" in sys.modules:
        return sys.modules["_grader_agent"]
    package = folder / "_grader_agent"
    spec = importlib.util.spec_from_file_location(
        "_grader_agent", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_grader_agent"] = module
    spec.loader.exec_module(module)
    return module


def job_json(cells: list[str] | dict[int, str], **changes: Any) -> dict[str, Any]:
    """A job with these cells; `limits` among the changes is merged."""
    by_index = cells if isinstance(cells, dict) else dict(enumerate(cells))
    limits = {name: getattr(Limits(), name) for name in _LIMITS} | changes.pop("limits", {})
    probes = [probe.model_dump(mode="json") for probe in changes.pop("probes", [])]
    return {
        "schema": 1,
        "role": "student",
        "seed": "7",
        "cells": [{"index": index, "source": source} for index, source in by_index.items()],
        "subjects": [],
        "probes": probes,
        "skip_statements": [],
        "done_probes": [],
        "stand_ins": {},
        "shims": [],
        "supplies": {},
        "threads": 1,
        "limits": limits,
        "training_cells": [],
        "gpu_fraction": None,
        **changes,
    }


_LIMITS = ("statement_s", "probe_s", "cell_output_bytes", "evidence_bytes", "training_s", "training_steps")


class AgentKernel:
    """A started agent with its evidence folder; reads back through the grader's own records."""

    def __init__(self, agent: ModuleType, folder: Path, job: dict[str, Any]) -> None:
        self.agent = agent
        self.evidence = folder / "evidence"
        self.evidence.mkdir(exist_ok=True)
        self.names: dict[str, Any] = {}
        path = folder / "job.json"
        path.write_text(json.dumps(job))
        self.job = job
        agent.start(self.names, job=str(path), evidence=str(self.evidence))

    def run_cells(self) -> list[CellRun]:
        return [self.run_cell(cell["index"]) for cell in self.job["cells"]]

    def run_cell(self, index: int) -> CellRun:
        self.agent.cell(index)
        return self.cell(index)

    def cell(self, index: int) -> CellRun:
        return CellRun.model_validate_json((self.evidence / f"cell-{index}.json").read_bytes(), strict=True)

    def run_probe(self, probe: str, definition: int = 0) -> ProbeRun:
        self.agent.probe(probe)
        return self.probe(probe, definition)

    def probe(self, probe: str, definition: int = 0) -> ProbeRun:
        return ProbeRun.model_validate_json(
            (self.evidence / f"probe-{probe}@{definition}.json").read_bytes(), strict=True
        )

    def tensors(self, probe: str, definition: int = 0) -> dict[str, torch.Tensor]:
        path = self.evidence / f"probe-{probe}@{definition}.safetensors"
        return load_file(path) if path.exists() else {}

    def definitions(self) -> list[Definition]:
        return TypeAdapter(list[Definition]).validate_json(
            (self.evidence / "definitions.json").read_bytes(), strict=True
        )

    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.evidence / "journal.jsonl").read_text().splitlines()]

    def json(self, name: str) -> Any:
        return json.loads((self.evidence / f"{name}.json").read_text())


def probe_of(*steps: Any, **changes: Any) -> Probe:
    """A probe called `p` of these steps."""
    return Probe.model_validate({"id": "p", "steps": [step.model_dump() for step in steps], **changes})
