"""What a run is made of now: the digests of all that its marks rest on, and the views that follow from its marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from grader import report, score
from grader.coursework import student_version
from grader.pipeline.course import Course
from grader.records import Digests, RunMarks
from grader.store import RunStore

K = TypeVar("K")
V = TypeVar("V")


def current_digests(store: RunStore, course: Course) -> Digests:
    """The digests of rubric, evidence, oracle and decisions as they are stored now."""
    return Digests(
        rubric=course.rubric.digest(),
        evidence=store.evidence_digest(),
        oracle=course.oracle.version if course.oracle is not None else "",
        events=store.events_digest(),
    )


def current_views(store: RunStore, course: Course) -> dict[str, str]:
    """Every view of the stored marks as text, by its path in the run folder; nothing is written."""
    return {name: "".join(pieces) for name, pieces in report.all_views(_content(store, course))}


def write_current_views(
    store: RunStore, course: Course, marks: RunMarks | None = None, share: report.Share = report.ALL
) -> list[Path]:
    """Write them into the run folder; returns the files.

    Args:
        store: the run.
        course: its rubric.
        marks: the stored marks, as they are read back, where they are at hand.
        share: of the pages; `write_current_pages` writes the others.
    """
    return report.write_views(store.folder, _content(store, course, marks), share)


def write_current_pages(store: RunStore, course: Course, share: report.Share) -> None:
    """Write a share of the pages, and nothing else."""
    report.write_pages(store.folder, _content(store, course), share)


def _content(store: RunStore, course: Course, marks: RunMarks | None = None) -> report.Content:
    """What views are made from; hand-ins and answers are read when they are asked for."""
    template = student_version(course.rubric)
    attempts = store.attempts()
    submission = lru_cache(maxsize=1)(store.submission)  # a page asks for both

    def answers(key: str) -> Mapping[str, str]:
        notebook = submission(key).notebook
        return {} if notebook is None else score.answer_texts(notebook, course.rubric, template)

    return report.Content(
        marks=marks or store.marks(),
        rubric=course.rubric,
        describe=course.describe,
        submissions=_Read(attempts, submission),
        answers=_Read({key: key for key in attempts.values()}, answers),
        events=store.events(),
    )


class _Read(Mapping[K, V]):
    """A mapping whose values are read when they are asked for, and not kept.

    Args:
        keys: by the mapping's own keys, what is to be read.
        read: reads one.
    """

    def __init__(self, keys: Mapping[K, str], read: Callable[[str], V]) -> None:
        self._keys = keys
        self._read = read

    def __getitem__(self, key: K) -> V:
        return self._read(self._keys[key])

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
