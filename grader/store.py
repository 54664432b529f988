"""The run folder: run.sqlite is the truth about state, marks and events; evidence lies in files beside it.

Every write is one transaction or one rename, so that a grader killed at any moment leaves a folder from which the next
call goes on: a part is there completely, or it is not there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock

from pydantic import ValidationError

from grader.errors import EvidenceError, RunError
from grader.evidence import Evidence
from grader.records import Event, Reason, RunMarks, Submission, SubmissionMarks
from grader.scratch import scratch_folder
from grader.shared_marks import SharedMarks

STORE_VERSION = 1
_SCHEMA = """
create table meta (name text primary key, value text not null);
create table submissions (key text primary key, ordinal integer not null, digest text not null, record text not null);
create table parts (key text not null, part text not null, digest text not null, level text not null,
                    primary key (key, part));
create table executions (id integer primary key, key text not null, part text not null, digest text not null);
create table faults (key text primary key, reason text not null);
create table marks (name text primary key, record text not null);
create table events (id integer primary key autoincrement, record text not null);
create table files (path text primary key, content blob not null);
"""


_HEAD = "head"
"""The marks' name without their rows; runs of earlier versions have all in one record, `run`."""


class RunStore:
    """A run folder, opened.

    Raises:
        RunError: if the folder is no run, or of another version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "run.sqlite"
        self._held: sqlite3.Connection | None = None
        """Open while the run is locked: the last one to close writes the log back into the database."""
        self._turn = RLock()
        """Whose turn it is with that connection; parts are stored from other threads."""
        if not self.database.is_file():
            raise RunError(
                "run-missing",
                f"{folder} is no run folder: it has no run.sqlite",
                next_step="give the folder that `grader grade ... --out` wrote",
            )
        found = self.meta("version")
        if found != str(STORE_VERSION):
            raise RunError(
                "run-version", f"the run has version {found}, this grader reads {STORE_VERSION}", where=str(folder)
            )

    # -- making and locking

    @classmethod
    def create(cls, folder: Path, meta: Mapping[str, str], files: Mapping[str, bytes]) -> RunStore:
        """A new run folder with what will not change: seed, rubric copy, digests.

        Raises:
            RunError: if the folder holds something else already.
        """
        if folder.exists() and (
            not folder.is_dir() or any(not path.name.startswith(".lock") for path in folder.iterdir())
        ):
            raise RunError(
                "run-not-empty",
                f"{folder} exists and is no run folder",
                next_step="give a new folder, or the one of an earlier run to go on with it",
            )
        folder.mkdir(parents=True, exist_ok=True)
        building = folder / "run.sqlite.new"
        building.unlink(missing_ok=True)
        with closing(sqlite3.connect(building)) as connection, connection:
            connection.executescript(_SCHEMA)
            connection.executemany(
                "insert into meta values (?, ?)",
                [*meta.items(), ("version", str(STORE_VERSION)), ("evidence", "evidence")],
            )
            connection.executemany("insert into files values (?, ?)", files.items())
        building.replace(folder / "run.sqlite")
        (folder / "evidence").mkdir(exist_ok=True)
        return cls(folder)

    @classmethod
    def derive(cls, source: RunStore, folder: Path) -> RunStore:
        """A new run folder that shares the evidence of `source`, with its submissions and events.

        Raises:
            RunError: if the folder is not empty.
        """
        if folder.exists() and any(not path.name.startswith(".lock") for path in folder.iterdir()):
            raise RunError("run-not-empty", f"{folder} is not empty", next_step="give a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        building = folder / "run.sqlite.new"
        with source._connect() as old, closing(sqlite3.connect(building)) as new:
            old.backup(new)
            with new:
                shared = os.path.relpath(source.evidence_folder, folder)
                new.execute("update meta set value = ? where name = 'evidence'", (shared,))
                new.execute("delete from marks")
        building.replace(folder / "run.sqlite")
        return cls(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one grader works in a run folder.

        Raises:
            RunError: if another one does.
        """
        # An SQLite lock, because it works on every system and dies with its process.
        with closing(sqlite3.connect(self.folder / ".lock", timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("begin exclusive")
            except sqlite3.OperationalError as error:
                raise RunError(
                    "run-locked", f"another grader works in {self.folder}", next_step="wait for it, or stop it"
                ) from error
            with closing(self._open()) as self._held:
                try:
                    yield
                finally:
                    with self._turn:
                        self._held = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.database, timeout=30, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A transaction, over the connection that is held if there is one."""
        with self._turn:
            if self._held is not None:
                with self._held:
                    yield self._held
                return
        with closing(self._open()) as connection, connection:
            yield connection

    # -- facts about the run

    def meta(self, name: str) -> str | None:
        """A fact that was stored under the name; None if there is none."""
        with self._connect() as connection:
            row = connection.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, facts: Mapping[str, str]) -> None:
        with self._connect() as connection:
            connection.executemany("insert or replace into meta values (?, ?)", facts.items())

    def replace_files(self, files: Mapping[str, bytes]) -> None:
        """Store another copy of the rubric."""
        with self._connect() as connection:
            connection.execute("delete from files")
            connection.executemany("insert into files values (?, ?)", files.items())

    @contextmanager
    def rubric_copy(self, name: str) -> Iterator[Path]:
        """The stored rubric as a folder, for as long as the context lasts."""
        with scratch_folder("rubric") as temporary:
            folder = temporary / name
            folder.mkdir()
            with self._connect() as connection:
                for path, content in connection.execute("select path, content from files"):
                    (folder / path).write_bytes(content)
            yield folder

    @property
    def evidence_folder(self) -> Path:
        return (self.folder / (self.meta("evidence") or "evidence")).resolve()

    def evidence(self, key: str) -> Evidence:
        return Evidence(self.evidence_folder / key)

    # -- submissions

    def put_submissions(self, submissions: Iterable[Submission]) -> None:
        """Store what was handed in, one at a time; evidence of a hand-in whose bytes changed is forgotten."""
        with self._connect() as connection:
            connection.execute("drop table if exists temp.taken")
            connection.execute("create temporary table taken (key text, ordinal integer, digest text, record text)")
            connection.executemany(
                "insert into temp.taken values (?, ?, ?, ?)",
                ((item.key, place, item.digest, item.model_dump_json()) for place, item in enumerate(submissions)),
            )
            changed = connection.execute(
                "select key from temp.taken join submissions using (key) where taken.digest != submissions.digest"
            ).fetchall()
            connection.executemany("delete from parts where key = ?", changed)
            connection.commit()
            for (key,) in changed:  # a call that is killed here forgets again files of which no row speaks
                shutil.rmtree(self.evidence_folder / key, ignore_errors=True)
            connection.execute("delete from submissions")
            connection.execute("insert into submissions select * from temp.taken")
            connection.execute("drop table temp.taken")

    def submissions(self) -> Iterator[Submission]:
        """The hand-ins in their order, read one at a time: all of them together may not fit."""
        for key in self.submission_keys():
            yield self.submission(key)

    def attempts(self) -> dict[tuple[str, int], str]:
        """(student, attempt) -> key, of all hand-ins in their order."""
        columns = "json_extract(record, '$.student'), json_extract(record, '$.attempt'), key"
        with self._connect() as connection:
            rows = connection.execute(f"select {columns} from submissions order by ordinal").fetchall()
        return {(str(student), int(attempt)): str(key) for student, attempt, key in rows}

    def submission_keys(self) -> list[str]:
        """The keys of all hand-ins, in their order."""
        with self._connect() as connection:
            return [str(row[0]) for row in connection.execute("select key from submissions order by ordinal")]

    def submission(self, key: str) -> Submission:
        """One hand-in, of which the key has to be known."""
        with self._connect() as connection:
            row = connection.execute("select record from submissions where key = ?", (key,)).fetchone()
        return Submission.model_validate_json(row[0])

    # -- evidence

    def put_notebook(self, key: str, content: bytes) -> None:
        """Store a notebook beside its evidence, and sweep out what a grader that was killed left half written.

        It is a copy of what the database has, and every call that runs hand-ins compares: so nobody waits for the disk.
        """
        folder = self.evidence_folder / key
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob(".*"):
            unfinished.unlink()
        path = folder / "notebook.json"
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, content, wait=False)

    def part_digests(self) -> dict[tuple[str, str], str]:
        """(key, part) -> digest of all parts that are stored."""
        with self._connect() as connection:
            rows = connection.execute("select key, part, digest from parts").fetchall()
        return {(str(key), str(part)): str(digest) for key, part, digest in rows}

    def levels(self) -> list[str]:
        """The sandbox levels under which the stored evidence was taken, sorted."""
        with self._connect() as connection:
            return [str(row[0]) for row in connection.execute("select distinct level from parts order by level")]

    def put_part(
        self, key: str, part: str, digest: str, level: str, files: Mapping[str, bytes], *, also: Sequence[str] = ()
    ) -> None:
        """Store what one execution yielded: its files first, the rows that make them count last and all at once.

        Args:
            key: the hand-in that was executed.
            part: which part it is.
            digest: of everything on which it depends.
            level: of the isolation under which it was taken.
            files: by their names.
            also: hand-ins with the same notebook, which share it.
        """
        keys = [key, *also]
        places = [(each, part) for each in keys]
        with self._connect() as connection:  # until all of its files are replaced, no row may speak of them
            connection.executemany("delete from parts where key = ? and part = ?", places)
        for each in keys:
            folder = self.evidence_folder / each
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                write_atomically(folder / name, content)
        with self._connect() as connection:
            rows = [(each, part, digest, level) for each in keys]
            connection.executemany("insert or replace into parts values (?, ?, ?, ?)", rows)
            connection.executemany("delete from faults where key = ?", [(each,) for each in keys])
            connection.execute("insert into executions (key, part, digest) values (?, ?, ?)", (key, part, digest))

    def put_fault(self, key: str, reason: Reason) -> None:
        """A fault of ours while executing a submission; it is taken up again by the next call."""
        with self._connect() as connection:
            connection.execute("insert or replace into faults values (?, ?)", (key, reason.model_dump_json()))

    def faults(self) -> dict[str, Reason]:
        with self._connect() as connection:
            rows = connection.execute("select key, reason from faults").fetchall()
        return {str(key): Reason.model_validate_json(reason) for key, reason in rows}

    def evidence_digest(self) -> str:
        """SHA-256 over the digests of all stored parts."""
        with self._connect() as connection:
            rows = connection.execute("select key, part, digest from parts order by key, part").fetchall()
        return _digest("\n".join("\0".join(row) for row in rows))

    # -- marks and events

    def put_marks(self, marks: RunMarks) -> None:
        """Store marks, a row each; views are made of what `marks` reads back."""
        head = marks.model_copy(update={"submissions": ()})
        with self._connect() as connection:
            connection.execute("delete from marks")
            connection.execute("insert into marks values (?, ?)", (_HEAD, head.model_dump_json()))
            connection.executemany(
                "insert into marks values (?, ?)",
                ((f"row {place:09}", row.model_dump_json()) for place, row in enumerate(marks.submissions)),
            )

    def marks(self) -> RunMarks:
        """The marks of the last scoring.

        Raises:
            RunError: if the run was never scored.
            EvidenceError: if they were written by another version.
        """
        shared = SharedMarks()
        try:
            with self._connect() as connection:
                head = connection.execute("select record from marks where name in (?, 'run')", (_HEAD,)).fetchone()
                if head is None:
                    step = f"grader score {self.folder}"
                    raise RunError("run-not-scored", f"{self.folder} has no marks yet", next_step=step)
                marks = RunMarks.model_validate_json(head[0])
                records = connection.execute("select record from marks where name like 'row %' order by name")
                rows = tuple(shared.row(SubmissionMarks.model_validate_json(record)) for (record,) in records)
        except ValidationError as error:
            raise EvidenceError(
                "marks-schema", "the stored marks have another schema", next_step=f"grader score {self.folder}"
            ) from error
        return marks.model_copy(update={"submissions": rows}) if rows else marks

    def add_event(self, event: Event) -> None:
        """Append a person's decision; nothing ever changes or removes one."""
        with self._connect() as connection:
            connection.execute("insert into events (record) values (?)", (event.model_dump_json(),))

    def events(self) -> list[Event]:
        with self._connect() as connection:
            rows = connection.execute("select record from events order by id").fetchall()
        return [Event.model_validate_json(row[0]) for row in rows]

    def events_digest(self) -> str:
        """SHA-256 over the events that can change a mark."""
        lines = [event.model_dump_json(exclude={"students"}) for event in self.events() if event.kind != "acknowledge"]
        return _digest("\n".join(lines))


def write_atomically(path: Path, content: bytes, *, wait: bool = True) -> None:
    """Write a file so that a reader sees the old or the new content, never a part of it.

    Args:
        path: where to; its folder exists.
        content: all of it.
        wait: True to return only when it would outlive a loss of power.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if wait:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
