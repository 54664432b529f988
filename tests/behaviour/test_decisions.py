"""A flag that holds a release is settled by a person, with a reason, as an event; so is a deduction for lateness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.evidence_files import notebook
from helpers.scored_runs import RUBRIC, rubric_folder
from typer.testing import CliRunner

from grader.cli import app
from grader.pipeline import score_run
from grader.pipeline.course import Course
from grader.records import RunMarks, Submission
from grader.store import RunStore

LATE = "lateness: {percent: 10, period_hours: 24}\n"


class Quiet:
    """Tells nobody how a batch goes on."""

    def stage(self, sentence: str) -> None: ...
    def note(self, sentence: str) -> None: ...
    def begin(self, total: int, already_done: int) -> None: ...
    def finished(self, submission: Submission, problem: object) -> None: ...


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two, scored from its evidence: one flagged and late, one not."""
    folder = tmp_path_factory.mktemp("decisions")
    text = RUBRIC.replace('  - {id: "2", title: Second, marks: 2, kind: text, after: Question 2}\n', "")
    course = Course.load(rubric_folder(folder / "rubric", text + LATE))
    facts = {"seed": "s", "rubric": course.rubric.name, "rubric_path": str(course.rubric.folder)}
    store = RunStore.create(folder / "run", facts, course.files())
    handed_in = notebook("n = 3")
    made = {"notebook": handed_in, "digest": "d", "attempt": 1}
    store.put_submissions(
        [
            Submission(student="ada", name="ada", submission="ada.zip", key="ada", flags=("hostile-archive",),
                       hours_late=5.0, **made),
            Submission(student="mary", name="mary", submission="mary.zip", key="mary", **made),
        ]
    )  # fmt: skip
    for key in ("ada", "mary"):
        (store.evidence_folder / key).mkdir(parents=True)
        (store.evidence_folder / key / "notebook.json").write_text(handed_in.model_dump_json(), encoding="utf-8")
    score_run(folder / "run", Quiet(), workers=1)
    return folder / "run"


def call(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return done.exit_code, done.stdout + done.stderr


def test_a_flag_holds_the_release_until_a_person_settles_it(scored: Path, tmp_path: Path) -> None:
    held = call("release", scored, "--to", "csv", "--out", tmp_path / "out", "--format", "json")
    forgot = call("override", scored, "ada", "hostile-archiv", "--why", "w")
    settled = call("override", scored, "ada", "hostile-archive", "--why", "a link by mistake", "--who", "grace")
    free = call("override", scored, "ada", "late", "--why", "ill")
    done = call("release", scored, "--to", "csv", "--out", tmp_path / "out")

    assert held[0] == 1
    assert [(check["name"], check["rows"]) for check in json.loads(held[1])["checks"] if not check["ok"]] == [
        ("review", ["ada"])
    ]
    assert forgot[0] == 2
    assert 'did you mean "hostile-archive"?' in forgot[1]
    assert settled == (0, "ada: 1.80 of 2.00, 0.00 open, graded\n")
    assert free == (0, "ada: 2.00 of 2.00, 0.00 open, graded\n")
    assert done[0] == 0
    marks: RunMarks = RunStore(scored).marks()
    assert [(row.student, row.total, row.flags) for row in marks.submissions] == [("ada", 2, ()), ("mary", 2, ())]
    first = RunStore(scored).events()[0]
    assert (first.kind, first.check, first.who) == ("waive", "hostile-archive", "grace")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("mary", "1/number", "--why", "w"), "override-without-mark"),
        (("mary", "late", "--why", "w"), "unknown-flag"),
        (("eve", "late", "--why", "w"), "unknown-student"),
        (("mary", "1/number", "1", "--why", " "), "override-without-reason"),
    ],
)
def test_a_decision_about_nothing_is_told(scored: Path, words: tuple[str, ...], code: str) -> None:
    before = RunStore(scored).events()
    status, said = call("override", scored, *words)
    assert (status, f"error[{code}]" in said) == (2, True)
    assert RunStore(scored).events() == before


def test_a_reason_is_asked_for_before_a_flag_is_settled(scored: Path) -> None:
    marks = RunStore(scored).marks()
    flagged = marks.submissions[1].model_copy(update={"flags": ("tampering:frames",)})
    RunStore(scored).put_marks(marks.model_copy(update={"submissions": (marks.submissions[0], flagged)}))
    status, said = call("override", scored, "mary", "tampering:frames", "--why", " ")
    assert (status, "error[override-without-reason]" in said) == (2, True)


@pytest.mark.parametrize(
    ("typed", "next_step"),
    [("m", 'did you mean "mary"?'), ("amry", 'did you mean "mary"?'), ("", "marks.csv"), ("zzz", "marks.csv")],
)
def test_a_name_that_is_begun_or_misspelt_is_suggested(scored: Path, typed: str, next_step: str) -> None:
    status, said = call("override", scored, typed, "late", "--why", "w")
    assert (status, "error[unknown-student]" in said, next_step in said) == (2, True, True)
