"""Derivations in many habits of writing: right ones pass, wrong ones are named, unread ones wait for a person."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.derivations import answers, checked, judged, parameters, settings
from ruamel.yaml import YAML

from grader.errors import RubricError
from grader.records import Outcome
from reference.mistakes import all_mistakes
from reference.oracle import ORACLE

ROOT = Path(__file__).resolve().parents[3]
RIGHT = "(h_2 - y_2) ⊙ (h_1 - g_2) ⊙ z_2 ⊙ (1 - z_2)"


def named(entry: dict[str, Any]) -> str:
    return f"{entry['group']}-{entry['by']}-{entry['habit']}-{entry.get('mistake', entry['verdict'])}".replace(" ", "_")


def verdict_on(entry: dict[str, Any]) -> Any:
    more = {key: entry[key] for key in ("variable", "layout", "scope", "of") if key in entry}
    return judged(entry["text"], parameters(entry["group"], entry["by"], **more), ORACLE)


@pytest.mark.parametrize("entry", [pytest.param(one, id=named(one)) for one in answers()])
def test_a_derivation_earns_what_the_list_of_answers_says(entry: dict[str, Any]) -> None:
    found = verdict_on(entry)
    if entry["verdict"] == "right":
        assert (found.outcome, found.mark, found.diagnosis) == (Outcome.PASSED, 12, ()), found.reason
    elif entry["verdict"] == "unread":
        assert (found.outcome, found.mark) == (Outcome.MANUAL, None), found.reason
        assert "Reading stopped" in found.reason or "No line of it" in found.reason or "looks like" in found.reason
    else:
        assert found.mark is not None, found.reason
        assert found.mark < 12, found.reason
        assert not entry.get("mistake") or entry["mistake"] in found.diagnosis, (found.diagnosis, found.reason)
        if entry["verdict"] == "calculus":
            assert found.mark >= 6
            assert "With every size 1 it is right" in found.reason


def test_the_list_is_long_and_has_many_habits_and_few_answers_that_are_not_read() -> None:
    verdicts = Counter(entry["verdict"] for entry in answers())
    assert len(answers()) >= 150
    assert len({entry["habit"] for entry in answers()}) >= 12
    assert verdicts["unread"] <= 0.05 * len(answers())
    assert len(
        {(entry["group"], entry["by"], entry["text"], entry.get("scope"), entry.get("layout")) for entry in answers()}
    ) == len(answers())


def test_every_named_mistake_of_a_derivation_in_one_formula_is_in_the_list() -> None:
    """But for those of axes of arrays."""
    families = ("uva.", "tau.", "seq.")
    there = {entry.get("mistake", "") for entry in answers()}
    missing = {name for name in all_mistakes() if name.startswith(families) and ".correct" not in name} - there
    arrays = {"seq.mean_batch", "seq.bias_axis0", "seq.bias_no_keepdims", "seq.bias_c_missing"}
    assert missing <= arrays


@pytest.mark.parametrize("group", sorted(settings()))
def test_every_setting_of_the_tests_is_a_rubric_that_loads(group: str, tmp_path: Path) -> None:
    for by in sorted({entry["by"] for entry in answers() if entry["group"] == group and "of" not in entry}):
        checked(tmp_path, ORACLE, "q", parameters(group, by))


def test_nothing_written_is_unanswered_and_no_derivation() -> None:
    assert judged("", parameters("gated", "W_xz")).outcome is Outcome.UNANSWERED
    assert judged("answer = None", parameters("gated", "W_xz", variable="answer")).outcome is Outcome.UNANSWERED
    assert judged("other = 1", parameters("gated", "W_xz", variable="answer")).outcome is Outcome.UNANSWERED


def test_the_first_wrong_step_is_named() -> None:
    wrong = RIGHT.replace("(1 - z_2)", "(1 + z_2)")
    text = f"$$\\frac{{\\partial L}}{{\\partial W_{{xz}}}} = x_2 ({RIGHT})^T = x_2 ({wrong})^T$$"
    found = judged(text, parameters("gated", "W_xz"))
    assert "The first step that does not equal the one before it is step 2 of 2" in found.reason
    assert found.mark == 0


def test_what_was_read_is_shown_in_one_spelling() -> None:
    found = judged(r"$dL/dW_{xz} = x_2 [(h_2-y_2)\circ(h_1-g_2)\circ z_2(1-z_2)]^{\top}$", parameters("gated", "W_xz"))
    assert "It was read as `x_2 ((h_2 − y_2) ⊙ (h_1 − g_2) ⊙ z_2 (1 − z_2))ᵀ`" in found.reason


def test_a_layout_is_reported_and_can_be_asked_for() -> None:
    text = f"∂L/∂W_xz = ({RIGHT}) x_2^T"
    assert judged(text, parameters("gated", "W_xz")).convention == "the gradient is transposed to what it is taken by"
    strict = judged(text, parameters("gated", "W_xz", layout="given"), ORACLE)
    assert strict.diagnosis == ("tau.outer_transposed",)
    assert strict.mark == 6


def test_marks_for_calculus_and_for_matrices_are_the_rubrics() -> None:
    text = "dL/dW_xg = (h2 - y2)(1 - z2)(1 - g2^2) x2"
    assert judged(text, parameters("gated", "W_xg", calculus="0.75")).mark == 9
    assert judged(text, parameters("gated", "W_xg", calculus="0.25")).mark == 3


def test_local_and_total_gradients_are_told_apart_where_the_rubric_does() -> None:
    text = f"∂L/∂W_xz = x_2 ({RIGHT})^T"
    assert judged(text, parameters("gated", "W_xz", scope="local")).outcome is Outcome.PASSED
    assert judged(text, parameters("gated", "W_xz", scope="either")).outcome is Outcome.PASSED
    assert judged(text, parameters("gated", "W_xz", scope="total"), ORACLE).diagnosis == ("tau.local_vs_total",)


class TestASharedSlope:
    """A slip in the slope of the sigmoid is charged once, wherever else it is used."""

    slip = "∂L/∂{weight} = {source} ((h_2 - y_2) ⊙ (h_1 - g_2) ⊙ z_2 ⊙ (1 - z_2^2))^T"

    def test_the_second_answer_follows_from_it(self) -> None:
        memo: dict[str, Any] = {}
        first = judged(self.slip.format(weight="W_xz", source="x_2"), parameters("gated", "W_xz"), ORACLE, memo=memo)
        text = self.slip.format(weight="W_hz", source="h_1")
        second = judged(text, parameters("gated", "W_hz"), ORACLE, question_id="r", uses=("q",), memo=memo)
        alone = judged(text, parameters("gated", "W_hz"), ORACLE, question_id="r", memo=memo)
        assert (first.diagnosis, first.mark, first.follow_through) == (("tau.sigma_prime",), 6, False)
        assert (second.diagnosis, second.mark, second.follow_through) == ((), 12, True)
        assert "charged in question q. Nothing is charged twice." in second.reason
        assert alone.mark == 6, "a question that does not use the first has a charge of its own"

    def test_a_further_mistake_is_charged_beside_it(self) -> None:
        text = "∂L/∂W_hr = h_1 ((W_hg^T h_1) ⊙ (h_2 - y_2) ⊙ (1 - z_2) ⊙ (1 - g_2^2) ⊙ r_2 ⊙ (1 - r_2^2))^T"
        found = judged(text, parameters("gated", "W_hr"), ORACLE)
        assert found.diagnosis == ("tau.sigma_prime", "tau.seed_e")

    def test_a_slope_that_the_student_states_is_followed_without_a_name(self) -> None:
        text = "$\\sigma'(a) = 2\\sigma(a)$. ∂L/∂W_xz = x_2 ((h_2 - y_2) ⊙ (h_1 - g_2) ⊙ σ'(z_2))^T"
        found = judged(text, parameters("gated", "W_xz"), ORACLE)
        assert found.mark == 6
        assert "Your slope of sigmoid is not the right one" in found.reason


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"by": "W_nn"}, "'W_nn' is not declared"),
        ({"wrong": {"tau.hg_T": r"x_2 (("}}, "it ends too early"),
        ({"wrong": {"tau.hg_T": f"∂L/∂W_xz = x_2 ({RIGHT})^T"}}, "it is right"),
        ({"named_by": {"family": "tau", "item": "dW_hz"}}, "another gradient"),
        ({"named_by": {"family": "tau", "item": "dW_xz", "options": {"update": "2"}}}, "another gradient"),
        ({"named_by": {"family": "tau", "item": "dW_xz", "options": {"updates": "2"}}}, "has no option"),
        ({"shares": [{"function": r"\sigma", "wrong": {"tau.sigma_prime": "q (1 - s)"}}]}, "nothing says what q is"),
    ],
)
def test_a_rubric_that_makes_no_sense_is_refused_with_the_reason(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(RubricError, match=re.escape(why)):
        checked(tmp_path, ORACLE, "q", parameters("gated", "W_xz") | change)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"sizes": {"d": 3, "n": 3}}, "sizes have to differ"),
        ({"lines": ["g_t = W ("]}, "it ends too early"),
        ({"lines": ["1 = 2"]}, "no symbol"),
        ({"symbols": {"x": "q"}}, "there is no size 'q'"),
        ({"symbols": {"x": {"shape": "d", "steps": [1, "Q"]}}}, "there is no index letter 'Q'"),
        ({"functions": {"f": "tangent"}}, "there is no function 'tangent'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_with_the_reason(
    change: dict[str, Any], why: str, tmp_path: Path
) -> None:
    said = parameters("gated", "W_xz")
    said["setting"] = said["setting"] | change
    with pytest.raises(RubricError, match=re.escape(why)):
        checked(tmp_path, ORACLE, "q", said)


def test_the_example_of_the_instructors_page_works(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "rubrics.md").read_text(encoding="utf-8").split("### Derivations")[1]
    (example,) = YAML(typ="safe").load(page.split("```yaml\n")[1].split("```")[0])
    said = {key: value for key, value in example.items() if key not in ("id", "title", "marks", "kind")}
    checked(tmp_path, None, "q", said)
    said |= {"after": "ANSWER", "before": "END"}
    right = r"Let $\delta_z = (h_2 - y_2) \circ (h_1 - g_2) \circ z_2 (1 - z_2)$: $dL/dW_{xz} = x_2\,\delta_z^\top$"
    assert judged(right, said).outcome is Outcome.PASSED
    wrong = judged(r"$\frac{\partial L}{\partial W_{zx}} = x_2 [(h_2 - y_2) \odot (h_1 - \tilde{h}_2)]^T$", said)
    assert (wrong.diagnosis, wrong.mark) == (("no_slope",), Decimal(6))
