"""Hand-ins judged in this process: the true agent runs them, the true judges look at what it wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from helpers.agent_kernel import AgentKernel, job_json
from safetensors.torch import save_file

from grader.evidence import Evidence, PartRecord, ProbeRun
from grader.probes import Probe
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.case import Case, Coursework
from grader.score.kinds import Verdict
from grader.workshop.hand_in import HandIn


def cells_of(notebook: HandIn) -> NotebookRecord:
    """A hand-in in the making as a record."""
    content = json.loads(notebook.bytes())
    cells = tuple(
        NotebookCell(index=index, kind=CellKind(cell["cell_type"]), source="".join(cell["source"]))
        for index, cell in enumerate(content["cells"])
    )
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)


@contextmanager
def _helpers_forgotten(names: Sequence[str]) -> Iterator[None]:
    """Whatever this process has imported for a hand-in is forgotten afterwards."""
    finders, threads, kind = list(sys.meta_path), torch.get_num_threads(), torch.get_default_dtype()
    try:
        yield
    finally:
        sys.meta_path[:] = finders
        for name in names:
            sys.modules.pop(name, None)
        torch.set_num_threads(threads)
        torch.set_default_dtype(kind)


class Desk:
    """A coursework, and hand-ins of which only some questions are tried.

    Args:
        agent: as shipped, imported into this process.
        folder: for evidence; each hand-in gets a folder of its own.
        coursework: what is asked.
    """

    def __init__(self, agent: ModuleType, folder: Path, coursework: Coursework) -> None:
        self._agent = agent
        self._folder = folder
        self._coursework = coursework
        self._count = 0

    def judge(self, notebook: HandIn, questions: Sequence[str]) -> dict[str, Verdict]:
        """Check -> verdict, for the checks of these questions and of those that they build on."""
        case = self.case(cells_of(notebook), questions)
        rubric = self._coursework.rubric
        found: dict[str, Verdict] = {}
        for identifier in questions:
            asked = rubric.question(identifier)
            found |= {f"{identifier}/{check.id}": case.judge(asked, check) for check in asked.checks}
        return found

    def case(self, notebook: NotebookRecord, questions: Sequence[str]) -> Case:
        """The evidence of a hand-in, as far as these questions need it."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        (folder / "notebook.json").write_text(notebook.model_dump_json())
        probes, subjects = self._wanted(questions)
        sources = {cell.index: cell.source for cell in notebook.cells if cell.kind is CellKind.CODE}
        supplies: Mapping[str, str] = self._coursework.rubric.execution.supplies
        job = job_json(sources, probes=probes, subjects=subjects, supplies=dict(supplies))
        with _helpers_forgotten(list(supplies)):
            kernel = AgentKernel(self._agent, folder, job)
            kernel.run_cells()
            runs, tensors = self._probed(kernel, probes)
            self._agent.finish()
        record = PartRecord(
            part="student", level="none", seed="7", definitions=tuple(kernel.definitions()), probes=tuple(runs)
        )
        (folder / "student.json").write_text(record.model_dump_json())
        if tensors:
            save_file(tensors, folder / "student.safetensors")
        return Case(key="n", evidence=Evidence(folder), coursework=self._coursework)

    def _wanted(self, questions: Sequence[str]) -> tuple[list[Probe], list[str]]:
        rubric, found, subjects = self._coursework.rubric, [], []
        pending = list(questions)
        for identifier in pending:
            question = rubric.question(identifier)
            pending += [used for used in question.uses if used not in pending]
            for check in question.checks:
                kind, parameters = self._coursework.kind_of(question, check)
                found += kind.probes(rubric, check, parameters, self._coursework.oracle)
                subjects += kind.subjects(parameters)
        return found, subjects

    def _probed(self, kernel: AgentKernel, probes: Sequence[Probe]) -> tuple[list[ProbeRun], dict[str, Any]]:
        runs: list[ProbeRun] = []
        tensors: dict[str, Any] = {}
        for probe in probes:
            kernel.agent.probe(probe.id)
            count = sum(one.name == probe.subject for one in kernel.definitions()) or 1
            for index in range(count):
                runs.append(kernel.probe(probe.id, index))
                tensors |= kernel.tensors(probe.id, index)
        return runs, tensors
