"""A rubric with all that follows from it: its oracle, its probes, the template, what a hand-in looks like."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader import coursework, intake, score
from grader.oracle import MistakeText, Oracle
from grader.records import CellKind, NotebookRecord
from grader.rubric import Rubric, load_rubric, rubric_files
from grader.store import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A rubric with all that follows from it."""

    rubric: Rubric
    oracle: Oracle | None
    plan: score.ProbePlan

    @classmethod
    def load(cls, folder: Path) -> Course:
        rubric = load_rubric(folder)
        oracle = score.load_oracle(rubric)
        return cls(rubric=rubric, oracle=oracle, plan=score.probe_plan(rubric, oracle))

    def asked_digest(self) -> str:
        """Digest of everything that the rubric asks of a kernel."""
        asked = {
            "student": [probe.model_dump(mode="json") for probe in self.plan.student],
            "stand_ins": [probe.model_dump(mode="json") for probe in self.plan.stand_ins],
            "subjects": sorted(self.plan.subjects),
            "execution": self.rubric.execution.model_dump(mode="json"),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in rubric_files(self.rubric.folder)}

    def describe(self, mistake: str) -> MistakeText | None:
        if self.oracle is None:
            return None
        try:
            return self.oracle.describe(mistake)
        except KeyError:
            return None


@contextmanager
def stored_course(store: RunStore) -> Iterator[Course]:
    """The rubric as the run has it."""
    with store.rubric_copy(store.meta("rubric") or "rubric") as folder:
        yield Course.load(folder)


def expectation_of(rubric: Rubric, subjects: Sequence[str]) -> intake.Expectation:
    """What a hand-in of this coursework looks like, for choosing among several notebooks."""
    template = coursework.student_version(rubric).notebook
    return intake.Expectation(
        names=frozenset(subjects) | frozenset(rubric.answers),
        markers=tuple(_marker_lines(template, rubric)),
        cells=tuple(cell.source for cell in template.cells if cell.source.strip()),
        texts=rubric.texts,
    )


def _marker_lines(template: NotebookRecord, rubric: Rubric) -> Iterator[str]:
    if rubric.markers is None:
        return
    start = re.compile(rubric.markers.start)
    for cell in template.cells:
        if cell.kind is CellKind.CODE:
            yield from (line.strip() for line in cell.source.split("\n") if start.search(line))
