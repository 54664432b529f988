"""The run folder survives being killed, shared and opened by two."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from helpers.many_hand_ins import stored
from helpers.marks_builders import check_mark, question_mark, run_marks, submission_marks

from grader.errors import EvidenceError, RunError
from grader.records import Digests, Event, Reason, RunMarks, Submission
from grader.store import RunStore, write_atomically


def submission(key: str, digest: str = "d") -> Submission:
    return Submission(student=key, name=key, submission=f"{key}.zip", key=key, digest=digest)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore.create(tmp_path / "run", {"seed": "s", "rubric": "r"}, {"rubric.yaml": b"title: t"})


def test_a_run_remembers_what_it_was_made_with(store: RunStore) -> None:
    again = RunStore(store.folder)
    assert again.meta("seed") == "s"
    assert again.meta("nothing") is None
    with again.rubric_copy("r") as folder:
        assert (folder / "rubric.yaml").read_bytes() == b"title: t"
    assert not folder.exists()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        RunStore(tmp_path)
    assert caught.value.code == "run-missing"


def test_a_folder_with_other_things_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunError) as caught:
        RunStore.create(tmp_path, {}, {})
    assert caught.value.code == "run-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_run_of_another_version_is_refused(store: RunStore) -> None:
    store.set_meta({"version": "99"})
    with pytest.raises(RunError) as caught:
        RunStore(store.folder)
    assert caught.value.code == "run-version"


def test_submissions_keep_their_order(store: RunStore) -> None:
    store.put_submissions([submission("b"), submission("a")])
    assert [item.key for item in store.submissions()] == ["b", "a"]


def test_a_part_counts_only_once_its_row_is_there(store: RunStore) -> None:
    store.put_submissions([submission("a")])
    assert store.part_digests().get(("a", "student")) is None
    store.put_part("a", "student", "k1", "bubblewrap", {"student.json": b"{}"})
    assert store.part_digests().get(("a", "student")) == "k1"
    assert (store.evidence_folder / "a" / "student.json").read_bytes() == b"{}"
    assert store.levels() == ["bubblewrap"]


def test_evidence_of_changed_bytes_is_forgotten(store: RunStore) -> None:
    store.put_submissions([submission("a", "old"), submission("b", "same")])
    for key in "ab":
        store.put_part(key, "student", "k", "bubblewrap", {"student.json": b"{}"})
    store.put_submissions([submission("a", "new"), submission("b", "same")])
    assert store.part_digests().get(("a", "student")) is None
    assert not (store.evidence_folder / "a").exists()
    assert store.part_digests().get(("b", "student")) == "k"


def test_a_fault_is_remembered_until_evidence_comes(store: RunStore) -> None:
    store.put_fault("a", Reason(code="kernel-start", what="no kernel"))
    assert store.faults()["a"].code == "kernel-start"
    store.put_part("a", "student", "k", "bubblewrap", {})
    assert store.faults() == {}


def test_events_are_appended_in_order(store: RunStore) -> None:
    before = store.events_digest()
    for number in range(3):
        store.add_event(
            Event(
                kind="override",
                student="a",
                check="1/x",
                mark=Decimal(number),
                why="w",
                who="m",
                at="2030-01-01T00:00:00Z",
            )
        )
    assert [event.mark for event in store.events()] == [0, 1, 2]
    assert store.events_digest() != before


def test_marks_come_back_as_they_were(store: RunStore) -> None:
    with pytest.raises(RunError, match="no marks yet"):
        store.marks()
    marks = RunMarks(
        rubric="r", title="t", digests=Digests(rubric="", evidence="", oracle="", events=""), submissions=()
    )
    store.put_marks(marks)
    assert store.marks() == marks


def rows_of(store: RunStore, *students: str) -> RunMarks:
    marks = run_marks(*(submission_marks(student, question_mark("1", check_mark("1/a"))) for student in students))
    store.put_marks(marks)
    return marks


def test_rows_of_marks_come_back_in_their_order_and_replace_those_before(store: RunStore) -> None:
    rows_of(store, *(f"s{number}" for number in range(12)))

    marks = rows_of(store, "b", "a")

    assert store.marks() == marks
    first, second = store.marks().submissions
    assert (first.student, second.student) == ("b", "a")
    assert first.questions[0] is second.questions[0], "as objects marks take ten times their text"


def test_marks_that_an_earlier_version_stored_in_one_record_are_read(store: RunStore) -> None:
    marks = rows_of(store, "b", "a")
    with closing(sqlite3.connect(store.database)) as connection, connection:
        connection.execute("delete from marks")
        connection.execute("insert into marks values ('run', ?)", (marks.model_dump_json(),))

    assert store.marks() == marks


def test_hand_ins_that_cannot_be_read_to_the_end_change_nothing(store: RunStore) -> None:
    store.put_submissions([submission("a", "old")])
    store.put_part("a", "student", "k", "bubblewrap", {})

    def broken() -> Iterator[Submission]:
        yield submission("a", "new")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        store.put_submissions(broken())

    assert [one.digest for one in store.submissions()] == ["old"]
    assert store.part_digests() == {("a", "student"): "k"}


def test_marks_of_another_schema_are_refused(store: RunStore) -> None:
    with sqlite3.connect(store.database) as connection:
        connection.execute("insert into marks values ('run', '{\"schema_version\": 99}')")
    connection.close()
    with pytest.raises(EvidenceError, match="another schema"):
        store.marks()


def test_a_derived_run_shares_evidence_and_events_but_no_marks(store: RunStore, tmp_path: Path) -> None:
    store.put_submissions([submission("a")])
    store.put_part("a", "student", "k", "bubblewrap", {"student.json": b"{}"})
    derived = RunStore.derive(store, tmp_path / "new")
    assert derived.part_digests().get(("a", "student")) == "k"
    assert derived.evidence("a").has("student")
    assert derived.evidence_folder == store.evidence_folder
    with pytest.raises(RunError):
        derived.marks()
    with pytest.raises(RunError) as caught:
        RunStore.derive(store, tmp_path / "new")
    assert caught.value.code == "run-not-empty"


def test_two_graders_cannot_work_in_one_run(store: RunStore) -> None:
    with store.locked():
        with pytest.raises(RunError) as caught, RunStore(store.folder).locked():
            pass
        assert caught.value.code == "run-locked"
    with store.locked():
        assert store.meta("seed") == "s"


def in_another_thread(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result(timeout=30)


def test_a_locked_run_writes_its_log_back_once_and_not_after_every_part(store: RunStore) -> None:
    log = store.folder / "run.sqlite-wal"
    with store.locked():
        for key in "ab":
            store.put_part(key, "student", "k", "sealed", {"student.json": b"{}"})
            assert log.stat().st_size > 0
            assert RunStore(store.folder).part_digests()[key, "student"] == "k"
    assert not log.exists()
    store.put_fault("a", Reason(code="c", what="w"))
    assert not log.exists()


def test_parts_are_stored_from_other_threads_while_a_run_is_locked_and_its_rubric_read(store: RunStore) -> None:
    with store.locked(), store.rubric_copy("r"):
        in_another_thread(lambda: store.put_part("a", "student", "k", "sealed", {"student.json": b"{}"}))
        assert store.part_digests() == {("a", "student"): "k"}


def test_what_ends_in_an_error_leaves_the_run_unlocked_and_earlier_parts_stored(store: RunStore) -> None:
    def broken() -> None:
        with store.locked():
            store.put_part("a", "student", "k", "sealed", {"student.json": b"{}"})
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    with store.locked():
        assert store.part_digests() == {("a", "student"): "k"}


def test_a_change_that_fails_in_a_locked_run_is_taken_back(store: RunStore) -> None:
    with store.locked():
        with pytest.raises(sqlite3.Error):
            store.set_meta({"seed": "t", "other": []})  # type: ignore[dict-item]
        assert (store.meta("seed"), store.meta("other")) == ("s", None)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "marks.csv"
    write_atomically(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["marks.csv"]


def test_what_was_executed_is_remembered_in_order(store: RunStore) -> None:
    store.put_part("b", "student", "k", "bubblewrap", {})
    store.put_part("a", "training", "k", "bubblewrap", {}, also=["c"])
    assert [(key, part) for _, key, part in stored(store.folder)] == [("b", "student"), ("a", "training")]


def test_what_one_execution_yields_is_stored_for_all_who_handed_in_the_same(store: RunStore) -> None:
    store.put_fault("c", Reason(code="kernel-start", what="no kernel"))
    store.put_part("a", "student", "k", "bubblewrap", {"student.json": b"{}"}, also=["c"])
    assert store.part_digests() == {("a", "student"): "k", ("c", "student"): "k"}
    assert store.evidence("c").has("student")
    assert store.faults() == {}


class KilledError(Exception):
    """Stands for the end of the grader at this very moment."""


def test_a_part_that_was_half_replaced_when_the_grader_was_killed_does_not_count(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"student.json": b"old", "student.safetensors": b"old"}
    store.put_part("a", "student", "old", "bubblewrap", files)

    def killed(path: Path, content: bytes) -> None:
        if path.name == "student.safetensors":
            raise KilledError
        path.write_bytes(content)

    monkeypatch.setattr("grader.store.write_atomically", killed)
    with pytest.raises(KilledError):
        store.put_part("a", "student", "new", "bubblewrap", dict.fromkeys(files, b"new"))

    assert store.part_digests() == {}, "files of two executions pass for one part"


def test_a_grader_killed_while_it_forgets_old_evidence_leaves_no_row_without_files(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_submissions([submission("a", "old")])
    store.put_part("a", "student", "k", "bubblewrap", {"student.json": b"{}"})

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("grader.store.shutil.rmtree", killed)
        with pytest.raises(KilledError):
            store.put_submissions([submission("a", "new")])
    assert store.part_digests() == {}

    store.put_submissions([submission("a", "new")])
    assert not store.evidence("a").has("student")


def test_half_written_files_of_a_killed_grader_are_swept_out(store: RunStore) -> None:
    store.put_notebook("a", b"{}")
    folder = store.evidence_folder / "a"
    (folder / ".student.json.x1y2").write_bytes(b"half")
    written = (folder / "notebook.json").stat().st_mtime_ns

    store.put_notebook("a", b"{}")

    assert [path.name for path in folder.iterdir()] == ["notebook.json"]
    assert (folder / "notebook.json").stat().st_mtime_ns == written, "what is there is not written again"


def test_one_hand_in_is_read_by_its_key(store: RunStore) -> None:
    store.put_submissions([submission("b"), submission("a")])
    assert store.submission_keys() == ["b", "a"]
    assert store.submission("a") == submission("a")
