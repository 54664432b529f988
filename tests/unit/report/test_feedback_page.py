"""The student's page as text: complete, self-contained, and deaf to what a student wrote into it."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from helpers.marks_builders import (
    Mistake,
    check_mark,
    described,
    hand_in,
    question_mark,
    rubric_for,
    run_marks,
    submission_marks,
)
from helpers.report_html import HOSTILE, Page, read_page
from helpers.report_sample import ANSWERS, DESCRIBE, sample_hand_ins, sample_rubric, sample_run

from grader.records import (
    Adjustment,
    CellKind,
    LookedAt,
    NotebookCell,
    NotebookRecord,
    Reason,
    RunMarks,
    SubmissionStatus,
)
from grader.report import wording
from grader.report.feedback_page import feedback_page
from grader.report.html_page import CONTENT_POLICY, prose
from grader.report.student_view import AboutRun, StudentView, student_view


def sample_view(number: int = 0) -> StudentView:
    marks = sample_run()
    row = marks.submissions[number]
    submission = sample_hand_ins(marks)[(row.student, row.attempt)]
    return student_view(row, submission, sample_rubric(marks), about(marks), DESCRIBE, ANSWERS.get(submission.key, {}))


def about(marks: RunMarks) -> AboutRun:
    return AboutRun(
        title=marks.title,
        contact="the course team",
        digests=marks.digests,
        scoring_version=1,
        isolation=("bubblewrap",),
    )


def hostile_page(text: str) -> str:
    """A page in which every text that can come from a student is `text`."""
    looked_at = (LookedAt(cell=0, how=text, text=text), LookedAt(cell=1, how=text, text=text, counts=False))
    said = {"reason": text, "next_step": text, "convention": text, "diagnosis": ("m", text), "looked_at": looked_at}
    check = check_mark("1/a", outcome="failed", **said)
    row = submission_marks(
        "s001",
        question_mark("1", check, check_mark("1/b", outcome="manual", uncertain=True, reason=text), title=text),
        name=text,
        submission=text,
        flags=(text,),
        notes=(text,),
        adjustments=(Adjustment(id="late", marks=Decimal(0), reason=text, by="policy"),),
    )
    notebook = NotebookRecord(
        source_name=text, format="ipynb", cells=(NotebookCell(index=0, kind=CellKind.CODE, source=text),), notes=(text,)
    )
    submission = hand_in("s001", notebook=notebook, notes=(text + " 2",), received=text, name=text, submission=text)
    mistake = Mistake(id="m", title=text, formula=text, what_you_did=text, next_step=text)
    marks = run_marks(row)
    view = student_view(row, submission, rubric_for(marks), about(marks), described(mistake), {"1/b": text})
    return feedback_page(view)


def assert_inert(page: Page) -> None:
    assert page.count("script") == page.count("img") == page.count("iframe") == page.count("link") == 0
    assert page.count("style") == page.count("h1") == page.count("main") == 1
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert all(target.startswith("#") for target in page.attributes("href"))
    assert page.attributes("src") == []
    assert page.unclosed == []


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_text_from_a_student_stays_text_wherever_it_stands(text: str) -> None:
    page = read_page(hostile_page(text))

    assert_inert(page)
    assert " ".join(text.replace("`", "").split()) in page.text.replace("`", "")


@pytest.mark.parametrize(
    "text",
    ["a\u202eb", "a\x00b", "a\ud83db", "\x1b[31ma\x1b[0m", "a\u2067b", "a\x9bb", "a\ufffeb"],
    ids=["bidi", "null", "surrogate", "ansi", "isolate", "c1", "non-character"],
)
def test_characters_that_lie_or_break_the_file_never_reach_it(text: str) -> None:
    html = hostile_page(text)

    assert html.encode().decode() == html
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe]", html) is None


def test_the_head_forbids_everything_but_its_own_style() -> None:
    html = feedback_page(sample_view())

    page = read_page(html)
    meta = [attributes for tag, attributes in page.tags if tag == "meta"]
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert (
        CONTENT_POLICY
        == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">' in html
    assert {"name": "referrer", "content": "no-referrer"} in meta
    assert {"name": "robots", "content": "noindex"} in meta
    assert {"name": "color-scheme", "content": "light dark"} in meta


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    html = feedback_page(sample_view())

    assert_inert(read_page(html))
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_every_link_inside_the_page_has_its_target_and_identifiers_are_unique() -> None:
    page = read_page(feedback_page(sample_view()))

    identifiers = page.attributes("id")
    assert len(identifiers) == len(set(identifiers))
    assert {target[1:] for target in page.attributes("href")} <= set(identifiers)
    assert set(page.attributes("aria-labelledby")) <= set(identifiers)


def test_headings_descend_one_level_at_a_time() -> None:
    levels = [int(tag[1]) for tag, _ in read_page(feedback_page(sample_view())).tags if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_outcome_is_said_in_words() -> None:
    page = read_page(feedback_page(sample_view()))

    for words in wording.OUTCOME_WORDS.values():
        assert words in page.text
    for words in ("Full marks", "Part marks", "Reported only", "Part marks, part open"):
        assert words in page.text


def test_the_whole_page_reads_in_order() -> None:
    page = read_page(feedback_page(sample_view()))

    parts = [
        "Coursework 2: gated networks",
        "Submission 0123456789ab · Received 18 November 2026, 16:02 UTC, 3.2 hours late",
        "22.42 of 53 (42 %)",
        "Provisional: 12 marks still wait for a person.",
        "Went well Full marks in 1a (Gated cell: what the constructor makes).",
        "Worth most 1b (Gated cell: the step): keep gate inverted, 6 marks.",
        "Do next Set the keep gate to 1",
        "About your file",
        "Two notebooks were found",
        "1b Gated cell: the step 6 of 12 Part marks",
        "What happened",
        "We read your code as: one fused map for all gates, order keep, write, read. This form is accepted.",
        "Checks: 0 of 1 met",
        "Named mistake keep gate inverted",
        "Next step",
        "A mistake there was carried through, not charged again",
        "Your answer A gate near 1 lets the old state through.",
        "How the marks add up",
        "handed in 3.2 hours late: 5 % of 50 (a rule of the course)",
        "If you think a mark is wrong Ask the course team. Quote the submission 0123456789ab, the question",
        "About this page Grader",
        "Digest of evidence bbbbbbbbbbbb",
        wording.NO_NETWORK,
    ]
    position = -1
    for part in parts:
        assert part in page.text[position + 1 :], part
        position = page.text.index(part, position + 1)


def test_the_rows_of_the_sums_table_add_up_to_its_last_row() -> None:
    rows = read_page(feedback_page(sample_view())).tables["sums"]

    body, total = rows[1:-1], rows[-1]
    assert sum(Decimal(row[3]) for row in body) == Decimal(total[3]) == Decimal("22.42")
    assert sum(Decimal(row[4] or 0) for row in body) == Decimal(total[4]) == Decimal(12)
    assert sum(Decimal(row[5] or 0) for row in body) == Decimal(total[5]) == Decimal(53)


def test_a_refused_file_gets_a_page_that_says_what_where_and_what_to_do() -> None:
    page = read_page(feedback_page(sample_view(4)))

    assert "0 of 53 Could not be read" in page.text
    assert wording.REFUSED in page.text
    assert "What happened the zip ends in the middle of answers.ipynb" in page.text
    assert "Where s004.zip, answers.ipynb What to do Download your own hand-in" in page.text
    assert "Code archive-truncated" in page.text
    assert "How the marks add up" not in page.text


def test_somebody_who_handed_in_nothing_gets_a_page_that_says_so() -> None:
    page = read_page(feedback_page(sample_view(5)))

    assert f"No file {wording.NOT_SUBMITTED}" in page.text
    assert "Quote the title of this page" in page.text


def test_full_marks_are_not_provisional_and_name_no_loss() -> None:
    page = read_page(feedback_page(sample_view(1)))

    assert "53 of 53 (100 %) Graded" in page.text
    assert "Provisional" not in page.text
    assert "Worth most" not in page.text


def test_a_mistake_that_costs_nothing_and_an_accepted_form_are_told_apart() -> None:
    row = submission_marks(
        "s001",
        question_mark("1", check_mark("1/a", diagnosis=("m.free",))),
        question_mark("2", check_mark("2/a", diagnosis=("m.form",))),
        question_mark("3", check_mark("3/a", outcome="failed", diagnosis=("m.x", "m.y"))),
    )
    marks = run_marks(row)
    describe = described(Mistake(id="m.free"), Mistake(id="m.form", effect="equivalent"))

    page = read_page(feedback_page(student_view(row, hand_in("s001"), rubric_for(marks), about(marks), describe, {})))

    assert "Named so that you know; it costs no marks here." in page.text
    assert "Accepted form gate applied twice" in page.text
    assert "Another way to write the same thing; it earns full marks." in page.text
    assert "Named mistakes m.x m.y" in page.text


def test_a_review_is_announced_without_its_reason() -> None:
    row = submission_marks(
        "s001",
        question_mark("1", check_mark("1/a")),
        status=SubmissionStatus.NEEDS_REVIEW,
        reason=Reason(code="tampering", what="writes to builtins"),
    )
    marks = run_marks(row)

    html = feedback_page(student_view(row, hand_in("s001"), rubric_for(marks), about(marks), described(), {}))

    assert "A person looks at this submission before its mark is final." in html
    assert "tampering" not in html


def test_no_name_stands_on_the_page() -> None:
    assert "s001" not in feedback_page(sample_view())


def test_many_notes_are_cut_and_counted() -> None:
    row = submission_marks(
        "s001", question_mark("1", check_mark("1/a")), notes=tuple(f"note {number}" for number in range(30))
    )
    marks = run_marks(row)

    html = feedback_page(student_view(row, hand_in("s001"), rubric_for(marks), about(marks), described(), {}))

    assert "<li>10 more of this kind.</li>" in html


def test_a_long_answer_says_what_is_missing() -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a", outcome="manual")))
    marks = run_marks(row)

    html = feedback_page(
        student_view(row, hand_in("s001"), rubric_for(marks), about(marks), described(), {"1/a": "x\n" * 50})
    )

    assert "10 more lines" in html


def test_a_typical_page_is_small_and_a_flooded_one_stays_bounded() -> None:
    flood = "<&\"'" * 500_000
    checks = [check_mark(f"1/c{number}", outcome="failed", reason=flood) for number in range(60)]
    row = submission_marks("s001", question_mark("1", *checks, title=flood), notes=(flood,) * 100)
    marks = run_marks(row)

    flooded = feedback_page(
        student_view(row, hand_in("s001"), rubric_for(marks), about(marks), described(), {"1/c1": flood})
    )

    assert len(feedback_page(sample_view())) < 60_000
    assert len(flooded) < 500_000


def test_the_same_view_always_makes_the_same_page() -> None:
    assert feedback_page(sample_view()) == feedback_page(sample_view())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("`a` is `<b>`", "<code>a</code> is <code>&lt;b&gt;</code>", id="code"),
        pytest.param("one ` alone & <b>", "one ` alone &amp; &lt;b&gt;", id="unpaired"),
        pytest.param("", "", id="empty"),
    ],
)
def test_back_quotes_become_code_and_everything_is_escaped(text: str, wanted: Any) -> None:
    assert str(prose(text)) == wanted


def test_the_page_says_below_an_answer_where_it_was_found() -> None:
    page = read_page(feedback_page(sample_view()))
    assert "Found in cell 17, below your heading “Theory Q1”." in page.text
    assert "Also found in cell 22, in the cell that was given for it." in page.text
    assert page.text.count("Gates are <b>good</b>.") == 1
    assert page.text.count("A gate near 1 lets the old state through.") == 1
