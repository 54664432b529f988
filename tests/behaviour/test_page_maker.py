"""Pages are made by two processes, and are those that one would have made, whatever becomes of the other."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from helpers.marks_builders import check_mark, question_mark, submission_marks
from helpers.scored_runs import scored_run

from grader import report
from grader.forked import can_fork
from grader.pipeline import page_maker
from grader.pipeline.course import Course, stored_course
from grader.pipeline.current import current_views, write_current_pages
from grader.pipeline.page_maker import FEWEST, PageMaker
from grader.store import RunStore

pytestmark = [
    pytest.mark.skipif(not can_fork(), reason="this system has no safe fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),  # others may have left threads behind
]


@pytest.fixture(autouse=True)
def _fork_in_spite_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_maker, "is_single_threaded", lambda: True)


def run_without_pages(folder: Path, people: int) -> RunStore:
    """A run with marks, whose pages are gone."""
    rows = [
        submission_marks(
            f"s{number:02}",
            question_mark("1", check_mark("1/number")),
            question_mark("2", check_mark("2/text", outcome="manual")),
        )
        for number in range(people)
    ]
    run = scored_run(folder, *rows)
    for path in (run / "feedback").iterdir():
        path.unlink()
    return RunStore(run)


def made_by(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Processes that have made a share of the pages alone, as far as this one hears of them."""
    heard: list[int] = []

    def noted(store: RunStore, course: Course, share: report.Share) -> None:
        heard.append(os.getpid())
        write_current_pages(store, course, share)

    monkeypatch.setattr(page_maker, "write_current_pages", noted)
    return heard


def assert_all_there(store: RunStore, course: Course) -> None:
    views = current_views(store, course)
    assert {name for name in views if name.startswith("feedback/")} == {
        f"feedback/{path.name}" for path in (store.folder / "feedback").iterdir()
    }
    for name, text in views.items():
        assert (store.folder / name).read_text(encoding="utf-8") == text


def test_two_processes_make_what_one_would_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run_without_pages(tmp_path, FEWEST + 1)
    heard = made_by(monkeypatch)

    with stored_course(store) as course, PageMaker(course) as pages:
        pages.write_views(store, store.marks())
        assert_all_there(store, course)

    assert heard == []  # the other process has made its share


def test_where_the_other_process_has_died_this_one_makes_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run_without_pages(tmp_path, FEWEST)
    heard = made_by(monkeypatch)
    children: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: children.append(fork()) or children[-1])

    with stored_course(store) as course, PageMaker(course) as pages:
        os.kill(children[0], signal.SIGKILL)
        pages.write_views(store, store.marks())
        assert_all_there(store, course)

    assert heard == [os.getpid()]


def test_what_goes_wrong_in_the_other_process_is_told_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = run_without_pages(tmp_path, FEWEST)

    def broken(store: RunStore, course: Course, share: report.Share) -> None:
        raise RuntimeError("no page today")

    monkeypatch.setattr(page_maker, "write_current_pages", broken)

    with (
        stored_course(store) as course,
        PageMaker(course) as pages,
        pytest.raises(RuntimeError, match="no page today"),
    ):
        pages.write_views(store, store.marks())


def test_few_pages_are_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run_without_pages(tmp_path, FEWEST - 1)
    heard = made_by(monkeypatch)

    with stored_course(store) as course, PageMaker(course) as pages:
        pages.write_views(store, store.marks())
        assert_all_there(store, course)

    assert heard == []


def test_the_page_of_someone_who_left_is_taken_away(tmp_path: Path) -> None:
    store = run_without_pages(tmp_path, FEWEST)
    (store.folder / "feedback" / "someone-who-left.html").write_text("old", encoding="utf-8")
    (store.folder / "feedback" / ".s99.html.unfinished").write_text("half", encoding="utf-8")

    with stored_course(store) as course, PageMaker(course) as pages:
        pages.write_views(store, store.marks())
        assert_all_there(store, course)


def test_a_run_that_is_never_reported_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = run_without_pages(tmp_path, 1)
    children: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: children.append(fork()) or children[-1])

    with stored_course(store) as course, PageMaker(course):
        assert Path(f"/proc/{children[0]}").exists()

    assert not Path(f"/proc/{children[0]}").exists()
