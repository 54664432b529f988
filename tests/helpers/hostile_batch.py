"""Batches of attacks through the whole pipeline in a child process, with honest hand-ins before and behind them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers import hostile_grade
from helpers.command_line import ROOT, environment
from helpers.hostile_attacks import LEVELS
from helpers.hostile_coursework import hand_in, write_coursework
from helpers.hostile_users import ORDINARY, as_ordinary_user
from helpers.orphans import adopting

from grader.errors import SandboxUnavailableError
from grader.evidence import PartRecord, StatementRun
from grader.execute import detect

FIRST, LAST = "000-honest.ipynb", "zzz-honest.ipynb"
"""Right answers, before all attacks and behind them."""
BASES = {"right": FIRST, "wrong": "001-wrong.ipynb"}
"""The honest hand-in with which one that attacks is compared."""
_BATCH_S = 1500


@dataclass(frozen=True)
class Way:
    """How a batch is run."""

    level: str | None
    """None: the strongest of this host."""
    ordinary: bool | None
    """True: as a user without privileges; None: as whoever runs the tests."""

    def __str__(self) -> str:
        user = {None: "as-we-are", True: "ordinary-user", False: "root"}[self.ordinary]
        return f"{self.level or 'strongest'}-{user}"

    @property
    def name(self) -> str:
        """The level itself.

        Raises:
            SandboxUnavailableError: if this host does not offer it.
        """
        if self.level is not None:
            detect(self.level)
            return self.level
        for level in LEVELS:
            try:
                detect(level)
            except SandboxUnavailableError:
                continue
            return level
        raise SandboxUnavailableError("sandbox-none", "no level of isolation works here")

    @property
    def impossible(self) -> str:
        """Why it cannot be tried here; empty if it can."""
        if self.ordinary is not None and os.geteuid() != 0 and not self.ordinary:
            return "the tests do not run as root"
        try:
            self.name  # noqa: B018 - asks the host
        except SandboxUnavailableError as error:
            return f"the level {self.level or 'of any kind'} is not to be had here: {error.what}"
        return ""


@dataclass(frozen=True)
class Bait:
    """What of the host's an attack would like to reach."""

    port: int
    abstract: str
    secret: Path

    def put_in(self, source: str) -> str:
        """A source with the places of the baits filled in."""
        words = {"PORT": str(self.port), "ABSTRACT": self.abstract, "SECRET": str(self.secret)}
        words |= {"REPOSITORY": str(ROOT), "HOST_PID": str(os.getpid())}
        for word, value in words.items():
            source = source.replace(f"@{word}@", value)
        return source


class Graded:
    """One hand-in after the batch."""

    def __init__(self, run: Path, row: dict[str, Any], key: str) -> None:
        self.row = row
        self.flags: list[str] = row["flags"]
        self._run = run
        self.folder = run / "evidence" / key

    @property
    def marks(self) -> dict[str, float | None]:
        """Marks by check."""
        return {check["id"]: check["mark"] for question in self.row["questions"] for check in question["checks"]}

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcomes by check."""
        return {check["id"]: check["outcome"] for question in self.row["questions"] for check in question["checks"]}

    @cached_property
    def record(self) -> PartRecord:
        """What the student's own kernels left."""
        return PartRecord.model_validate_json((self.folder / "student.json").read_bytes())

    @property
    def tensors(self) -> bytes:
        """The tensors of that part, as stored."""
        return self.tensors_file.read_bytes()

    @property
    def tensors_file(self) -> Path:
        """Where they are stored."""
        return self.folder / "student.safetensors"

    @property
    def executed(self) -> str:
        """The notebook with what its cells printed."""
        return (self.folder / "executed.ipynb").read_text(encoding="utf-8")

    @property
    def outputs(self) -> list[Any]:
        """What its cells printed."""
        return [output for cell in json.loads(self.executed)["cells"] for output in cell.get("outputs", [])]

    @property
    def summary(self) -> str:
        """The summary of the batch."""
        return (self._run / "summary.html").read_text(encoding="utf-8")

    @property
    def page(self) -> str:
        """The student's page."""
        return (self._run / "feedback" / f"{self.row['student']}.html").read_text(encoding="utf-8")

    def last_statement(self, cell: int) -> StatementRun:
        """The last statement of a cell."""
        return next(run for run in self.record.cells if run.index == cell).statements[-1]

    def probe(self, name: str) -> str:
        """Status of a probe on the first definition of its subject."""
        return next(run.status for run in self.record.probes if run.probe == name and run.definition == 0)


class Batch:
    """A graded batch."""

    def __init__(self, run: Path, level: str, left: list[str], reached: list[str]) -> None:
        self.run = run
        self.level = level
        self.left = left
        """Processes that outlived it."""
        self.reached = reached
        """Baits that were taken."""
        self.marks: dict[str, Any] = json.loads((run / "marks.json").read_text(encoding="utf-8"))
        self.table = (run / "marks.csv").read_text(encoding="utf-8-sig")
        rows = self.marks["submissions"]
        self._rows = {row[name]: row for name in ("student", "submission") for row in rows}
        self._graded: dict[str, Graded] = {}

    def of(self, submission: str) -> Graded:
        """A hand-in by the name of its file, or of its student where the file's cannot be written."""
        if submission not in self._graded:
            row = self._rows[submission]
            self._graded[submission] = Graded(self.run, row, self._key(row))
        return self._graded[submission]

    def _key(self, row: dict[str, Any]) -> str:
        from grader.store import RunStore

        return next(item.key for item in RunStore(self.run).submissions() if item.submission == row["submission"])


def honest(base: str, note: str, *, layered: bool) -> bytes:
    """An honest hand-in, told from its twins by a comment, since equal ones are run once."""
    return hand_in(base, first=[f"# {note}"], layered=layered)


@contextmanager
def graded(way: Way, files: Mapping[str | bytes, bytes | str], *, layered: bool = False) -> Iterator[Batch]:
    """Grade hand-ins in the given way; honest ones come first and last.

    Args:
        way: level and user.
        files: name -> content; of texts, the baits are filled in.
        layered: which form of the coursework.
    """
    folder = Path(tempfile.mkdtemp(prefix="grader-attacks-"))
    try:
        with _baits(folder) as (bait, reached):
            _write(folder, files, bait, layered=layered)
            left = _run(way, folder)
            yield Batch(folder / "run", way.name, left, reached())
    finally:
        shutil.rmtree(folder)


def _write(folder: Path, files: Mapping[str | bytes, bytes | str], bait: Bait, *, layered: bool) -> None:
    write_coursework(folder / "rubric", layered=layered)
    (folder / "hand-ins").mkdir()
    everything: dict[str | bytes, bytes | str] = {
        FIRST: honest("right", "the first", layered=layered),
        BASES["wrong"]: honest("wrong", "the first", layered=layered),
        **files,
        LAST: honest("right", "the last", layered=layered),
    }
    place = os.fsencode(folder / "hand-ins")
    for name, content in everything.items():
        text = bait.put_in(content).encode() if isinstance(content, str) else content
        with open(os.path.join(place, os.fsencode(name)), "wb") as file:  # noqa: PTH118, PTH123 - names may be bytes
            file.write(text)


def _run(way: Way, folder: Path) -> list[str]:
    """Grade in a child process; the processes that it leaves behind."""
    program = [sys.executable, hostile_grade.__file__, way.name]
    command = [*program, *(str(folder / name) for name in ("rubric", "hand-ins", "run"))]
    if way.ordinary and os.geteuid() == 0:
        command = as_ordinary_user(command)
        os.chown(folder, ORDINARY, ORDINARY)
        folder.chmod(0o755)
    variables = environment(PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}", HOME=str(folder), TMPDIR=str(folder))
    variables["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder)
    with adopting() as adopter:
        done = subprocess.run(
            command, env=variables, cwd=folder, capture_output=True, text=True, check=False, timeout=_BATCH_S
        )
        assert done.returncode == 0, done.stderr
        return adopter.alive()


@contextmanager
def _baits(folder: Path) -> Iterator[tuple[Bait, Any]]:
    """A port, an abstract socket and a file of the host's, and a way to ask which were reached."""
    name = f"grader-bait-{os.urandom(6).hex()}"
    (folder / "secret").write_text("a secret of the host's", encoding="utf-8")
    with socket.socket() as port, socket.socket(socket.AF_UNIX) as abstract:
        port.bind(("127.0.0.1", 0))
        abstract.bind("\0" + name)
        for listening in (port, abstract):
            listening.listen()
            listening.setblocking(False)

        def reached() -> list[str]:
            found = []
            for what, listening in (("port", port), ("abstract socket", abstract)):
                try:
                    listening.accept()[0].close()
                except BlockingIOError:
                    continue
                found.append(what)
            return found

        yield Bait(port=port.getsockname()[1], abstract=name, secret=folder / "secret"), reached
