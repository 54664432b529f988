"""How pytest finds the checks of a rubric: kinds of answer from rubric.yaml, and tests by their markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from grader.errors import RubricError
from grader.rubric import Check, Question
from grader.score.case import Coursework
from grader.score.checks import CheckSpec, ProbeNeed, names_written_for, probe_need
from grader.score.kinds import kind_of

SPEC = pytest.StashKey[CheckSpec]()
CASE_PARAMETER = "grader_case"
"""The fixture by which tests are repeated for each submission in the instructor's view."""


class RubricFile(pytest.File):
    """rubric.yaml as pytest collects it: one item for each check of a kind."""

    coursework: Coursework
    keys: Sequence[str | None]

    def collect(self) -> Iterator[pytest.Item]:
        for key in self.keys:
            for question in self.coursework.rubric.questions:
                for check in question.checks:
                    name = f"{question.id}/{check.id}" if key is None else f"{question.id}/{check.id}[{key}]"
                    item: KindItem = KindItem.from_parent(self, name=name)
                    item.question, item.check, item.key = question, check, key
                    yield item


class KindItem(pytest.Item):
    """A check that a kind of answer performs."""

    question: Question
    check: Check
    key: str | None

    def runtest(self) -> None:
        """Nothing: the scoring plugin judges the item itself."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.check.line - 1, self.name


def spec_of(item: pytest.Item, coursework: Coursework) -> CheckSpec:
    """The check that an item performs.

    Raises:
        RubricError: if its markers or parameters are wrong.
    """
    if isinstance(item, KindItem):
        return _kind_spec(item, coursework)
    file, line, _ = item.reportinfo()
    where = f"{Path(file).name}:{(line or 0) + 1}"
    mark = _marker(item, "question")
    if mark is None:
        raise RubricError(
            "rubric-test-without-question",
            f'the test "{item.name}" belongs to no question',
            where=where,
            next_step='mark it with @pytest.mark.question("<id>", marks=...)',
        )
    question = coursework.rubric.question(_question_id(mark, where))
    needs = _check_places(tuple(_needs(item, coursework, where)), where)
    if "probe" in getattr(item, "fixturenames", ()) and not needs:
        raise RubricError(
            "rubric-test-without-probe",
            f'the test "{item.name}" looks at a probe but declares none',
            where=where,
            next_step='add @pytest.mark.probe("<id>")',
        )
    subjects = dict.fromkeys(name for need in needs for name in names_written_for(need.probe))
    return CheckSpec(
        question=question,
        name=str(mark.kwargs.get("name") or getattr(item, "originalname", item.name).removeprefix("test_")),
        marks=_marks(mark, where),
        where=where,
        needs=needs,
        subjects=tuple(subjects),
    )


def _kind_spec(item: KindItem, coursework: Coursework) -> CheckSpec:
    kind, parameters = kind_of(item.check, coursework.rubric)
    probes = kind.probes(coursework.rubric, item.check, parameters, coursework.oracle)
    subjects = [*kind.subjects(parameters), *(probe.subject for probe in probes if probe.subject is not None)]
    return CheckSpec(
        question=item.question,
        name=item.check.id,
        marks=item.check.marks,
        where=f"rubric.yaml:{item.check.line}",
        subjects=tuple(dict.fromkeys(subjects)),
        kind=item.check.kind,
    )


def _marker(item: pytest.Item, name: str) -> pytest.Mark | None:
    """The marker closest to the test; one on a parameter set is closer than one on the function."""
    own = [mark for mark in item.own_markers if mark.name == name]
    return own[-1] if own else item.get_closest_marker(name)


def _question_id(mark: pytest.Mark, where: str) -> str:
    if len(mark.args) != 1 or "marks" not in mark.kwargs or set(mark.kwargs) - {"marks", "name"}:
        raise RubricError(
            "rubric-bad-marker",
            "the marker `question` takes an id, `marks` and optionally `name`",
            where=where,
            next_step='for example @pytest.mark.question("2e", marks=2)',
        )
    return str(mark.args[0])


def _marks(mark: pytest.Mark, where: str) -> Decimal:
    given: Any = mark.kwargs["marks"]
    try:
        marks = Decimal(str(given))
    except InvalidOperation:
        marks = Decimal("NaN")
    if not marks.is_finite() or marks < 0:
        raise RubricError("rubric-bad-marker", f"`marks` must be a number of at least 0, found {given!r}", where=where)
    return marks


def _needs(item: pytest.Item, coursework: Coursework, where: str) -> Iterator[ProbeNeed]:
    """The probes of a test's markers, in the order in which they are written above it."""
    own = list(item.own_markers)
    of_parameters = list(getattr(getattr(item, "callspec", None), "marks", ()))
    # Decorators are stored bottom up, the marks of a parameter set as they are written.
    on_function = own[: len(own) - len(of_parameters)][::-1]
    inherited = [mark for mark in item.iter_markers("probe") if mark not in own]
    for mark in (*of_parameters, *on_function, *inherited):
        if mark.name != "probe":
            continue
        if not mark.args or set(mark.kwargs) - {"statuses", "instead_of"}:
            raise RubricError(
                "rubric-bad-marker",
                "the marker `probe` takes ids and optionally `statuses` and `instead_of`",
                where=where,
            )
        statuses = tuple(str(status) for status in mark.kwargs.get("statuses", ("done",)))
        others = mark.kwargs.get("instead_of", ())
        others = (others,) if isinstance(others, str) else tuple(map(str, others))
        for identifier in mark.args:
            yield probe_need(coursework.plan, str(identifier), statuses, where, instead_of=others)


def _check_places(needs: tuple[ProbeNeed, ...], where: str) -> tuple[ProbeNeed, ...]:
    """The needs of a test, if each that stands in for another names one of them.

    Raises:
        RubricError: if it does not.
    """
    known = set()
    for need in needs:
        strange = [other for other in need.instead_of if other not in known]
        if strange:
            raise RubricError(
                "rubric-bad-marker",
                f'"{need.probe.id}" is looked at instead of "{strange[0]}", which the test has not asked for before',
                where=where,
                next_step=f'add @pytest.mark.probe("{strange[0]}", statuses=...) before it',
            )
        known.add(need.probe.id)
    return needs
