"""Answers that are read from the notebook: identifications, choices, numbers, prose."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from helpers.evidence_files import notebook

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import Evidence
from grader.records import NotebookRecord, Outcome
from grader.rubric import Check, Question, Rubric, Show
from grader.score import answer_texts
from grader.score.kinds import JudgeContext, Verdict, kind_of

LABELS = {"answers": {"A": "alpha", "B": "beta", "C": "gamma"}, "forgive": ["vanilla"], "permutation": True}
PROSE = {"after": "Question 4", "before": "Question 5"}


def judged(
    folder: Path,
    kind: str,
    parameters: dict[str, object],
    handed_in: NotebookRecord,
    *,
    template: NotebookRecord | None = None,
    show: Show = "gap",
    marks: int = 3,
) -> Verdict:
    """The verdict of a kind on a hand-in, with the evidence that lies in `folder`."""
    folder.mkdir(exist_ok=True)
    (folder / "notebook.json").write_text(handed_in.model_dump_json(), encoding="utf-8")
    check = Check(id=kind, kind=kind, marks=Decimal(marks), parameters=parameters)
    question = Question(id="1", title="", marks=Decimal(marks), checks=(check,), show=show)
    rubric = Rubric(title="T", folder=folder, questions=(question,))
    found, validated = kind_of(check, rubric)
    context = JudgeContext(
        rubric=rubric,
        question=question,
        check=check,
        evidence=Evidence(folder),
        student_version=StudentVersion(template or notebook("A = ''\nB = ''\nC = ''"), None),
        oracle=None,
    )
    return found.judge(context, validated)


@pytest.mark.parametrize(
    ("source", "mark", "outcome"),
    [
        pytest.param("A, B, C = 'alpha', 'beta', 'gamma'", "3.00", Outcome.PASSED, id="right"),
        pytest.param("A = ' Alpha.'\nB = \"'BETA'\"\nC = 'vanilla Gamma'", "3.00", Outcome.PASSED, id="other forms"),
        pytest.param("A = alpha\nB = beta\nC = gamma", "3.00", Outcome.PASSED, id="without quotes"),
        pytest.param("A: str = 'alpha'\nB = 'gamma'\nC = 'beta'", "1.00", Outcome.PARTIAL, id="two swapped"),
        pytest.param("A = 'beta'\nB = 'alpha'\nC = 'alpha'", "0.00", Outcome.FAILED, id="all wrong"),
        pytest.param("A = 'alpha'\nA = 'beta'\nB = 'beta'\nC = 'gamma'", "2.00", Outcome.PARTIAL, id="the last wins"),
        pytest.param("A = ''\nB = ''\nC = ''", "0.00", Outcome.UNANSWERED, id="the template"),
        pytest.param("x = 1", "0.00", Outcome.UNANSWERED, id="nothing"),
        pytest.param("A = 'alpha'", "1.00", Outcome.PARTIAL, id="one only"),
        pytest.param("A = f()\nB = 'beta'\nC = None", "None", Outcome.MANUAL, id="computed is not read"),
        pytest.param("A = 'alpha'\nA = f()", "None", Outcome.MANUAL, id="computed later"),
        pytest.param("A = f()\nA = 'alpha'", "1.00", Outcome.PARTIAL, id="written down at last"),
        pytest.param("%time\nA = 'alpha'\ndef broken(:\nB = 'beta'", "2.00", Outcome.PARTIAL, id="beside broken code"),
    ],
)
def test_identifications(tmp_path: Path, source: str, mark: str, outcome: Outcome) -> None:
    verdict = judged(tmp_path, "identification", LABELS, notebook(source))
    assert (str(verdict.mark), verdict.outcome) == (mark, outcome)


def test_an_identification_says_which_are_wrong_only_where_that_is_shown(tmp_path: Path) -> None:
    handed_in = notebook("A = 'alpha'\nB = 'gamma'\nC = 'gamma'")
    open_ = judged(tmp_path, "identification", LABELS, handed_in)
    hidden = judged(tmp_path, "identification", LABELS, handed_in, show="state")
    assert open_.reason == "2 of 3 are right. Not right: `B`. Each of the answers was to be used once."
    assert "`B`" not in hidden.reason
    assert "beta" not in open_.reason


def test_an_identification_without_an_answer_for_all_says_which_are_missing(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "identification", LABELS, notebook("A = 'alpha'"))
    assert verdict.reason == "1 of 3 are right. Not answered: `B`, `C`."


def test_other_words_for_an_answer_are_accepted(tmp_path: Path) -> None:
    parameters = {"answers": {"A": "alpha"}, "aliases": {"alpha": ["the first letter"]}}
    verdict = judged(tmp_path, "identification", parameters, notebook("A = 'The first-letter'"))
    assert (verdict.outcome, verdict.reason) == (Outcome.PASSED, "Right.")


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("pick = 'b'", Outcome.PASSED),
        ("pick = 'B)'", Outcome.PASSED),
        ("pick = 'option b'", Outcome.PASSED),
        ("pick = b", Outcome.PASSED),
        ("pick = 'a'", Outcome.FAILED),
        ("pick = ['a', 'b']", Outcome.FAILED),
        ("pick = ''", Outcome.UNANSWERED),
        ("pick = 'the second'", Outcome.PASSED),
        ("", Outcome.UNANSWERED),
    ],
)
def test_choices_in_a_variable(tmp_path: Path, source: str, outcome: Outcome) -> None:
    parameters = {"variable": "pick", "answer": "b", "options": {"a": [], "b": ["the second"]}}
    assert judged(tmp_path, "choice", parameters, notebook(source)).outcome is outcome


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("a, c", Outcome.PASSED),
        ("c a", Outcome.PASSED),
        ("a", Outcome.FAILED),
        ("a, because I like it", Outcome.MANUAL),
        ("", Outcome.UNANSWERED),
    ],
)
def test_choices_of_a_set_in_prose(tmp_path: Path, text: str, outcome: Outcome) -> None:
    parameters = {**PROSE, "answer": ["a", "c"], "options": ["a", "b", "c"]}
    handed_in = notebook(("markdown", f"## Question 4\n{text}\n## Question 5"))
    verdict = judged(tmp_path, "choice", parameters, handed_in)
    assert verdict.outcome is outcome
    assert verdict.uncertain == (outcome is Outcome.MANUAL)


def test_a_choice_of_one_option_in_prose_may_be_written_in_words(tmp_path: Path) -> None:
    parameters = {**PROSE, "answer": "b", "options": {"b": ["the second one"]}}
    handed_in = notebook(("markdown", "Question 4\nThe second one.\nQuestion 5"))
    assert judged(tmp_path, "choice", parameters, handed_in).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("n = 320800", Outcome.PASSED),
        ("n = 4 * (200**2 + 200 * 200 + 200)", Outcome.PASSED),
        ("n = -(-320800)", Outcome.PASSED),
        ("n = 320_799.9999999", Outcome.PASSED),
        ("n = 321600", Outcome.PASSED),
        ("n = 1e400", Outcome.MANUAL),
        ("n = '1e400'", Outcome.MANUAL),
        ("n = 1" + 400 * "0", Outcome.MANUAL),
        ("n = 7 / 2", Outcome.FAILED),
        ("n = '320,800'", Outcome.PASSED),
        ("n = 'about 3 or 4'", Outcome.MANUAL),
        ("n = True", Outcome.MANUAL),
        ("n = [1]", Outcome.MANUAL),
        ("n = 9**9**9", Outcome.MANUAL),
        ("n = 1 / 0", Outcome.MANUAL),
        ("n = 10**9 * 10**9", Outcome.MANUAL),
        ("n = 1" + " + 1" * 50, Outcome.MANUAL),
        ("n = 5 % 3", Outcome.MANUAL),
        ("n = None", Outcome.UNANSWERED),
    ],
)
def test_numbers(tmp_path: Path, source: str, outcome: Outcome) -> None:
    parameters = {"variable": "n", "answer": [320800, 321600]}
    assert judged(tmp_path, "number", parameters, notebook(source)).outcome is outcome


def test_a_number_has_a_tolerance(tmp_path: Path) -> None:
    parameters = {"variable": "n", "answer": 0.5, "tolerance": 0.01}
    found = [judged(tmp_path, "number", parameters, notebook(f"n = {n}")).outcome for n in ("0.509", "0.52")]
    assert found == [Outcome.PASSED, Outcome.FAILED]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        pytest.param("number", {"answer": 1, "variable": "n", "after": "x"}, id="two places"),
        pytest.param("number", {"answer": 1, "after": "("}, id="a place that is no pattern"),
        pytest.param("text", {"after": "("}, id="prose with no pattern"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(tmp_path: Path, kind: str, parameters: dict[str, object]) -> None:
    with pytest.raises(RubricError) as caught:
        judged(tmp_path, kind, parameters, notebook(""))
    assert caught.value.code == "rubric-bad-parameter"


TEMPLATE = notebook(
    ("markdown", "## Question 4\nYour answer:"), "A = ''\n# Reasons below:", ("markdown", "## Question 5")
)


@pytest.mark.parametrize(
    ("cells", "outcome"),
    [
        pytest.param([("markdown", "## Question 4\nYour answer: \nit cancels")], Outcome.MANUAL, id="answered"),
        pytest.param([("markdown", "## Question 4\nYour answer:")], Outcome.UNANSWERED, id="the template"),
        pytest.param([("markdown", "## Question 4\n...\n- - -")], Outcome.UNANSWERED, id="no word in it"),
        pytest.param(
            [("markdown", "## Question 4"), "x = 1\n# it cancels"], Outcome.MANUAL, id="a comment in the next cell"
        ),
        pytest.param([("markdown", "## Question 4"), "x = 1"], Outcome.UNANSWERED, id="code is no prose"),
        pytest.param(
            [("markdown", "## Question 4\n## Question 5\nelsewhere")], Outcome.UNANSWERED, id="behind the end"
        ),
        pytest.param(["# Question 4\nbecause it cancels"], Outcome.MANUAL, id="typed into a code cell"),
        pytest.param([("markdown", "it cancels")], Outcome.MANUAL, id="the heading was removed"),
        pytest.param(["x = 1"], Outcome.UNANSWERED, id="neither heading nor prose"),
    ],
)
def test_prose_waits_for_a_person_and_blank_prose_does_not(
    tmp_path: Path, cells: list[str | tuple[str, str]], outcome: Outcome
) -> None:
    verdict = judged(tmp_path, "text", {**PROSE}, notebook(*cells), template=TEMPLATE)
    assert verdict.outcome is outcome
    assert verdict.mark == (None if outcome is Outcome.MANUAL else 0)
    assert not verdict.uncertain


def test_answers_are_given_as_text_for_those_who_mark_them(tmp_path: Path) -> None:
    check = Check(id="text", kind="text", marks=Decimal(1), parameters={"after": "Question 4"})
    other = Check(id="number", kind="number", marks=Decimal(1), parameters={"variable": "n", "answer": 1})
    question = Question(id="T", title="", marks=Decimal(2), checks=(check, other))
    rubric = Rubric(title="T", folder=tmp_path, questions=(question,))
    handed_in = notebook(("markdown", "## Question 4\nYour answer:\nit <b>cancels</b>\n\nreally"))
    template = StudentVersion(TEMPLATE, None)

    assert answer_texts(handed_in, rubric, template) == {"T/text": "it <b>cancels</b>\n\nreally"}
    assert answer_texts(TEMPLATE, rubric, template) == {}


def test_parameters_of_kinds_without_prose_are_not_read_for_the_pages(tmp_path: Path) -> None:
    check = Check(id="text", kind="text", marks=Decimal(1), parameters={"after": "Question 4"})
    other = Check(id="number", kind="number", marks=Decimal(1), parameters={"unknown": 1})
    unknown = Check(id="what", kind="what", marks=Decimal(1), parameters={})
    rubric = Rubric(
        title="T",
        folder=tmp_path,
        questions=(Question(id="T", title="", marks=Decimal(3), checks=(check, other, unknown)),),
    )
    handed_in = notebook(("markdown", "## Question 4\nit cancels"))
    assert answer_texts(handed_in, rubric, StudentVersion(TEMPLATE, None)) == {"T/text": "it cancels"}


def test_long_prose_is_cut(tmp_path: Path) -> None:
    check = Check(id="text", kind="text", marks=Decimal(1), parameters={"after": "Question 4"})
    rubric = Rubric(
        title="T", folder=tmp_path, questions=(Question(id="T", title="", marks=Decimal(1), checks=(check,)),)
    )
    handed_in = notebook(("markdown", "Question 4\n" + "word\n" * 100_000))
    assert len(answer_texts(handed_in, rubric, StudentVersion(TEMPLATE, None))["T/text"]) <= 20_000
