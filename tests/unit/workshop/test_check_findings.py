"""Expectations and marks -> findings, without a run."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from helpers.marks_builders import check_mark, question_mark, run_marks, submission_marks

from grader.records import QuestionMark, Reason, RunMarks, SubmissionMarks
from grader.workshop.check import compare_runs
from grader.workshop.expectations import Expectation, differences, findings_of
from grader.workshop.findings import CheckFinding, exit_code

SOLUTION = Expectation(
    kind="solution", submission="solution.ipynb", name="model solution", where="course/solution.ipynb"
)
BLANK = Expectation(kind="blank", submission="blank.ipynb", name="blank student version", where="course/solution.ipynb")


def questions(one: Any = None, two: Any = None) -> tuple[QuestionMark, QuestionMark]:
    """The questions `one` with a mark and theory, and `two`; keywords are those of a check."""
    first = check_mark("one/step", **{"maximum": "4", **(one or {})})
    theory = check_mark("one/why", maximum="1", outcome="manual")
    return question_mark("one", first, theory), question_mark("two", check_mark("two/step", **(two or {})))


def row(item: Expectation, *found: QuestionMark, **rest: Any) -> SubmissionMarks:
    return submission_marks(item.submission, *found, submission=item.submission, **rest)


def mutant(**changes: Any) -> Expectation:
    fields: dict[str, Any] = {
        "kind": "mutant",
        "submission": "mutant.ipynb",
        "name": "step.early in one",
        "where": "course/mutants/file.txt:3",
        "question": "one",
        "loses": {"one": Decimal(2)},
        "diagnoses": frozenset({("one", "step.early")}),
    }
    return Expectation(**{**fields, **changes})


ALTERNATIVE = Expectation(
    kind="alternative",
    submission="alternative.ipynb",
    name="written otherwise",
    where="course/alternatives/file.txt:1",
    conventions=(("two", "the other way"),),
)
HALF = {"mark": "2", "outcome": "partial", "diagnosis": ("step.early",)}


def found(item: Expectation, *marked: QuestionMark, **rest: Any) -> list[CheckFinding]:
    """The findings about one hand-in beside a right solution."""
    marks = run_marks(row(SOLUTION, *questions()), row(item, *marked, **rest))
    return [finding for finding in findings_of([SOLUTION, item], marks) if finding.hand_in == item.name]


def failed(findings: list[CheckFinding]) -> dict[str, CheckFinding]:
    return {finding.code: finding for finding in findings if not finding.ok}


def test_a_mutant_that_is_caught_named_and_charged_once_has_three_findings_that_hold() -> None:
    findings = found(mutant(), *questions(HALF))

    assert [finding.code for finding in findings] == ["mutant-caught", "mutant-loses-nothing-else", "mutant-named"]
    assert all(finding.ok for finding in findings)


def test_a_mutant_that_keeps_its_marks_is_found_with_question_check_and_place() -> None:
    finding = failed(found(mutant(), *questions({"diagnosis": ("step.early",)})))["mutant-caught"]

    assert finding.where == "one"
    assert finding.checks == ("one/step", "one/why")
    assert finding.hand_in == "step.early in one"
    assert finding.at == "course/mutants/file.txt:3"
    assert finding.text.startswith("should lose 2 marks, loses 0.00. one/step: 4.00 of 4.00, passed.")


@pytest.mark.parametrize(("wanted", "ok"), [("2", True), ("3", False), (None, True)])
def test_a_mutant_loses_as_much_as_the_file_says(wanted: str | None, ok: bool) -> None:
    item = mutant(loses={"one": None if wanted is None else Decimal(wanted)})

    assert ("mutant-caught" not in failed(found(item, *questions(HALF)))) is ok


def test_a_mutant_that_a_person_has_to_look_at_is_not_caught() -> None:
    marked = questions({"outcome": "manual", "uncertain": True})

    assert "loses 4.00" in failed(found(mutant(loses={"one": Decimal(4)}), *marked))["mutant-caught"].text


def test_a_loss_elsewhere_is_found_at_its_check() -> None:
    finding = failed(found(mutant(), *questions(HALF, {"outcome": "failed"})))["mutant-loses-nothing-else"]

    assert (finding.where, finding.checks) == ("two", ("two/step",))
    assert "two/step: 0.00 of 2.00, failed" in finding.text


def test_a_wrong_name_is_found_with_both_names() -> None:
    finding = failed(found(mutant(), *questions({**HALF, "diagnosis": ("step.late",)})))["mutant-named"]

    assert "one does not name step.early" in finding.text
    assert "one/step names step.late" in finding.text
    assert finding.where == "one"


def test_a_name_in_another_question_has_to_be_expected() -> None:
    marked = questions(HALF, {"diagnosis": ("step.early",)})
    also = mutant(diagnoses=frozenset({("one", "step.early"), ("two", "step.early")}))

    assert failed(found(mutant(), *marked))["mutant-named"].text == "two/step names step.early"
    assert not failed(found(also, *marked))


def test_a_mutant_that_keeps_all_marks_still_has_to_be_named() -> None:
    item = mutant(loses={})

    assert not failed(found(item, *questions({"diagnosis": ("step.early",)})))
    assert failed(found(item, *questions())).keys() == {"mutant-named"}
    assert failed(found(item, *questions(HALF))).keys() == {"mutant-loses-nothing-else"}


def test_an_alternative_gets_full_marks_and_no_name_and_its_form_is_recognised() -> None:
    findings = found(ALTERNATIVE, *questions(None, {"convention": "done the other way"}))

    assert len(findings) == 3
    assert not failed(findings)


def test_an_alternative_that_loses_is_named_or_is_not_recognised_is_found() -> None:
    findings = failed(found(ALTERNATIVE, *questions(HALF, {"convention": "as usual"})))

    assert findings["alternative-full-marks"].checks == ("one/step",)
    assert findings["alternative-not-named"].text == "one/step names step.early"
    assert findings["alternative-convention"].text == '"the other way" was expected, "as usual" was said'


def test_an_alternative_that_waits_for_a_person_has_not_full_marks() -> None:
    marked = questions({"outcome": "manual", "uncertain": True}, {"convention": "the other way"})

    assert failed(found(ALTERNATIVE, *marked)).keys() == {"alternative-full-marks"}


def test_theory_of_the_solution_may_wait_but_nothing_else() -> None:
    right = run_marks(row(SOLUTION, *questions()))
    wrong = run_marks(row(SOLUTION, *questions({"outcome": "manual", "uncertain": True})))

    assert not failed(findings_of([SOLUTION], right))
    assert failed(findings_of([SOLUTION], wrong))["solution-full-marks"].checks == ("one/step",)


def test_marks_for_the_blank_version_are_found() -> None:
    nothing = {"mark": "0", "outcome": "unanswered"}
    unanswered = question_mark("one", check_mark("one/step", **nothing)), question_mark("two", check_mark("two/step"))

    findings = failed(found(BLANK, *unanswered))

    assert findings["blank-earns-nothing"].where == "two"


def test_two_runs_that_differ_are_found_with_the_check_and_both_outcomes() -> None:
    item = mutant()
    one = run_marks(row(item, *questions(HALF)))
    other = run_marks(row(item, *questions({**HALF, "diagnosis": ("step.late",)}, {"outcome": "failed"})))

    (finding,) = differences([item], one, other)

    assert not finding.ok
    assert (finding.code, finding.where, finding.checks) == ("same-outcome-twice", "one two", ("one/step", "two/step"))
    assert "one/step: 2.00 partial step.early with one seed, 2.00 partial step.late with another" in finding.text


def test_the_order_of_two_names_is_no_difference() -> None:
    def marks(*names: str) -> RunMarks:
        return run_marks(row(mutant(), *questions({**HALF, "diagnosis": names})))

    (finding,) = differences([mutant()], marks("a.b", "c.d"), marks("c.d", "a.b"))

    assert finding.ok


def test_findings_stand_hand_in_by_hand_in() -> None:
    marks = run_marks(row(SOLUTION, *questions()), row(mutant(), *questions(HALF)))

    findings = compare_runs([SOLUTION, mutant()], [marks, marks])

    assert [finding.hand_in for finding in findings] == ["model solution"] * 3 + ["step.early in one"] * 4
    assert exit_code(findings) == 0


@pytest.mark.parametrize("flag", ["execution-fault", "scoring-fault"])
def test_a_fault_of_the_grader_says_nothing_about_the_coursework(flag: str) -> None:
    findings = found(mutant(), *questions(), flags=(flag,))

    assert [finding.code for finding in findings] == ["grader-fault"]
    assert exit_code(findings) == 3


def test_a_hand_in_that_is_refused_is_told_and_nothing_is_compared_with_a_solution_without_marks() -> None:
    reason = Reason(code="x", what="It holds no notebook.")
    marks = run_marks(row(SOLUTION, reason=reason), row(BLANK, reason=reason), row(mutant(), *questions(HALF)))

    findings = findings_of([SOLUTION, BLANK, mutant()], marks)

    assert [(finding.code, finding.text) for finding in findings] == [
        ("solution-full-marks", "It holds no notebook."),
        ("blank-earns-nothing", "It holds no notebook."),
    ]
    assert exit_code(findings) == 1


def test_a_mutant_that_is_refused_is_not_caught_by_that() -> None:
    findings = found(mutant(), reason=Reason(code="x", what="It holds no notebook."))

    assert [(finding.code, finding.ok) for finding in findings] == [("mutant-marked", False)]
