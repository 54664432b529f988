"""The verdict of a kind on a hand-in, from parameters alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from helpers.evidence_files import notebook

from grader.coursework import StudentVersion
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.records import NotebookRecord
from grader.rubric import Check, Question, Rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of


def question(identifier: str, *checks: Mapping[str, Any], uses: Sequence[str] = (), show: Any = "gap") -> Question:
    """A question of checks that are given as rubrics give them; without `id` and `marks` a check has its kind and 3."""
    made = []
    for check in checks:
        parameters = {name: value for name, value in check.items() if name not in ("id", "kind", "marks")}
        identity = {"id": check.get("id", check["kind"]), "kind": check["kind"], "line": 9}
        made.append(Check(**identity, marks=Decimal(check.get("marks", 3)), parameters=parameters))
    total = sum((check.marks for check in made), Decimal(0))
    return Question(id=identifier, title="", marks=total, checks=tuple(made), uses=tuple(uses), show=show)


def verdicts(
    folder: Path,
    handed_in: NotebookRecord,
    *questions: Question,
    template: NotebookRecord | None = None,
    oracle: Oracle | None = None,
) -> dict[str, Verdict]:
    """The verdicts on all checks, by `question/check`; the rubric is validated as it is when it is loaded."""
    folder.mkdir(exist_ok=True)
    (folder / "notebook.json").write_text(handed_in.model_dump_json(), encoding="utf-8")
    rubric = Rubric(title="T", folder=folder, questions=questions)
    found: dict[str, Verdict] = {}
    memo: dict[str, Any] = {}
    for asked in questions:
        for check in asked.checks:
            kind, parameters = kind_of(check, rubric)
            list(kind.probes(rubric, check, parameters, oracle))
            context = JudgeContext(
                rubric=rubric,
                question=asked,
                check=check,
                evidence=Evidence(folder),
                student_version=StudentVersion(template or notebook(""), None),
                oracle=oracle,
                memo=memo,
            )
            found[f"{asked.id}/{check.id}"] = kind.judge(context, parameters)
    return found


def judged(
    folder: Path,
    kind: str,
    parameters: Mapping[str, Any],
    handed_in: NotebookRecord,
    *,
    template: NotebookRecord | None = None,
    show: Any = "gap",
) -> Verdict:
    """The verdict on the only check."""
    asked = question("1", {"kind": kind, **parameters}, show=show)
    return verdicts(folder, handed_in, asked, template=template)[f"1/{kind}"]
