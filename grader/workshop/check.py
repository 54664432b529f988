"""The coursework's own test: grade the model solution and the blank student version, and look at what they earn."""

from __future__ import annotations

import json
import tempfile
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from pathlib import Path

import nbformat

from grader import pipeline
from grader.coursework import solution_notebook, student_version
from grader.pipeline import GradeRequest, Observer
from grader.records import CellKind, CheckMark, NotebookRecord, Outcome, Record, SubmissionMarks
from grader.rubric import load_rubric

SOLUTION, BLANK = "model-solution", "blank-student-version"


class CheckFinding(Record):
    """One property of the coursework, and whether it holds."""

    code: str
    ok: bool
    text: str
    where: str = ""


def check(folder: Path, observer: Observer, *, concurrency: int = 1) -> list[CheckFinding]:
    """Findings about a coursework: the model solution gets all automatic marks, the blank student version none.

    Raises:
        RubricError: if the rubric cannot be loaded or its solution cannot be read.
        SandboxUnavailableError: if this host cannot isolate.
    """
    rubric = load_rubric(folder)
    with tempfile.TemporaryDirectory(prefix="grader-check-") as temporary:
        hand_ins = Path(temporary) / "hand-ins"
        hand_ins.mkdir()
        _write(hand_ins / f"{SOLUTION}.ipynb", solution_notebook(rubric))
        _write(hand_ins / f"{BLANK}.ipynb", student_version(rubric).notebook)
        request = GradeRequest(
            rubric=rubric.folder, source=hand_ins, out=Path(temporary) / "run", seed="check", concurrency=concurrency
        )
        marks = pipeline.grade(request, observer)
    rows = {row.student: row for row in marks.submissions}
    return [*_solution_findings(rows[SOLUTION]), *_blank_findings(rows[BLANK])]


def _solution_findings(row: SubmissionMarks) -> list[CheckFinding]:
    """Every check is full marks or waits for a person by design."""
    findings = []
    for question in row.questions:
        lost = [
            item
            for item in question.checks
            if not (item.mark == item.max or (item.outcome is Outcome.MANUAL and not item.uncertain))
        ]
        text = _list(lost) or "the model solution gets all automatic marks"
        findings.append(CheckFinding(code="solution-full-marks", ok=not lost, where=question.id, text=text))
    if not row.questions:
        why = row.reason.what if row.reason is not None else "nothing was marked"
        findings.append(CheckFinding(code="solution-full-marks", ok=False, text=why))
    return findings


def _blank_findings(row: SubmissionMarks) -> list[CheckFinding]:
    """Nothing is earned, and nothing but theory waits."""
    findings = []
    for question in row.questions:
        earned = [item for item in question.checks if (item.mark is None or item.mark > Decimal(0)) and item.max > 0]
        text = _list(earned) or "the blank student version earns nothing"
        findings.append(CheckFinding(code="blank-earns-nothing", ok=not earned, where=question.id, text=text))
    return findings


def _list(checks: list[CheckMark]) -> str:
    return "; ".join(f"{item.id}: {item.mark} of {item.max}, {item.outcome}. {item.reason}" for item in checks)


def render(findings: list[CheckFinding], output_format: str) -> str:
    """Findings as text, JSON or JUnit XML."""
    if output_format == "json":
        return json.dumps([finding.model_dump(mode="json") for finding in findings], indent=2)
    if output_format == "junit":
        suite = ElementTree.Element(
            "testsuite", name="coursework", tests=str(len(findings)), failures=str(sum(not f.ok for f in findings))
        )
        for finding in findings:
            case = ElementTree.SubElement(suite, "testcase", classname=finding.code, name=finding.where or finding.code)
            if not finding.ok:
                ElementTree.SubElement(case, "failure", message=finding.text)
        return ElementTree.tostring(suite, encoding="unicode")
    lines = [f"{'ok  ' if f.ok else 'FAIL'}  {f.code}  {f.where}: {f.text}" for f in findings]
    failed = sum(not finding.ok for finding in findings)
    return "\n".join([*lines, f"{len(findings) - failed} hold, {failed} do not"])


def _write(path: Path, notebook: NotebookRecord) -> None:
    made = nbformat.v4.new_notebook()
    for cell in notebook.cells:
        make = nbformat.v4.new_code_cell if cell.kind is CellKind.CODE else nbformat.v4.new_markdown_cell
        made.cells.append(make(cell.source, id=f"cell-{cell.index}"))
    path.write_text(nbformat.writes(made), encoding="utf-8")
