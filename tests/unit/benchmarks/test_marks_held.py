"""Rows that are as unlike as they are said to be."""

from __future__ import annotations

import pytest
from helpers.marks_builders import check_mark, question_mark, submission_marks
from marks_held import held_kib, rows

from grader.shared_marks import SharedMarks

TEXTS = [
    submission_marks(
        "s", question_mark("1", *(check_mark(f"1/{name}", reason="Right.") for name in range(10)))
    ).model_dump_json()
]


@pytest.mark.parametrize(("share", "fewest", "most"), [(0, 10, 10), (0.5, 150, 350), (1, 500, 500)])
def test_a_share_of_the_checks_is_unlike_all_others(share: float, fewest: int, most: int) -> None:
    made = list(rows(TEXTS, 50, share))

    reasons = {(check.id, check.reason) for row in made for question in row.questions for check in question.checks}

    assert len({row.student for row in made}) == 50
    assert fewest <= len(reasons) <= most


def test_rows_that_are_kept_hold_less_the_more_of_their_checks_are_alike() -> None:
    alike, unlike = (held_kib(rows(TEXTS, 100, share), SharedMarks().row) for share in (0, 1))
    as_read = held_kib(rows(TEXTS, 100, 1), lambda row: row)

    assert 0 < alike < 0.5 * unlike
    assert unlike < as_read
