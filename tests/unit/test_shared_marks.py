"""Equal marks are one object; marks that are written differently are not."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from decimal import Decimal

from helpers.marks_builders import check_mark, question_mark, submission_marks

from grader.records import SubmissionMarks
from grader.shared_marks import SharedMarks


def test_equal_questions_and_checks_of_two_rows_are_one_object() -> None:
    shared = SharedMarks()
    rows = [
        submission_marks(student, question_mark("1", check_mark("1/a"), check_mark("1/b", reason=reason)))
        for student, reason in (("ada", "Right."), ("bob", "Right."), ("cy", "Not quite."))
    ]

    ada, bob, cy = (shared.row(row) for row in rows)

    assert [ada, bob, cy] == rows
    assert ada.questions[0] is bob.questions[0]
    assert cy.questions[0] is not ada.questions[0]
    assert cy.questions[0].checks[0] is ada.questions[0].checks[0]
    assert cy.questions[0].checks[1].reason == "Not quite."


def test_numbers_that_are_written_differently_stay_as_they_are() -> None:
    shared = SharedMarks()
    checks = [check_mark("1/a").model_copy(update={"mark": Decimal(mark)}) for mark in ("2", "2.0", "2")]
    rows = [submission_marks("s", question_mark("1", check)) for check in checks]

    one, other, third = (shared.row(row) for row in rows)

    assert [row.model_dump_json() for row in (one, other, third)] == [row.model_dump_json() for row in rows]
    assert one.questions[0] is third.questions[0]


def test_what_is_shared_is_shared_again_as_it_is() -> None:
    row = SharedMarks().row(submission_marks("ada", question_mark("1", check_mark("1/a"))))

    again = SharedMarks().row(row)

    assert again == row
    assert again.questions[0].checks[0] is row.questions[0].checks[0]


def test_unlike_checks_take_a_fraction_of_what_they_take_as_they_are_read() -> None:
    as_read = _bytes_held(lambda row: row)
    shared = SharedMarks()

    assert _bytes_held(shared.row) < 0.6 * as_read


def _bytes_held(keep: Callable[[SubmissionMarks], SubmissionMarks]) -> int:
    texts = [
        submission_marks(
            f"s{number}", question_mark("1", *(check_mark(f"1/{name}", reason=f"{number}.") for name in range(20)))
        ).model_dump_json()
        for number in range(100)
    ]
    gc.collect()
    tracemalloc.start()
    try:
        kept = [keep(SubmissionMarks.model_validate_json(text)) for text in texts]
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len({row.model_dump_json() for row in kept}) == len(texts)
    return held
