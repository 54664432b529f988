"""marks.csv: a row a submission, a column a question, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io

from grader.records import Mark, RunMarks, SubmissionMarks
from grader.report.plain_text import mark_text, one_line
from grader.rubric import Rubric

_BEFORE = ("student", "name", "submission", "attempt", "status")
_AFTER = ("total", "open", "max", "flags")
# Spreadsheets read the full-width signs, too.
_FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r")


def marks_csv(marks: RunMarks, rubric: Rubric) -> str:
    """The table as text; a mark that waits for a person is an empty cell."""
    questions = [question.id for question in rubric.questions]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*_BEFORE, *questions, *_AFTER])
    for row in marks.submissions:
        writer.writerow(_row(row, questions))
    return target.getvalue()


def spreadsheet_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: one line, with an apostrophe before what would start one."""
    starts_formula = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    plain = one_line(text)
    return f"'{plain}" if starts_formula or plain.startswith(_FORMULA_STARTS) else plain


def _row(row: SubmissionMarks, questions: list[str]) -> list[str]:
    by_question = {question.id: question.mark for question in row.questions}
    return [
        spreadsheet_text(row.student),
        spreadsheet_text(row.name),
        spreadsheet_text(row.submission),
        str(row.attempt),
        row.status.value,
        *(_cell(by_question.get(question)) for question in questions),
        mark_text(row.total),
        mark_text(row.open),
        mark_text(row.max),
        spreadsheet_text(" ".join(row.flags)),
    ]


def _cell(mark: Mark | None) -> str:
    return "" if mark is None else mark_text(mark)
