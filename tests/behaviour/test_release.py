"""Marks leave only when everything is decided, current, acknowledged and agreed; then as files for anybody."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.marks_builders import check_mark, question_mark, submission_marks
from helpers.scored_runs import put_marks, scored_run
from typer.testing import CliRunner

from grader.cli import app
from grader.errors import RunError
from grader.lms.csv_package import csv_package, safe_names, zipped
from grader.pipeline import Readiness
from grader.records import Event, SubmissionMarks, SubmissionStatus
from grader.store import RunStore

REVIEW = SubmissionStatus.NEEDS_REVIEW


def row(student: str, first: dict[str, Any] | None = None, second: dict[str, Any] | None = None, **rest: Any) -> Any:
    """A submission with both questions passed, unless said otherwise."""
    return submission_marks(
        student,
        question_mark("1", check_mark("1/number", **(first or {})), title="First"),
        question_mark("2", check_mark("2/text", **(second or {})), title="Second"),
        **rest,
    )


def wrong(student: str) -> SubmissionMarks:
    made: SubmissionMarks = row(student, {"outcome": "failed", "diagnosis": ("sum.off_by_one",)})
    return made


class Finished:
    def __init__(self, *words: object) -> None:
        done = CliRunner().invoke(app, ["release", *map(str, words)], catch_exceptions=False)
        self.code, self.out, self.err = done.exit_code, done.stdout, done.stderr


def release(run: Path, *words: object, out: str = "out") -> Finished:
    return Finished(run, "--to", "csv", "--out", run.parent / out, *words)


def checks(finished: Finished) -> dict[str, dict[str, Any]]:
    """The checks of a release in JSON that did not hold."""
    return {check["name"]: check for check in json.loads(finished.out)["checks"] if not check["ok"]}


def test_a_run_in_which_all_is_decided_is_packaged(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"), row("grace", {"outcome": "failed"}))

    done = release(run)

    assert (done.code, done.err) == (0, "")
    assert done.out.split("\n")[0] == "Before release"
    assert done.out.rstrip().endswith("Nothing was sent.")
    assert (tmp_path / "out" / "marks.csv").read_bytes() == (run / "marks.csv").read_bytes()
    with zipfile.ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert archive.namelist() == ["ada.html", "grace.html"]
        assert archive.read("ada.html") == (run / "feedback" / "ada.html").read_bytes()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["feedback.zip", "marks.csv"]


def test_a_name_that_ends_in_zip_makes_one_zip(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"))

    done = release(run, out="all.zip")

    assert done.code == 0
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["feedback/ada.html", "marks.csv"]
        table = list(csv.DictReader(io.StringIO(archive.read("marks.csv").decode())))
    assert [line["total"] for line in table] == ["4"]


def test_json_has_the_checks_and_what_was_written(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"))

    facts = json.loads(release(run, "--format", "json").out)

    assert facts["ready"] is True
    assert [check["name"] for check in facts["checks"]] == [
        "current", "faults", "review", "open", "told-to-many", "views",
    ]  # fmt: skip
    assert facts["written"] == [str(tmp_path / "out" / name) for name in ("marks.csv", "feedback.zip")]


FAULT = {"outcome": "fault"}
UNSURE = {"outcome": "manual", "uncertain": True}
WAITS = {"outcome": "manual"}


@pytest.mark.parametrize(
    ("held", "name", "words"),
    [
        pytest.param(row("mary", FAULT, status=REVIEW), "faults", "1 submission has a fault of ours", id="fault"),
        pytest.param(row("mary", UNSURE, status=REVIEW), "review", "1 submission waits for a decision", id="review"),
        pytest.param(row("mary", flags=("hostile-archive",), status=REVIEW), "review", "waits", id="a flag"),
        pytest.param(row("mary", None, WAITS), "open", "1 submission has answers that wait for a marker", id="open"),
    ],
)
def test_what_is_not_decided_holds_the_release(tmp_path: Path, held: Any, name: str, words: str) -> None:
    run = scored_run(tmp_path, row("ada"), held)

    done = release(run, "--format", "json")

    (found,) = checks(done).values()
    assert (done.code, found["name"], found["rows"]) == (1, name, ["mary"])
    assert words in found["text"]
    assert found["next"].startswith("grader ")
    assert not (tmp_path / "out").exists()


def test_text_says_which_rows_and_what_next(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada", UNSURE, status=REVIEW), row("mary", UNSURE, status=REVIEW))

    done = release(run)

    assert done.code == 1
    assert "  wait  2 submissions wait for decisions\n        ada, mary\n        next grader override" in done.out
    assert done.out.rstrip().endswith("Nothing was written.")


def test_open_answers_may_be_released_as_provisional(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada", None, WAITS))

    done = release(run, "--allow-open")

    assert done.code == 0
    assert "1 submission has answers that wait for a marker; the pages say that they are provisional" in done.out
    with zipfile.ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert b"Provisional" in archive.read("ada.html")


def test_an_attempt_that_does_not_count_holds_nothing(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada", FAULT, status=REVIEW, counts=False), row("ada", attempt=2))

    assert release(run).code == 0


def test_a_hand_in_that_was_refused_holds_nothing_and_has_its_page(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"), submission_marks("eve", status=SubmissionStatus.REFUSED))

    assert release(run).code == 0
    with zipfile.ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert "eve.html" in archive.namelist()


# ------------------------------------------------------------------------------------------- current


def decide(run: Path) -> None:
    event = Event(kind="override", student="ada", check="1/number", mark=None, why="w", who="x", at="2026-11-01")
    RunStore(run).add_event(event)


def more_evidence(run: Path) -> None:
    RunStore(run).put_part("ada.1", "student", "another", "bubblewrap", {})


def other_rubric(run: Path) -> None:
    store = RunStore(run)
    with store.rubric_copy("rubric") as copy:
        files = {path.name: path.read_bytes() for path in copy.iterdir()}
    store.replace_files(files | {"rubric.yaml": files["rubric.yaml"].replace(b"answer: 3", b"answer: 4")})


@pytest.mark.parametrize(
    ("change", "words"),
    [(decide, "people's decisions"), (more_evidence, "the evidence"), (other_rubric, "the rubric")],
)
def test_marks_of_another_state_hold_the_release(tmp_path: Path, change: Any, words: str) -> None:
    run = scored_run(tmp_path, row("ada"))
    change(run)

    done = release(run, "--format", "json")

    found = checks(done)["current"]
    assert (done.code, found["text"]) == (1, f"changed since the marks were given: {words}")
    assert found["next"] == f"grader score {run}"


def rewrite(run: Path) -> None:
    page = run / "feedback" / "ada.html"
    page.write_text(page.read_text(encoding="utf-8").replace("First", "Worst"), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        pytest.param(rewrite, ["feedback/ada.html"], id="a page that says something else"),
        pytest.param(lambda run: (run / "marks.csv").unlink(), ["marks.csv"], id="no table"),
        pytest.param(
            lambda run: (run / "marks.json").write_text("{}", encoding="utf-8"), ["marks.json"], id="other marks"
        ),
        pytest.param(
            lambda run: (run / "feedback" / "eve.html").write_text("<p>", encoding="utf-8"),
            ["feedback/eve.html"],
            id="a page of nobody",
        ),
    ],
)
def test_views_that_do_not_say_what_the_marks_say_hold_the_release(tmp_path: Path, change: Any, rows: Any) -> None:
    run = scored_run(tmp_path, row("ada"))
    change(run)

    done = release(run, "--format", "json")

    found = checks(done)["views"]
    assert (done.code, found["rows"], found["next"]) == (1, rows, f"grader report {run}")


# ------------------------------------------------------------------------------------------- told to many


def many(tmp_path: Path, students: int = 3, of: int = 5) -> Path:
    return scored_run(
        tmp_path, *(wrong(f"w{n}") for n in range(students)), *(row(f"r{n}") for n in range(of - students))
    )


KEY = "1:sum.off_by_one"


def test_a_diagnosis_that_meets_many_holds_the_release_until_somebody_has_looked(tmp_path: Path) -> None:
    run = many(tmp_path)

    held = release(run, "--format", "json")
    done = release(run, "--acknowledge", KEY, "--why", "the slides had it", "--who", "ada")

    found = checks(held)["told-to-many"]
    assert (held.code, found["rows"]) == (1, [KEY])
    assert found["text"].startswith("3 of 5 were told sum.off_by_one in 1: perhaps the question's text")
    assert f"--acknowledge {KEY} --why TEXT" in found["next"]
    assert done.code == 0
    (event,) = RunStore(run).events()
    assert (event.kind, event.check, event.students, event.who, event.why) == (
        "acknowledge", KEY, 3, "ada", "the slides had it",
    )  # fmt: skip
    assert event.at.endswith("+00:00")
    assert "Acknowledged by" in (run / "summary.html").read_text(encoding="utf-8")


def test_an_acknowledgement_is_remembered_and_changes_no_mark(tmp_path: Path) -> None:
    run = many(tmp_path)
    before = (run / "marks.json").read_bytes()

    release(run, "--acknowledge", KEY, "--why", "w")

    assert release(run, out="again").code == 0
    assert (run / "marks.json").read_bytes() == before


def test_an_acknowledgement_does_not_hold_for_more_students(tmp_path: Path) -> None:
    run = many(tmp_path)
    release(run, "--acknowledge", KEY, "--why", "w")
    put_marks(run, *(wrong(f"w{n}") for n in range(3)), wrong("r0"), row("r1"))

    assert list(checks(release(run, "--format", "json", out="again"))) == ["told-to-many"]


def test_a_person_s_look_is_kept_even_if_something_else_holds_the_release(tmp_path: Path) -> None:
    run = scored_run(tmp_path, *(wrong(f"w{n}") for n in range(5)), row("ada", None, WAITS))

    done = release(run, "--acknowledge", KEY, "--why", "w", "--format", "json")

    assert (done.code, list(checks(done))) == (1, ["open"])
    assert len(RunStore(run).events()) == 1


def test_a_tiny_cohort_needs_no_acknowledgement(tmp_path: Path) -> None:
    assert release(many(tmp_path, 4, 4)).code == 0


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        pytest.param(["--acknowledge", KEY], "acknowledge-without-reason", "--why", id="no reason"),
        pytest.param(["--acknowledge", KEY, "--why", " "], "acknowledge-without-reason", "--why", id="a blank reason"),
        pytest.param(["--acknowledge", "1:sum.of_by_one", "--why", "w"], "unknown-diagnosis", KEY, id="near name"),
        pytest.param(["--acknowledge", "9", "--why", "w"], "unknown-diagnosis", KEY, id="no such diagnosis"),
        pytest.param(["--why", "w"], "release-why-for-nothing", "both", id="a reason for nothing"),
    ],
)
def test_a_wrong_call_is_told_and_records_nothing(tmp_path: Path, words: list[str], code: str, hint: str) -> None:
    run = many(tmp_path)

    done = release(run, *words)

    assert (done.code, done.out) == (2, "")
    assert f"error[{code}]" in done.err
    assert hint in done.err
    assert RunStore(run).events() == []


def test_events_cannot_be_told_from_marks_that_they_do_not_change(tmp_path: Path) -> None:
    run = many(tmp_path)
    before = RunStore(run).events_digest()
    release(run, "--acknowledge", KEY, "--why", "w")
    assert RunStore(run).events_digest() == before
    decide(run)
    assert RunStore(run).events_digest() != before


# ------------------------------------------------------------------------------------------- packages


@pytest.mark.parametrize("out", ["there", "there.zip"])
def test_nothing_is_written_over(tmp_path: Path, out: str) -> None:
    run = scored_run(tmp_path, row("ada"))
    if out.endswith(".zip"):
        (tmp_path / out).write_bytes(b"mine")
    else:
        (tmp_path / out).mkdir()
        (tmp_path / out / "mine").write_text("mine", encoding="utf-8")

    done = release(run, out=out)

    assert done.code == 2
    assert "error[release-exists]" in done.err
    assert [path.name for path in (tmp_path / out).iterdir()] == ["mine"] if out == "there" else True


def test_a_run_that_was_never_scored_cannot_be_released(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"))
    with sqlite3.connect(run / "run.sqlite") as connection:
        connection.execute("delete from marks")
    connection.close()

    done = release(run)

    assert (done.code, "error[run-not-scored]" in done.err) == (2, True)


def test_only_what_works_can_be_packaged_for(tmp_path: Path) -> None:
    run = scored_run(tmp_path, row("ada"))
    done = Finished(run, "--to", "moodle", "--out", tmp_path / "out")
    assert done.code == 2
    assert "csv" in done.err


def test_names_of_devices_become_names_of_files() -> None:
    assert list(safe_names({"con": "", "nul.1": "", "ada": "", "student-con": "", "com10": ""})) == [
        "ada", "com10", "student-con", "student-nul.1", "student-con-",
    ]  # fmt: skip


def test_the_same_pages_make_the_same_bytes() -> None:
    assert zipped({"b": "2", "a": "é"}) == zipped({"a": "é", "b": "2"})


def test_a_package_is_made_of_what_was_looked_at(tmp_path: Path) -> None:
    readiness = Readiness(checks=(), table="student\n", pages={"ada": "<p>"})

    (written,) = csv_package(readiness, tmp_path / "new" / "all.ZIP")

    with zipfile.ZipFile(written) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "marks.csv": b"student\n",
            "feedback/ada.html": b"<p>",
        }
    with pytest.raises(RunError):
        csv_package(readiness, written)
