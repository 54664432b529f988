"""The instructor's page: attention first, figures with their guards, everybody at the end."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from helpers.marks_builders import Mistake, check_mark, described, question_mark, run_marks, submission_marks
from helpers.report_html import HOSTILE, Page, read_page
from helpers.report_sample import DESCRIBE, sample_run

from grader.records import Event, Reason, SubmissionStatus
from grader.report.html_page import CONTENT_POLICY
from grader.report.summary_page import attention, bars, summary_page
from grader.report.write import Content, all_views
from grader.rubric import Check, Question, Rubric


def test_faults_come_first_then_refusals_then_open_verdicts() -> None:
    review = SubmissionStatus.NEEDS_REVIEW
    marks = run_marks(
        submission_marks("fine", question_mark("1", check_mark("1/a"))),
        submission_marks(
            "unsure", question_mark("1", check_mark("1/a", outcome="manual", uncertain=True)), status=review
        ),
        submission_marks("refused", status=SubmissionStatus.REFUSED),
        submission_marks("fault", question_mark("1", check_mark("1/a", outcome="fault")), status=review),
        submission_marks("earlier", status=SubmissionStatus.REFUSED, counts=False),
    )

    assert [item.row.student for item in attention(marks)] == ["fault", "refused", "unsure"]


def test_many_open_checks_are_cut_and_counted() -> None:
    checks = [check_mark(f"1/{n}", outcome="manual", uncertain=True) for n in range(15)]
    row = submission_marks("s001", question_mark("1", *checks), status=SubmissionStatus.NEEDS_REVIEW)

    html = summary_page(run_marks(row), described())

    assert "3 more checks." in html


def test_flags_are_told_in_words_and_cut() -> None:
    notes = tuple(f"Line {n} uses `torch.nn.LSTMCell` <b>; a person will look at it." for n in range(15))
    flagged = submission_marks(
        "s001", status=SubmissionStatus.NEEDS_REVIEW, flags=("forbidden:torch.nn.LSTMCell",), notes=notes
    )
    plain = submission_marks("s002", status=SubmissionStatus.NEEDS_REVIEW, notes=("Nothing that needs a person.",))

    html = summary_page(run_marks(flagged, plain), described())

    assert '<p dir="auto">Line 11 uses <code>torch.nn.LSTMCell</code> &lt;b&gt;; a person will look at it.</p>' in html
    assert "Line 12" not in html
    assert "3 more of this kind." in html
    assert "Nothing that needs a person." not in html


def test_names_in_reasons_are_set_as_code() -> None:
    check = check_mark("1/a", outcome="manual", uncertain=True, reason="The value of `<model>` is computed.")
    unsure = submission_marks("s001", question_mark("1", check), status=SubmissionStatus.NEEDS_REVIEW)
    reason = Reason(code="no-notebook", what="There is no `.ipynb`.", next_step="Hand in the `.ipynb`.")
    refused = submission_marks("s002", status=SubmissionStatus.REFUSED, reason=reason)

    html = summary_page(run_marks(unsure, refused), described())

    assert "The value of <code>&lt;model&gt;</code> is computed." in html
    assert "There is no <code>.ipynb</code>." in html
    assert "Hand in the <code>.ipynb</code>." in html


def test_the_page_has_counts_reasons_and_links() -> None:
    page = read_page(summary_page(sample_run(), DESCRIBE))

    assert "5 submissions 2 graded 0 open 1 need review 1 refused 1 not submitted" in page.text
    assert "2e/count A fault of ours: internal" in page.text
    assert "archive-truncated the zip ends in the middle" in page.text
    assert {f"feedback/s00{n}.html" for n in range(1, 6)} <= set(page.attributes("href"))
    assert "does not count" in page.text
    assert "1 of these totals is provisional" in page.text


def test_small_cohorts_are_guarded() -> None:
    page = read_page(summary_page(sample_run(), DESCRIBE))

    assert "The cohort is small (n = 3)" in page.text
    assert "It needs 20 decided submissions, so it is not shown here." in page.text
    assert all(row[-1] == "–" for row in page.tables["question-figures"][1:])


def test_large_cohorts_are_not() -> None:
    rows = [
        submission_marks(
            f"s{n}",
            question_mark("1", check_mark("1/a", str(n % 3), outcome="partial")),
            question_mark("2", check_mark("2/a", str(n % 2), outcome="partial")),
        )
        for n in range(60)
    ]

    page = read_page(summary_page(run_marks(*rows), described()))

    assert "cohort is small" not in page.text
    assert "so it is not shown here" not in page.text
    assert page.tables["question-figures"][1][-1] == "0.00"


def told_to(students: int, of: int, *events: Event) -> Page:
    """The summary where so many of so many made the same mistake in question 1."""
    rows = [
        submission_marks(
            f"s{n}",
            question_mark(
                "1", check_mark("1/a", outcome="failed", diagnosis=("m.one",)) if n < students else check_mark("1/a")
            ),
        )
        for n in range(of)
    ]
    return read_page(summary_page(run_marks(*rows), described(Mistake(id="m.one", title="gate <turned>")), events))


def test_a_mistake_of_most_of_the_cohort_comes_first_and_is_noted_in_the_table() -> None:
    page = told_to(12, 20)

    sentence = '12 of 20 were told "gate <turned>" in 1: perhaps the question\'s text or the template is the cause.'
    assert page.text.index(sentence) < page.text.index("Needs attention")
    assert '--acknowledge 1:m.one --why "..."' in page.text
    assert page.tables["mistake-figures"][1] == [
        "gate <turned> m.one",
        "1",
        "12",
        "60 %",
        "Told to more than 40 %: look at the question's text, the template and the check.",
    ]


@pytest.mark.parametrize(("students", "of"), [(4, 4), (8, 20)])
def test_a_mistake_of_few_or_of_a_tiny_cohort_is_not_put_first(students: int, of: int) -> None:
    page = told_to(students, of)

    assert "perhaps the question" not in page.text
    assert page.tables["mistake-figures"][1][-1] == ""


def test_an_acknowledged_mistake_is_still_told_with_who_and_why() -> None:
    event = Event(
        kind="acknowledge",
        student="",
        check="1:m.one",
        students=12,
        why="the slides had it",
        who="ada",
        at="2026-11-01",
    )

    page = told_to(12, 20, event)

    assert "12 of 20 were told" in page.text
    assert "Acknowledged by ada on 2026-11-01: the slides had it" in page.text
    assert "asks for an acknowledgement" not in page.text


def test_the_histogram_equals_its_table() -> None:
    page = read_page(summary_page(sample_run(), DESCRIBE))

    assert [row[1] for row in page.tables["histogram"][1:]] == ["1", "0", "0", "0", "1", "0", "0", "0", "0", "1"]
    assert page.count("rect") == 3


def test_the_highest_bar_fills_the_drawing() -> None:
    made = bars((0, 1, 2, 0, 0, 0, 0, 0, 0, 0))

    assert [(bar.y, bar.height) for bar in made[:3]] == [(150, 0), (75, 75), (0, 150)]
    assert (made[0].label, made[9].label) == ("0–10 %", "90–100 %")


def test_an_empty_run_says_so() -> None:
    page = read_page(summary_page(run_marks(), described()))

    assert "Nothing needs a decision before release." in page.text
    assert "No submission could be read" in page.text


def test_open_theory_answers_alone_need_no_decision() -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a", outcome="manual")))

    page = read_page(summary_page(run_marks(row), described()))

    assert "Nothing needs a decision before release; 1 submission has answers that wait for a marker." in page.text


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in HOSTILE.items()])
def test_text_from_students_stays_text(text: str) -> None:
    row = submission_marks(
        "s001",
        question_mark("1", check_mark("1/a", outcome="fault", reason=text, diagnosis=(text,)), title=text),
        name=text,
        submission=text,
        flags=(text,),
        status=SubmissionStatus.NEEDS_REVIEW,
        reason=Reason(code="x", what=text, where=text, next_step=text),
    )

    html = summary_page(run_marks(row, title=text), described())

    page = read_page(html)
    assert page.count("script") == page.count("img") == 0
    assert page.count("style") == page.count("h1") == 1
    assert all(not name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert all(target.startswith(("#", "feedback/")) for target in page.attributes("href"))
    assert page.unclosed == []
    assert f'content="{CONTENT_POLICY}"' in html


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    html = summary_page(sample_run(), DESCRIBE)

    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html


def marked_by_hand(folder: Path, points: object = ("it cancels", "<b>both</b> sides")) -> Rubric:
    """A rubric with one text for a marker."""
    check = Check(id="text", kind="text", marks=Decimal(4), parameters={"after": "x", "key_points": points})
    question = Question(id="T1", title="Why <it> works", marks=Decimal(4), checks=(check,))
    return Rubric(title="T", folder=folder, questions=(question,))


def test_markers_find_what_to_look_for_in_the_answers_that_wait(tmp_path: Path) -> None:
    open_ = question_mark("T1", check_mark("T1/text", outcome="manual"))
    rows = [submission_marks(f"s{n:03}", open_) for n in range(14)]
    rows.append(submission_marks("done", question_mark("T1", check_mark("T1/text"))))

    html = summary_page(run_marks(*rows), described(), rubric=marked_by_hand(tmp_path))

    page = read_page(html)
    assert "T1/text Why <it> works: 14 answers wait, 4 marks each" in page.text
    assert "it cancels <b>both</b> sides" in page.text
    assert "<b>both</b>" not in html
    assert "and 2 more" in page.text


@pytest.mark.parametrize("outcome", ["manual", "passed"])
def test_without_key_points_or_answers_that_wait_there_is_nothing_for_markers(tmp_path: Path, outcome: str) -> None:
    row = submission_marks("s001", question_mark("T1", check_mark("T1/text", outcome=outcome)))
    points = () if outcome == "manual" else ("it cancels",)

    html = summary_page(run_marks(row), described(), rubric=marked_by_hand(tmp_path, points))

    assert "For markers" not in html
    assert "it cancels" not in html


def test_key_points_stand_on_no_students_page(tmp_path: Path) -> None:
    row = submission_marks("s001", question_mark("T1", check_mark("T1/text", outcome="manual")))

    marks = run_marks(row)
    content = Content(marks=marks, rubric=marked_by_hand(tmp_path), describe=described(), submissions={})
    views = {name: "".join(pieces) for name, pieces in all_views(content)}

    assert "it cancels" in views["summary.html"]
    assert "it cancels" not in views["feedback/s001.html"]
    assert "it cancels" not in views["marks.json"] + views["marks.csv"] + views["junit.xml"]
