"""Derivations of the tests: the settings, the data file of answers, and a judge over one cell."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from helpers.kinds_evidence import MARKERS, question, rubric
from ruamel.yaml import YAML

from grader.coursework import StudentVersion
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Check, Markers, Question, Rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of
from grader.score.kinds.base import Kind

FOLDER = Path(__file__).resolve().parents[1] / "unit" / "score_kinds" / "derivations"
COHORT: dict[bytes, Any] = {}


@cache
def settings() -> dict[str, Any]:
    """Name of a derivation -> what a rubric says about it."""
    return dict(YAML(typ="safe").load(FOLDER / "settings.yaml"))


@cache
def answers() -> tuple[dict[str, Any], ...]:
    """The data file of answers."""
    return tuple(YAML(typ="safe").load(FOLDER / "answers.yaml"))


def parameters(group: str, by: str, **more: Any) -> dict[str, Any]:
    """What a check says about one derivation."""
    known = settings()[group]
    found: dict[str, Any] = {key: known[key] for key in ("setting", "shares", "wrong") if key in known}
    item = known.get("items", {}).get(by)
    if item is not None:
        found["named_by"] = {**known["named_by"], "item": item}
    found["by"] = by
    found |= more
    if "variable" not in found:
        found |= {"after": "ANSWER", "before": "END"}
    return found


def cell(text: str, *, code: bool = False) -> NotebookRecord:
    """A notebook with one cell."""
    kind = CellKind.CODE if code else CellKind.MARKDOWN
    return NotebookRecord(source_name="n", format="ipynb", cells=(NotebookCell(index=0, kind=kind, source=text),))


def checked(folder: Path, oracle: Oracle | None, identifier: str, said: dict[str, Any], uses: Any = ()) -> Question:
    """A question with one derivation, checked as a rubric is when it is loaded."""
    found = question(identifier, "derivation", marks=12, uses=uses, **said)
    the_rubric = rubric(folder, found)
    kind, read = kind_of(found.checks[0], the_rubric)
    list(kind.probes(the_rubric, found.checks[0], read, oracle))
    return found


@cache
def _read(identifier: str, said: str, uses: tuple[str, ...]) -> tuple[Question, Rubric, Check, Kind, Any]:
    found = question(identifier, "derivation", marks=12, uses=uses, **YAML(typ="safe").load(said))
    the_rubric = rubric(FOLDER, *(question(one, "text") for one in uses), found)
    kind, read = kind_of(found.checks[0], the_rubric)
    return found, the_rubric, found.checks[0], kind, read


def judged(
    text: str,
    said: dict[str, Any],
    oracle: Oracle | None = None,
    *,
    question_id: str = "q",
    uses: tuple[str, ...] = (),
    memo: Any = None,
) -> Verdict:
    """The verdict on one text, or on the code of one cell where the answer is in a variable."""
    found, the_rubric, check, kind, read = _read(question_id, json.dumps(said), uses)
    code = "variable" in said
    notebook = cell(text, code=code) if code else cell(f"ANSWER\n{text}\nEND")
    template = StudentVersion(cell("" if code else "ANSWER\nEND"), Markers(start=MARKERS.start, end=MARKERS.end))
    context = JudgeContext(
        rubric=the_rubric,
        question=found,
        check=check,
        evidence=_Told(notebook),  # type: ignore[arg-type]  # no more of the evidence is looked at
        student_version=template,
        oracle=oracle,
        memo={} if memo is None else memo,
        cohort=COHORT,
    )
    return kind.judge(context, read)


class _Told:
    """Evidence as far as a derivation looks at it."""

    def __init__(self, notebook: NotebookRecord) -> None:
        self.notebook: Evidence | NotebookRecord = notebook
