"""junit.xml: a suite a submission, a case a check, for tools that read test reports."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from grader.records import CheckMark, Outcome, RunMarks, SubmissionMarks, SubmissionStatus
from grader.report import wording
from grader.report.plain_text import mark_text, one_line

_TAGS = {
    Outcome.PARTIAL: "failure",
    Outcome.FAILED: "failure",
    Outcome.UNANSWERED: "failure",
    Outcome.BLOCKED: "skipped",
    Outcome.MANUAL: "skipped",
    Outcome.FAULT: "error",
}


def junit_xml(marks: RunMarks) -> Iterator[str]:
    """The marks as JUnit XML, piece by piece; characters that XML forbids are replaced."""
    root = ElementTree.Element("testsuites", name=one_line(marks.rubric))
    empty = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    opened, end, closed = empty.rpartition("</")
    yield f'<?xml version="1.0" encoding="utf-8"?>\n{opened}'
    for row in marks.submissions:
        suite = _suite(row)
        ElementTree.indent(suite, " ", level=1)
        yield "\n " + ElementTree.tostring(suite, encoding="unicode")
    yield f"\n{end}{closed}\n"


def _suite(row: SubmissionMarks) -> ElementTree.Element:
    cases = [_case(check, question.id) for question in row.questions for check in question.checks]
    if row.status in (SubmissionStatus.REFUSED, SubmissionStatus.NOT_SUBMITTED):
        cases.append(_intake_case(row))
    name = row.student if row.attempt == 1 else f"{row.student}.{row.attempt}"
    numbers = {tag: str(sum(case.find(tag) is not None for case in cases)) for tag in ("failure", "error", "skipped")}
    suite = ElementTree.Element(
        "testsuite",
        name=one_line(name),
        tests=str(len(cases)),
        failures=numbers["failure"],
        errors=numbers["error"],
        skipped=numbers["skipped"],
    )
    suite.extend(cases)
    return suite


def _case(check: CheckMark, question: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=question, name=one_line(check.id))
    tag = _TAGS.get(check.outcome)
    if tag is None:
        return case
    mark = "open" if check.mark is None else mark_text(check.mark)
    words = wording.OUTCOME_WORDS[check.outcome]
    message = f"{words}, {mark} of {mark_text(check.max)}"
    reason = one_line(check.reason)
    entry = ElementTree.SubElement(
        case, tag, type=check.outcome.value, message=f"{message}: {reason}" if reason else message
    )
    if check.diagnosis:
        entry.text = one_line("diagnosis: " + " ".join(check.diagnosis))
    return case


def _intake_case(row: SubmissionMarks) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="intake", name="intake")
    tag = "failure" if row.status is SubmissionStatus.REFUSED else "skipped"
    reason = f": {one_line(row.reason.what)}" if row.reason is not None else ""
    ElementTree.SubElement(case, tag, type=row.status.value, message=f"{wording.STATUS_WORDS[row.status]}{reason}")
    return case
