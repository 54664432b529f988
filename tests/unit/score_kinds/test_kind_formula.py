"""What a formula earns, and what a number earns that builds on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest
from helpers.evidence_files import notebook, score_here, write_evidence, write_rubric
from helpers.kinds_oracle import FakeOracle

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.records import NotebookRecord, Outcome
from grader.report.question_view import question_view
from grader.rubric import Rubric, load_rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of
from grader.score.kinds.base import Verdict as BaseVerdict
from grader.score.kinds.follow_through import Carried, better
from grader.score.planning import probe_plan
from reference.oracle import ORACLE

RUBRIC = """\
title: Counting
questions:
  - id: 3a
    title: A formula
    marks: 4
    kind: formula
    variable: count
    symbols: {n: [hidden], d: [inputs]}
    answer: 4(nd + n^2 + n)
    accept: [4(nd + n^2 + 2n)]
    wrong:
      recurrent-part-forgotten:
        formula: 4(nd + n)
        says: You left out what the state contributes.
        next_step: Write down the shape of every matrix.
      no-square: {formula: 4(n + d), says: You added sizes where a matrix needs their product.}
    credit: {no-square: 0.25}
  - id: 3b
    title: A number
    marks: 2
    uses: [3a]
    kind: number
    variable: total
    answer: 320800
    follows: {question: 3a, at: {n: 200, d: 200}}
"""
TEMPLATE = StudentVersion(notebook("count = ''\ntotal = None"), None)


@dataclass
class NamingOracle(FakeOracle):
    """An oracle that calls every formula doubled that is twice as large as n."""

    asked: list[str] = field(default_factory=list)

    def formulas(self) -> Mapping[str, tuple[str, ...]]:
        return {"plain": ("n", "d"), "other": ("n",)}

    def name_formula(self, subject: str, value: Any) -> str | None:
        self.asked.append(subject)
        return "plain.doubled" if value({"n": 3, "d": 5}) == 6 else None


def course(tmp_path: Path, *changes: tuple[str, str]) -> Rubric:
    text = RUBRIC
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "rubric.yaml").write_text(text, encoding="utf-8")
    return load_rubric(tmp_path)


def judged(rubric: Rubric, question: str, handed_in: NotebookRecord, *, oracle: Oracle | None = None) -> Verdict:
    """The verdict on a question of a rubric in a temporary folder."""
    folder = rubric.folder / "evidence"
    folder.mkdir(exist_ok=True)
    (folder / "notebook.json").write_text(handed_in.model_dump_json(), encoding="utf-8")
    asked = rubric.question(question)
    found, parameters = kind_of(asked.checks[0], rubric)
    context = JudgeContext(
        rubric=rubric,
        question=asked,
        check=asked.checks[0],
        evidence=Evidence(folder),
        student_version=TEMPLATE,
        oracle=oracle,
    )
    return found.judge(context, parameters)


def on_formula(tmp_path: Path, source: str, *changes: tuple[str, str], oracle: Oracle | None = None) -> Verdict:
    return judged(course(tmp_path, *changes), "3a", notebook(source), oracle=oracle)


# ------------------------------------------------------------------------------------------- the formula


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("count = '4n(n+d+1)'", id="another form"),
        pytest.param('count = r"$N = 4 \\cdot (n d + n^{2} + n)$"', id="LaTeX"),
        pytest.param("count = 4 * (n * d + n**2 + n)", id="an expression in Python"),
        pytest.param("n, d = 200, 200\ncount = 4*n*(n + d + 1)", id="a computed value is read as its formula"),
        pytest.param("count = lambda n, d: 4*n*(n + d + 1)", id="a function"),
        pytest.param("count = 4n(n+d+1)", id="not Python"),
        pytest.param("count = '4n'\ncount = '4 hidden (hidden + inputs + 1)'", id="the last, in other words"),
        pytest.param("count = '4n(n+d+2)'", id="the other convention"),
        pytest.param("count = '8/2n(n+d+1)'", id="the better of two readings"),
    ],
)
def test_every_form_of_the_right_formula_earns_full_marks(tmp_path: Path, source: str) -> None:
    verdict = on_formula(tmp_path, source)
    assert (verdict.outcome, verdict.mark, verdict.reason) == (Outcome.PASSED, 4, "Right.")


@pytest.mark.parametrize(
    ("source", "mark", "diagnosis", "words"),
    [
        pytest.param(
            "count = '4n(d+1)'",
            2,
            ("recurrent-part-forgotten",),
            "You left out what the state contributes.",
            id="named",
        ),
        pytest.param("count = '4(d+n)'", 1, ("no-square",), "You added sizes", id="named, with a share of its own"),
        pytest.param("count = '4n(n+d)'", 0, (), "With n = 7, d = 5 it gives 336, where 364 is right.", id="unnamed"),
        pytest.param("count = '4n(n+1)'", 0, (), "It does not depend on `d`.", id="a symbol is missing"),
        pytest.param("count = '320,800'", 0, (), "It does not depend on `d` and `n`.", id="a number"),
        pytest.param("count = 320800", 0, (), "It does not depend on `d` and `n`.", id="a number in Python"),
        pytest.param("count = '1/(n-7)'", 0, (), "it gives no number, where 364 is right.", id="no value"),
    ],
)
def test_a_wrong_formula_is_told_what_it_is(
    tmp_path: Path, source: str, mark: int, diagnosis: tuple[str, ...], words: str
) -> None:
    verdict = on_formula(tmp_path, source)
    assert (verdict.mark, verdict.diagnosis, verdict.uncertain) == (mark, diagnosis, False)
    assert verdict.reason.startswith("Your formula, `")
    assert words in verdict.reason
    assert verdict.next_step


def test_what_a_wrong_formula_gives_is_shown_only_where_the_gap_is(tmp_path: Path) -> None:
    verdict = on_formula(
        tmp_path, "count = '4n(n+d)'", ("    title: A formula", "    title: A formula\n    show: state")
    )
    assert verdict.reason == "Your formula, `4n(n+d)`, is not the right one."


@pytest.mark.parametrize("source", ["count = ''", "count = None", "x = 1", ""])
def test_an_empty_formula_is_unanswered(tmp_path: Path, source: str) -> None:
    verdict = on_formula(tmp_path, source)
    assert (verdict.outcome, verdict.mark) == (Outcome.UNANSWERED, 0)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("count = '4n(n+d+b)'", "Reading stopped at `b)`"),
        ("count = 'sum over gates'", "Reading stopped at `sum over gates`"),
        ("count = '2^n'", "an exponent has to be a whole number"),
        ("count = count_of(model)", "Reading stopped at `count_of(model)`"),
    ],
)
def test_what_cannot_be_read_waits_for_a_person_with_the_place(tmp_path: Path, source: str, place: str) -> None:
    verdict = on_formula(tmp_path, source)
    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert place in verdict.reason


def test_a_formula_in_prose_is_found(tmp_path: Path) -> None:
    rubric = course(tmp_path, ("    variable: count", "    after: Question 3a\n    before: Question 3b"))
    answer = (
        "## Question 3a\nEvery gate has two maps and a bias:\n\n$$N = 4\\left(nd + n^2 + n\\right)$$\n## Question 3b"
    )
    assert judged(rubric, "3a", notebook(("markdown", answer))).outcome is Outcome.PASSED


def test_an_oracle_may_name_a_wrong_formula(tmp_path: Path) -> None:
    oracle = NamingOracle()
    named = ("    answer: 4(nd", "    named_by: plain\n    answer: 4(nd")

    verdict = on_formula(tmp_path, "count = '2n'", named, oracle=oracle)
    unknown = on_formula(tmp_path, "count = '3n'", named, oracle=oracle)

    assert (verdict.diagnosis, verdict.mark) == (("plain.doubled",), 2)
    assert "You doubled it." in verdict.reason
    assert (unknown.diagnosis, unknown.mark) == ((), 0)
    assert oracle.asked == ["plain", "plain"]


@pytest.mark.parametrize(
    ("subject", "words"), [("plane", 'no formula "plane".*did you mean "plain"'), ("other", 'no symbol "d"')]
)
def test_what_an_oracle_does_not_count_is_told_when_the_rubric_is_loaded(
    tmp_path: Path, subject: str, words: str
) -> None:
    rubric = course(tmp_path, ("    answer: 4(nd", f"    named_by: {subject}\n    answer: 4(nd"))
    check = rubric.question("3a").checks[0]
    kind, parameters = kind_of(check, rubric)
    with pytest.raises(RubricError, match=f"(?s){words}"):
        list(kind.probes(rubric, check, parameters, NamingOracle()))


@pytest.mark.parametrize(
    ("formula", "mistakes"),
    [("4n(n + d)", ("count.no_bias",)), ("3(n d + n^2 + n)", ("count.three_gates",)), ("4n(n + 2d + 1)", ())],
)
def test_the_reference_names_wrong_counts_of_parameters(
    tmp_path: Path, formula: str, mistakes: tuple[str, ...]
) -> None:
    oracle = cast(Oracle, ORACLE)
    named = ("    answer: 4(nd", "    named_by: lstm\n    answer: 4(nd")
    assert on_formula(tmp_path, f"count = '{formula}'", named, oracle=oracle).diagnosis == mistakes


def test_an_oracle_that_names_no_formulas_is_not_asked(tmp_path: Path) -> None:
    verdict = on_formula(
        tmp_path, "count = '2n'", ("    answer: 4(nd", "    named_by: plain\n    answer: 4(nd"), oracle=FakeOracle()
    )
    assert (verdict.diagnosis, verdict.mark) == ((), 0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("answer: 4(nd + n^2 + n)", "answer: 4(nd + m)", "answer: there it holds something"),
        ("answer: 4(nd + n^2 + n)", "answer: 1/2n", "can be read in two ways"),
        ("formula: 4(nd + n)", "formula: 4n(n+d+1)", "the formula is right"),
        ("symbols: {n: [hidden], d: [inputs]}", "symbols: {}", "symbols"),
        ("    variable: count", "    variable: count\n    after: x", "either `variable` or `after`"),
        ("credit: {no-square: 0.25}", "credit: {no-square: 2}", "between 0 and 1"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_with_their_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    rubric = course(tmp_path, (old, new))
    with pytest.raises(RubricError) as caught:
        probe_plan(rubric, None)
    assert caught.value.code == "rubric-bad-parameter"
    assert words in caught.value.what
    assert caught.value.where.endswith("rubric.yaml:3")


# ------------------------------------------------------------------------------------------- the number that follows


def on_number(tmp_path: Path, formula: str, number: str, *changes: tuple[str, str]) -> Verdict:
    source = f"count = {formula!r}\ntotal = {number}"
    return judged(course(tmp_path, *changes), "3b", notebook(source))


def test_right_and_right_needs_no_explanation(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4n(n+d+1)", "320800")
    assert (verdict.outcome, verdict.mark, verdict.follow_through, verdict.reason) == (
        Outcome.PASSED, 2, False, "Right.",
    )  # fmt: skip


def test_the_number_of_a_wrong_formula_earns_full_marks_and_is_explained(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4(n + d)", "1600")
    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.PASSED, 2, True)
    assert verdict.reason == (
        "Judged with your own formula from question 3a, `4(n + d)`: that gives 1,600. Nothing is charged twice."
    )


def test_the_right_number_beside_a_wrong_formula_earns_full_marks(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4(n + d)", "320800")
    assert (verdict.mark, verdict.follow_through, verdict.reason) == (2, False, "Right.")


def test_the_number_of_an_accepted_formula_is_right_without_a_mistake_carried(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4n(n + d + 2)", "321600")
    assert (verdict.mark, verdict.follow_through) == (2, False)
    assert verdict.reason == "Judged with your own formula from question 3a, `4n(n + d + 2)`: that gives 321,600."


def test_a_number_that_follows_from_nothing_is_told_what_its_formula_gives(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4(n + d)", "17")
    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.FAILED, 0, False)
    assert verdict.reason == ("17 is not the right number. Your own formula from question 3a, `4(n + d)`, gives 1,600.")


def test_the_number_of_a_right_formula_is_not_told_away(tmp_path: Path) -> None:
    assert on_number(tmp_path, "4n(n+d+1)", "17").reason == "17 is not the right number."


@pytest.mark.parametrize(
    ("formula", "number", "why"),
    [
        pytest.param("0", "0", "it is a number", id="nothing"),
        pytest.param("1600", "1600", "it is a number", id="the number itself"),
        pytest.param("1600 + n - n", "1600", "it is a number", id="the number in disguise"),
        pytest.param("n", "200", "it does not depend on `d`", id="a size"),
        pytest.param("n + 0d", "200", "it does not depend on `d`", id="a size in disguise"),
        pytest.param("1600 + n - d", "1600", "it holds the number itself", id="the number and a difference of sizes"),
        pytest.param("n - d", "0", "its value for these sizes is trivial", id="zero at these sizes"),
        pytest.param("n^2/d", "200", "its value for these sizes is trivial", id="a size at these sizes"),
        pytest.param("1/(n-d)", "7", "it has no value for these sizes", id="no value at these sizes"),
    ],
)
def test_a_trivial_formula_is_not_followed(tmp_path: Path, formula: str, number: str, why: str) -> None:
    verdict = on_number(tmp_path, formula, number)
    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.FAILED, 0, False)
    assert verdict.reason == (
        f"{number} is not the right number. Your own formula from question 3a, `{formula}`, was not followed: {why}."
    )


@pytest.mark.parametrize(
    ("valid", "formula", "number", "mark"),
    [
        pytest.param("{depends_on: [n]}", "4n", "800", 2, id="it need not depend on all"),
        pytest.param("{depends_on: [n]}", "4d", "800", 0, id="but on what is named"),
        pytest.param("{between: [1000, 1e7]}", "4(n + d)", "1600", 2, id="in the band"),
        pytest.param("{between: [10000, 1e7]}", "4(n + d)", "1600", 0, id="outside the band"),
    ],
)
def test_the_rubric_says_which_formulas_are_followed(
    tmp_path: Path, valid: str, formula: str, number: str, mark: int
) -> None:
    change = ("at: {n: 200, d: 200}}", f"at: {{n: 200, d: 200}}, valid: {valid}}}")
    assert on_number(tmp_path, formula, number, change).mark == mark


def test_beside_an_unread_formula_the_key_number_is_right(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4(n + d) + bias", "320800")
    assert (verdict.mark, verdict.follow_through, verdict.uncertain) == (2, False, False)


def test_beside_an_unread_formula_any_other_number_waits_with_it(tmp_path: Path) -> None:
    verdict = on_number(tmp_path, "4(n + d) + bias", "1600")
    assert (verdict.mark, verdict.outcome, verdict.uncertain) == (None, Outcome.MANUAL, True)
    assert verdict.reason.endswith("which waits for a person, so this waits, too.")


def test_beside_no_formula_the_number_is_judged_by_the_key_alone(tmp_path: Path) -> None:
    assert on_number(tmp_path, "", "17").reason == "17 is not the right number."


def test_either_reading_of_a_formula_is_followed(tmp_path: Path) -> None:
    assert [on_number(tmp_path, "n + 1/2d", number).mark for number in ("300", "200.0025", "299")] == [2, 2, 0]


def test_what_follows_may_be_rounded_as_the_key_may(tmp_path: Path) -> None:
    change = ("    answer: 320800", "    answer: 320800\n    tolerance: 10")
    assert [on_number(tmp_path, "4(n + d)", number, change).mark for number in ("1609", "1611")] == [2, 0]


def test_no_number_is_unanswered_whatever_the_formula(tmp_path: Path) -> None:
    assert on_number(tmp_path, "4(n + d)", "None").outcome is Outcome.UNANSWERED


def test_an_unread_number_waits_for_a_person_whatever_the_formula(tmp_path: Path) -> None:
    assert on_number(tmp_path, "4(n + d)", "'about 1600 or 1700'").outcome is Outcome.MANUAL


AT = "at: {n: 200, d: 200}"


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        pytest.param("    uses: [3a]\n", "", "rubric-follows-unused-question", "does not use", id="not used"),
        pytest.param(AT, f"check: other, {AT}", "rubric-follows-no-formula", "no single check", id="no formula"),
        pytest.param(AT, "at: {n: 200}", "rubric-follows-other-symbols", 'no size for "d"', id="no size"),
        pytest.param(AT, "at: {n: 2, d: 2, m: 3}", "rubric-follows-other-symbols", 'no symbol "m"', id="no symbol"),
        pytest.param(
            AT, f"{AT}, valid: {{depends_on: [m]}}", "rubric-follows-other-symbols", 'no symbol "m"', id="none of those"
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_an_error_of_the_rubric(
    tmp_path: Path, old: str, new: str, code: str, words: str
) -> None:
    with pytest.raises(RubricError) as caught:
        probe_plan(course(tmp_path, (old, new)), None)
    assert caught.value.code == code
    assert words in caught.value.what
    assert re.search(r"rubric\.yaml:18$", caught.value.where)


# ------------------------------------------------------------------------------------------- scored and shown


def test_what_was_followed_is_in_the_marks_and_on_the_page(tmp_path: Path) -> None:
    solution = "count = '4n(n+d+1)'\ntotal = 320800"
    questions = RUBRIC.removeprefix("title: Counting\n")
    rubric = write_rubric(tmp_path / "rubric", questions=questions, extra="", solution=[solution])
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(solution, metadata={"template": "count = ''\ntotal = None"})]
        ),
        rubric / "solution.ipynb",
    )
    folder = write_evidence(tmp_path / "ada", handed_in=notebook("count = '4(n + d)'\ntotal = 1600"))

    line = score_here(rubric, folder)["ada"]
    view = [question_view(question, load_rubric(rubric), lambda name: None, "") for question in line.questions]

    formula, number = (question.checks[0] for question in line.questions)
    assert (formula.mark, formula.diagnosis, formula.follow_through) == (1, ("no-square",), False)
    assert (number.mark, number.outcome, number.follow_through) == (2, Outcome.PASSED, True)
    said = " ".join(view[1].checks[0].said)
    assert (
        "Judged with your own formula from question 3a, `4(n + d)`: that gives 1,600. Nothing is charged twice." in said
    )
    assert "This part builds on your 3a (A formula). A mistake there was carried through, not charged again" in said


# ------------------------------------------------------------------------------------------- two verdicts


def verdict(mark: str | None, outcome: Outcome, reason: str = "") -> BaseVerdict:
    return BaseVerdict(outcome=outcome, mark=None if mark is None else Decimal(mark), reason=reason)


def carried(mark: str | None, outcome: Outcome, reason: str = "", *, mistaken: bool = True) -> Carried:
    return Carried(verdict=verdict(mark, outcome, reason), explanation="With yours it is 2.", mistaken=mistaken)


@pytest.mark.parametrize(
    ("key", "own", "mark", "follows", "reason"),
    [
        pytest.param(
            verdict("1", Outcome.PARTIAL, "Half."), carried("2", Outcome.PASSED), "2", True,
            "With yours it is 2. Nothing is charged twice.", id="the better counts",
        ),
        pytest.param(
            verdict("1", Outcome.PARTIAL, "Half."), carried("1", Outcome.PARTIAL, "Yours, too."), "1", False,
            "Half. Yours, too.", id="the key's stands where both are equal",
        ),
        pytest.param(
            verdict("1", Outcome.PARTIAL, "Half."), carried("2", Outcome.PASSED, mistaken=False), "2", False,
            "With yours it is 2.", id="no mistake was carried",
        ),
        pytest.param(verdict("0", Outcome.FAILED, "No."), None, "0", False, "No.", id="nothing to follow"),
    ],
)  # fmt: skip
def test_the_better_of_two_verdicts_counts(
    key: BaseVerdict, own: Carried | None, mark: str, follows: bool, reason: str
) -> None:
    found = better(key, lambda: own)
    assert (found.mark, found.follow_through, found.reason) == (Decimal(mark), follows, reason)


def test_what_builds_on_an_answer_that_waits_waits_too() -> None:
    own = carried(None, Outcome.MANUAL)
    assert better(verdict("1", Outcome.PARTIAL, "Half."), lambda: own) is own.verdict


@pytest.mark.parametrize(
    "key", [verdict("2", Outcome.PASSED), verdict("0", Outcome.UNANSWERED), verdict(None, Outcome.MANUAL)]
)
def test_nothing_is_followed_where_nothing_is_to_be_gained_or_decided(key: BaseVerdict) -> None:
    def never() -> Carried:
        raise AssertionError("asked")

    assert better(key, never) is key


def test_values_are_exact_for_oracles(tmp_path: Path) -> None:
    seen: list[Fraction | None] = []

    class Asking(NamingOracle):
        def name_formula(self, subject: str, value: Any) -> str | None:
            sizes: Mapping[str, int] = {"n": 3, "d": 5}
            seen.append(value(sizes))
            return None

    on_formula(
        tmp_path, "count = 'n/d'", ("    answer: 4(nd", "    named_by: plain\n    answer: 4(nd"), oracle=Asking()
    )
    assert seen == [Fraction(3, 5)]
