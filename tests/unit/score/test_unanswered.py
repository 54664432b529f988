"""Nothing written is said as such, and is never confused with a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers.evidence_files import (
    ANSWER,
    BLANK,
    notebook,
    only_check,
    run_of,
    run_with,
    write_evidence,
    write_rubric,
)

from grader.evidence import CellRun, Raised
from grader.records import Outcome

TESTS = (
    '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
    "def test_scale(check, probe):\n    {body}\n"
)
OTHER = "class Scale:\n    def __call__(self, x):\n        return 3 * x\n"


@pytest.mark.parametrize(
    ("cells", "outcome"),
    [
        pytest.param([BLANK], Outcome.UNANSWERED, id="the template"),
        pytest.param(
            [BLANK.replace("# BEGIN 1\n", "# BEGIN 1\n\n        # todo\n")], Outcome.UNANSWERED, id="a comment"
        ),
        pytest.param([], Outcome.UNANSWERED, id="no cell at all"),
        pytest.param(["x = 1"], Outcome.UNANSWERED, id="the cell was removed"),
        pytest.param([ANSWER], Outcome.FAILED, id="written"),
        pytest.param([BLANK, OTHER], Outcome.FAILED, id="written in another cell"),
        pytest.param([OTHER], Outcome.FAILED, id="without markers"),
        pytest.param(
            [BLANK.replace("        # END\n", "        # END\n        return 3 * x\n")],
            Outcome.FAILED,
            id="below the end",
        ),
        pytest.param([BLANK, "Scale = other"], Outcome.FAILED, id="assigned"),
        pytest.param([BLANK, "scale = Scale()"], Outcome.UNANSWERED, id="only used"),
    ],
)
def test_a_failed_check_is_unanswered_where_nothing_was_written(
    tmp_path: Path, cells: list[str], outcome: Outcome
) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="assert False"))
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(*cells), runs=[run], tensors=tensors)

    check = only_check(rubric, folder)

    assert (check.outcome, check.mark) == (outcome, 0)
    assert (check.reason == "Nothing was written here.") == (outcome is Outcome.UNANSWERED)


@pytest.mark.parametrize("body", ["check.award()", "check.award(1)", "check.manual('?')", "check.blocked('b')"])
def test_what_the_template_already_does_earns_nothing(tmp_path: Path, body: str) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body=body))
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(BLANK), runs=[run], tensors=tensors)

    check = only_check(rubric, folder)

    assert (check.outcome, check.mark) == (Outcome.UNANSWERED, 0)


@pytest.mark.parametrize(("body", "outcome"), [("check.award()", Outcome.PASSED), ("assert False", Outcome.UNANSWERED)])
def test_work_in_the_region_of_another_question_earns_its_marks(tmp_path: Path, body: str, outcome: Outcome) -> None:
    two = BLANK.replace("        # END\n", "        # END\n        # BEGIN 2\n        # END\n")
    filled = two.replace("# BEGIN 2\n", "# BEGIN 2\n        return 2 * x\n")
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body=body), solution=[two])
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(filled), runs=[run], tensors=tensors)
    assert only_check(rubric, folder).outcome is outcome


def test_a_question_without_a_region_looks_at_the_whole_of_its_names(tmp_path: Path) -> None:
    other = ANSWER.replace("BEGIN 1", "BEGIN other")
    template = BLANK.replace("BEGIN 1", "BEGIN other")
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="assert False"), solution=[template])
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(other), runs=[run], tensors=tensors)
    assert only_check(rubric, folder).outcome is Outcome.FAILED


def test_a_fault_of_ours_stays_one_on_a_blank_answer(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="raise OSError"))
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(BLANK), runs=[run], tensors=tensors)
    assert only_check(rubric, folder).outcome is Outcome.FAULT


def test_a_cell_that_does_not_parse_has_its_own_reason(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="check.award()"))
    broken = ANSWER.replace("2 * x", "2 * * x")
    error = CellRun(index=1, status="syntax-error", syntax_error=Raised(type="SyntaxError", line=4))
    folder = write_evidence(
        tmp_path / "s001",
        handed_in=notebook("import math", broken),
        runs=[run_of(status="missing-name")],
        cells=[CellRun(index=0, status="run"), error],
    )

    check = only_check(rubric, folder)

    assert check.outcome is Outcome.FAILED
    assert check.reason == "Cell 2 has a syntax error in line 4. So `Scale` could not be defined."


def test_a_question_without_regions_or_names_is_never_called_unanswered(tmp_path: Path) -> None:
    tests = (
        '@pytest.mark.question("1", marks=2)\ndef test_cells(check, notebook):\n    assert len(notebook.cells) > 5\n'
    )
    rubric = write_rubric(tmp_path / "rubric", tests=tests, solution=["x = 1"])
    folder = write_evidence(tmp_path / "s001", handed_in=notebook("x = 1"))
    assert only_check(rubric, folder).outcome is Outcome.FAILED


@pytest.mark.parametrize("text", [ANSWER, f"```python\n{OTHER}```"])
def test_code_in_a_text_cell_was_not_run_and_goes_to_a_person(tmp_path: Path, text: str) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="assert False"))
    run, tensors = run_with(torch.ones(3))
    handed_in = notebook("import torch", ("markdown", text))
    folder = write_evidence(tmp_path / "s001", handed_in=handed_in, runs=[run], tensors=tensors)

    check = only_check(rubric, folder)

    assert (check.outcome, check.mark, check.uncertain) == (Outcome.MANUAL, None, True)
    assert check.reason.startswith("Your code for this stands in cell 2, which is no code cell, so it was not run")


def test_the_template_in_a_text_cell_is_no_answer(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", tests=TESTS.format(body="assert False"))
    run, tensors = run_with(torch.ones(3))
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(("markdown", BLANK)), runs=[run], tensors=tensors)
    assert only_check(rubric, folder).outcome is Outcome.UNANSWERED
