"""One coursework for several cohorts: the answers of an identification go to its names in an order that is set."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from helpers.evidence_files import notebook

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import Evidence
from grader.records import Outcome
from grader.rubric import Rubric, load_rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of

THINGS = ("alpha", "beta", "gamma")
NAMES = ("A", "B", "C")

every_order = pytest.mark.parametrize("order", list(permutations(NAMES)), ids="".join)


def rubric_of(folder: Path, cohort: str) -> Rubric:
    """A rubric with one identification; `cohort` is a line of YAML, or empty."""
    folder.mkdir(exist_ok=True)
    (folder / "rubric.yaml").write_text(
        "title: T\nquestions:\n  - id: '1'\n    title: t\n    marks: 3\n    kind: identification\n"
        "    answers: {A: alpha, B: beta, C: gamma}\n    forgive: [vanilla]\n    permutation: true\n"
        + (f"    cohort: {cohort}\n" if cohort else ""),
        encoding="utf-8",
    )
    return load_rubric(folder)


def key_of(rubric: Rubric) -> dict[str, str]:
    return kind_of(rubric.questions[0].checks[0], rubric)[1].key


def judged(rubric: Rubric, source: str) -> Verdict:
    """The verdict on a notebook with one cell."""
    (rubric.folder / "notebook.json").write_text(notebook(source).model_dump_json(), encoding="utf-8")
    question = rubric.questions[0]
    found, parameters = kind_of(question.checks[0], rubric)
    context = JudgeContext(
        rubric=rubric,
        question=question,
        check=question.checks[0],
        evidence=Evidence(rubric.folder),
        student_version=StudentVersion(notebook("A = ''\nB = ''\nC = ''"), None),
        oracle=None,
    )
    return found.judge(context, parameters)


def written(answers: dict[str, str]) -> str:
    return "\n".join(f"{name} = {answer!r}" for name, answer in answers.items())


def test_without_a_cohort_the_answers_stand_beside_their_names(tmp_path: Path) -> None:
    assert key_of(rubric_of(tmp_path, "")) == {"A": "alpha", "B": "beta", "C": "gamma"}


def test_the_first_name_of_a_cohort_takes_the_first_answer(tmp_path: Path) -> None:
    assert key_of(rubric_of(tmp_path, "[C, A, B]")) == {"A": "beta", "B": "gamma", "C": "alpha"}


@every_order
def test_every_order_marks_its_own_key_right_and_another_one_by_the_names_they_share(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    rubric = rubric_of(tmp_path, f"[{', '.join(order)}]")
    key = dict(zip(order, THINGS, strict=True))

    for other in permutations(NAMES):
        answers = dict(zip(other, THINGS, strict=True))
        shared = sum(answers[name] == key[name] for name in NAMES)
        assert judged(rubric, written(answers)).mark == shared


@every_order
def test_other_forms_of_an_answer_are_forgiven_in_every_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    rubric = rubric_of(tmp_path, f"[{', '.join(order)}]")
    forms = dict(zip(order, (" Alpha.", "'BETA'", "vanilla Gamma"), strict=True))

    verdict = judged(rubric, written(forms))

    assert (verdict.outcome, verdict.mark, verdict.reason) == (Outcome.PASSED, Decimal(3), "All are right.")


def test_the_reason_names_the_wrong_names_and_no_answer(tmp_path: Path) -> None:
    rubric = rubric_of(tmp_path, "[B, A, C]")

    verdict = judged(rubric, "A = 'alpha'\nB = 'alpha'\nC = 'gamma'")

    assert verdict.reason == "2 of 3 are right. Not right: `A`. Each of the answers was to be used once."


def test_a_cohort_changes_the_digest_of_the_rubric(tmp_path: Path) -> None:
    digests = {rubric_of(tmp_path, cohort).digest() for cohort in ("", "[A, B, C]", "[B, A, C]")}

    assert len(digests) == 3


@pytest.mark.parametrize(
    ("cohort", "message"),
    [
        pytest.param("[A, B]", '"C" is missing; an order has all of A, B, C', id="one missing"),
        pytest.param("[A, B, B]", '"B" appears twice; each name takes one answer', id="one twice"),
        pytest.param("[A, B, C, A]", '"A" appears twice', id="one too many"),
        pytest.param("[A, B, D]", '"D" is no name in `answers`', id="unknown"),
        pytest.param("[a, B, C]", '"a" is no name in `answers`', id="another case"),
        pytest.param("BCA", "cohort: Input should be a valid tuple", id="a text"),
        pytest.param("[1, 0, 2]", "cohort.0: Input should be a valid string", id="numbers"),
    ],
)
def test_what_is_no_order_of_the_names_is_refused_with_its_line(tmp_path: Path, cohort: str, message: str) -> None:
    with pytest.raises(RubricError) as caught:
        key_of(rubric_of(tmp_path, cohort))

    assert caught.value.code == "rubric-bad-parameter"
    assert message in str(caught.value)
    assert "rubric.yaml:3" in str(caught.value)


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    rubric = rubric_of(tmp_path, "")
    check = rubric.questions[0].checks[0]
    parameters = {"answers": {"A_model": "x", "B_model": "y"}, "cohort": ["A_model", "B_modle"]}

    with pytest.raises(RubricError, match='did you mean "B_model"'):
        kind_of(check.model_copy(update={"parameters": parameters}), rubric)
