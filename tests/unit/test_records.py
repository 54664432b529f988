"""Records cross file boundaries: each survives a round trip, none takes a number that is not finite."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from pydantic import ValidationError

from grader.evidence import CellRun, PartRecord, ProbeRun, Raised, StatementRun
from grader.limits import IntakeLimits, Limits
from grader.records import (
    CellKind,
    CheckMark,
    Digests,
    Event,
    NotebookCell,
    NotebookRecord,
    Outcome,
    QuestionMark,
    Reason,
    Record,
    RunMarks,
    Submission,
    SubmissionMarks,
    SubmissionStatus,
)
from grader.values import Facts, Value

HUGE = "x" * 100_000
CHECK = CheckMark(id="1/a", mark=Decimal("0.10"), max=Decimal("6.00"), outcome=Outcome.PARTIAL, reason=HUGE)
STATEMENT = StatementRun(kind="other", line=1, end_line=1, status="ok")
EXAMPLES: list[Record] = [
    Reason(code="broken", what="it is broken"),
    NotebookRecord(
        source_name="näme.ipynb",
        format="ipynb",
        cells=(NotebookCell(index=0, kind=CellKind.CODE, source="", outputs=("", HUGE)),),
    ),
    Submission(student="s001", name="", submission="s001.zip", key="s001"),
    RunMarks(
        rubric="r",
        title="t",
        digests=Digests(rubric="", evidence="", oracle="", events=""),
        submissions=(
            SubmissionMarks(
                student="s001",
                name="S",
                submission="s001.zip",
                attempt=1,
                status=SubmissionStatus.OPEN,
                total=Decimal("0.10"),
                open=Decimal(0),
                max=Decimal(6),
                questions=(
                    QuestionMark(id="1", title="q", mark=None, max=Decimal(6), outcome=Outcome.MANUAL, checks=(CHECK,)),
                ),
            ),
        ),
    ),
    Event(kind="override", student="s001", check="1/a", mark=Decimal("0.05"), why="w", who="m", at="2030-01-01"),
    Limits(),
    IntakeLimits(),
    PartRecord(
        part="student",
        level="bubblewrap",
        seed="s",
        cells=(CellRun(index=0, status="run", statements=(STATEMENT,)),),
        probes=(
            ProbeRun(
                probe="p",
                status="raised",
                raised=Raised(type="E"),
                values={"a": Value(kind="tuple", items=(Value(kind="scalar", scalar=1.5),))},
            ),
        ),
    ),
    Facts(class_name="C", is_module=False),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_survives_a_round_trip(record: Record) -> None:
    assert type(record).model_validate_json(record.model_dump_json()) == record


def test_marks_are_numbers_in_json_and_exact_in_memory() -> None:
    dumped = CHECK.model_dump(mode="json")
    assert dumped["mark"] == 0.1
    assert CHECK.mark == Decimal("0.1")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Value(kind="scalar", scalar=value)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Reason.model_validate({"code": "a", "what": "b", "pickle": "c"})


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CHECK.mark = Decimal(6)  # type: ignore[misc]


@pytest.mark.parametrize("field", ["statement_s", "probe_s", "memory_bytes", "processes"])
def test_a_limit_of_zero_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match="greater than"):
        Limits.model_validate({field: 0})
