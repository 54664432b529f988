"""The peers: one assignment for otter-grader and one for nbgrader, with the same tests over the same notebooks.

Both run without Docker, in their best parallel form: two processes, each of which grades half of the hand-ins. What an
instructor does once for a coursework (building the assignment) is not measured.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers import checks
from peers.cohort import NAME, Generated, with_data_at
from peers.meter import Command, MeasuringError

ENVIRONMENT_VARIABLE = "GRADER_PEERS"
SHARDS = ("a", "b")
_HERE = Path(__file__).resolve().parent
_ASSIGNMENT = "rnn"
_CELL_S = 600
_SOME_MAY_FAIL = (0, 1)
"""Exit codes of nbgrader, which goes on without a hand-in whose kernel chose a port that was taken meanwhile."""
_MOST_AGAIN = 2
"""How many hand-ins a peer may leave out in a round and grade afterwards."""
_CONFIG = f"""c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.ExecutePreprocessor.timeout = {_CELL_S}
"""


def environment() -> Path:
    """The folder that `benchmarks/peers/setup` makes.

    Raises:
        SystemExit: if it has not been made.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    home = Path(named) if named else Path.home() / ".cache" / "coursework-grader" / "peers"
    if not (home / ".complete").is_file():
        raise SystemExit(f"the peers are not installed in {home}: call benchmarks/peers/setup")
    return home


@dataclass(frozen=True, slots=True)
class Peer(ABC):
    """What both have in common."""

    home: Path
    """The environment."""
    folder: Path
    """For the assignment and all that is handed in."""

    @property
    def variables(self) -> Mapping[str, str]:
        return {"PATH": f"{self.home / 'bin'}:{os.environ.get('PATH', '')}", "NUMBA_NUM_THREADS": "1"}

    def prepare(self, members: Sequence[Generated], solution: bytes, data: Path) -> None:
        """Make the assignment and hand in every notebook."""
        self.folder.mkdir(parents=True)
        self.build(with_data_at(solution, data))
        for member in members:
            self.take(member.key, with_data_at(member.notebook, data))

    @abstractmethod
    def build(self, solution: bytes) -> None:
        """Make the assignment."""

    @abstractmethod
    def take(self, key: str, notebook: bytes) -> None:
        """Hand in a notebook."""

    @abstractmethod
    def commands(self, members: Sequence[Generated]) -> list[Command]:
        """What grades these hand-ins, to be run side by side."""

    @abstractmethod
    def marks(self) -> dict[str, float]:
        """What the last run has given, by key."""

    def lost(self) -> dict[str, float]:
        """The marks that each hand-in has lost in the last run, by key."""
        return {key: checks.full_marks() - mark for key, mark in self.marks().items()}

    def lost_by_all(self, keys: Sequence[str]) -> tuple[dict[str, float], list[str]]:
        """The marks that each hand-in has lost, and which ones had to be graded again for it.

        Raises:
            MeasuringError: if hand-ins were left out that cannot be graded again, or too many.
        """
        lost = self.lost()
        left_out = [key for key in keys if key not in lost]
        if len(left_out) > _MOST_AGAIN:
            raise MeasuringError(f"{self.name} has no marks for {', '.join(left_out[:5])}: {len(left_out)} in all")
        for key in left_out:
            self.grade_again(key)
        return (lost | self.lost() if left_out else lost), left_out

    def grade_again(self, key: str) -> None:
        """Grade a hand-in that the last run left out; not measured.

        Raises:
            MeasuringError: if this contender leaves out none unless something is wrong.
        """
        raise MeasuringError(f"{self.name} has no marks for {key}")

    def _run(self, *arguments: str) -> None:
        """Run a program of the environment that is not measured."""
        subprocess.run(
            [str(self.home / "bin" / arguments[0]), *arguments[1:]],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            check=True,
            stdout=sys.stderr,
        )


class Otter(Peer):
    """otter-grader: `otter.api.grade_submission`, hidden exception-based tests in an autograder zip."""

    name = "otter-grader 7.0.0"

    def build(self, solution: bytes) -> None:
        tests = self.folder / "tests"
        tests.mkdir(parents=True)
        for check in checks.CHECKS:
            lines = ["import torch", "from otter.test_files import test_case", "", "OK_FORMAT = False"]
            lines += [f"name = {check.__name__!r}", f"points = {checks.points(check)}", ""]
            lines += ["@test_case(hidden=True)", checks.source(check), ""]
            (tests / f"{check.__name__}.py").write_text("\n".join(lines), encoding="utf-8")
        self._run("otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", "--no-requirements")

    def take(self, key: str, notebook: bytes) -> None:
        handed_in = self.folder / "handed-in" / f"{key}.ipynb"
        handed_in.parent.mkdir(exist_ok=True)
        handed_in.write_bytes(notebook)

    def commands(self, members: Sequence[Generated]) -> list[Command]:
        found = []
        for shard in SHARDS:
            notebooks = [f"handed-in/{member.key}.ipynb" for member in members if member.key.startswith(shard)]
            if notebooks:
                worker = [str(self.home / "bin" / "python"), str(_HERE / "otter_worker.py")]
                argv = [*worker, "autograder.zip", f"marks-{shard}.json", *notebooks]
                found.append(Command(argv=argv, folder=self.folder, variables=self.variables))
        return found

    def marks(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for path in self.folder.glob("marks-*.json"):
            found |= json.loads(path.read_text(encoding="utf-8"))
            path.unlink()
        return found


class Nbgrader(Peer):
    """nbgrader: `nbgrader autograde`, locked grade cells at the end of the notebook, one gradebook."""

    name = "nbgrader 0.9.6"

    def build(self, solution: bytes) -> None:
        source = self.folder / "source" / _ASSIGNMENT
        source.mkdir(parents=True)
        (self.folder / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
        (source / NAME).write_bytes(graded_notebook(solution))
        self._run("nbgrader", "generate_assignment", _ASSIGNMENT, "--create")

    def take(self, key: str, notebook: bytes) -> None:
        folder = self.folder / "submitted" / key / _ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / NAME).write_bytes(graded_notebook(notebook))

    def commands(self, members: Sequence[Generated]) -> list[Command]:
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        found = []
        for shard in SHARDS:
            if any(member.key.startswith(shard) for member in members):
                argv = [str(self.home / "bin" / "nbgrader"), *self._grading(f"{shard}*")]
                found.append(Command(argv=argv, folder=self.folder, accepts=_SOME_MAY_FAIL, variables=self.variables))
        return found

    def grade_again(self, key: str) -> None:
        self._run("nbgrader", *self._grading(key))

    @staticmethod
    def _grading(students: str) -> list[str]:
        """Arguments that grade the students whose names a pattern fits."""
        return ["autograde", _ASSIGNMENT, f"--student={students}", "--force"]

    def marks(self) -> dict[str, float]:
        """The sums of automatic scores in the gradebook of those that were graded in this run."""
        question = """SELECT student.id, SUM(grade.auto_score) FROM grade
            JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
            JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
            JOIN student ON student.id = submitted_assignment.student_id GROUP BY student.id"""
        with sqlite3.connect(self.folder / "gradebook.db") as database:
            found = {str(key): float(mark or 0) for key, mark in database.execute(question)}
        return {key: mark for key, mark in found.items() if (self.folder / "autograded" / key / _ASSIGNMENT).is_dir()}


def graded_notebook(notebook: bytes) -> bytes:
    """A notebook with nbgrader's locked cells, one a test, at its end."""
    content = json.loads(notebook)
    content["cells"] += [_grade_cell(check) for check in checks.CHECKS]
    return json.dumps(content, indent=1).encode()


def _grade_cell(check: Callable[..., None]) -> dict[str, Any]:
    facts = {
        "grade": True,
        "grade_id": check.__name__,
        "locked": True,
        "points": checks.points(check),
        "schema_version": 3,
        "solution": False,
        "task": False,
        "cell_type": "code",
    }
    text = f"{checks.source(check)}\n\n{checks.call(check)}"
    return {
        "cell_type": "code",
        "id": check.__name__,
        "metadata": {"nbgrader": facts},
        "execution_count": None,
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }
