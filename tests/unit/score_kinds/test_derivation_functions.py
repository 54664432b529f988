"""A derivation that is answered by a function: called in the agent, compared with autograd at the same points."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from helpers.agent_kernel import load, ship
from helpers.derived_functions import RIGHT, RUBRIC, STUB, coursework, hand_in
from helpers.derived_functions import function as weight
from helpers.notebook_cases import Desk

from grader.errors import RubricError
from grader.records import Outcome
from grader.score.case import Coursework
from grader.score.kinds import Verdict
from grader.score.reading import read_questions

FORMULA = "$dL/dW = ((s - y) ⊙ s ⊙ (1 - s)) x^T$"
SLOPE = "np.outer((s - y) * s * (1 - s), x)"
TORCH = "import torch\ndef {name}(W, x, y):\n    s = torch.sigmoid(W @ x)\n    return {returned}\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    agent: ModuleType = load(ship(tmp_path_factory.mktemp("agent")))
    return Desk(agent, tmp_path_factory.mktemp("evidence"), Coursework.load(coursework(tmp_path_factory.mktemp("c"))))


def judged(desk: Desk, *code: str, question: str = "w", **written: str) -> Verdict:
    """The verdict on a question, after those that it uses."""
    case = desk.case(hand_in(*code, **written), [question])
    found: list[Verdict] = []
    for identifier in ("w", question):
        asked = case.coursework.rubric.question(identifier)
        if identifier == question or identifier in case.coursework.rubric.question(question).uses:
            found.append(case.judge(asked, asked.checks[0]))
    return found[-1]


RIGHT_FORMS = {
    "outer product": weight("np.outer((s - y) * s * (1 - s), x)"),
    "product of column and row": weight("((s - y) * s * (1 - s)) @ x.T"),
    "transposed": weight("np.outer((s - y) * s * (1 - s), x).T"),
    "float32": weight("np.outer((s - y) * s * (1 - s), x).astype(np.float32)"),
    "a tensor from arrays": weight("torch.tensor(np.outer((s - y) * s * (1 - s), x))"),
    "other names in the same order": weight(SLOPE).replace("(W, x, y)", "(W, x, y, scale=1)"),
    "keywords in another order": weight(SLOPE).replace("(W, x, y)", "(y, x, W)"),
    "only by order": weight(SLOPE).replace("(W, x, y)", "(W, x, y, /)"),
    "torch": TORCH.format(name="weight_gradient", returned="torch.outer((s - y) * s * (1 - s), x)"),
    "float32 within": weight("np.outer((s - y) * s * (1 - s), x)", before="x = x.astype('float32')"),
}


@pytest.mark.parametrize("form", RIGHT_FORMS)
def test_a_right_function_passes_in_every_form(desk: Desk, form: str) -> None:
    found = judged(desk, RIGHT_FORMS[form])

    assert (found.outcome, found.mark, found.diagnosis) == (Outcome.PASSED, 12, ()), found.reason
    turned = "the gradient is transposed to what it is taken by" if form == "transposed" else ""
    assert found.convention == turned


def test_where_the_layout_is_given_a_transpose_keeps_its_calculus_and_its_shape_is_named(desk: Desk) -> None:
    right, turned = (
        TORCH.format(name="strict_gradient", returned=f"torch.outer((s - y) * s * (1 - s), x){end}")
        for end in ("", ".T")
    )

    assert judged(desk, right, question="t").mark == 12
    found = judged(desk, turned, question="t")
    assert (found.outcome, found.mark) == (Outcome.PARTIAL, 6)
    assert "its shape is (3, 4) where the gradient has (4, 3)" in found.reason


def test_a_wrong_order_keeps_the_calculus(desk: Desk) -> None:
    found = judged(desk, weight("((s - y) * s * (1 - s)).sum() * x"))

    assert (found.outcome, found.mark, found.diagnosis) == (Outcome.PARTIAL, 6, ())
    assert "With every size 1 it is right; with proper sizes it is not" in found.reason


def test_what_raises_with_proper_sizes_alone_keeps_the_calculus_and_the_error_is_named(desk: Desk) -> None:
    found = judged(desk, weight("((s - y) * s * (1 - s)).reshape(-1, 1).T @ x.reshape(-1, 1)"))

    assert (found.outcome, found.mark) == (Outcome.PARTIAL, 6)
    assert "raised ValueError in your cell 5, line 5" in found.reason


def test_a_wrong_function_without_a_name_earns_nothing(desk: Desk) -> None:
    found = judged(desk, weight("2 * np.outer((s - y) * s * (1 - s), x)"))

    assert (found.outcome, found.mark, found.diagnosis) == (Outcome.FAILED, 0, ())
    assert "even with every size 1" in found.reason


@pytest.mark.parametrize("end", ["", ".T", ".astype(np.float32)"])
def test_a_mistake_of_the_rubrics_is_named_and_keeps_its_share(desk: Desk, end: str) -> None:
    found = judged(desk, weight(f"np.outer(s - y, x){end}"))

    assert (found.diagnosis, found.mark) == (("no_slope",), 3), found.reason
    assert "You left out the slope of the sigmoid." in found.reason
    assert found.next_step == "Derive s by a."


def test_a_mistake_is_named_where_vectors_have_the_axes_that_the_student_had_in_mind(desk: Desk) -> None:
    """With columns the same line returns other numbers."""
    found = judged(desk, weight("np.outer(s - y, x) / x.ndim"))

    assert (found.diagnosis, found.mark) == (("no_slope",), 3), found.reason


def test_a_slip_in_a_shared_slope_is_charged_once(desk: Desk) -> None:
    slipped = weight("np.outer((s - y) * s * (1 - s ** 2), x)")
    second = (
        "def input_gradient(W, sigmoid, target):\n"
        "    return {'note': 1, 'dx': W.T @ ((sigmoid - target) * sigmoid * (1 - sigmoid ** 2))}\n"
    )

    first = judged(desk, slipped)
    assert (first.diagnosis, first.mark) == (("slip",), 9)
    follows = judged(desk, slipped, second, question="x")
    assert (follows.outcome, follows.mark, follows.follow_through) == (Outcome.PASSED, 12, True), follows.reason
    assert "charged in question w" in follows.reason
    alone = judged(desk, RIGHT, second, question="x")
    assert (alone.diagnosis, alone.mark) == (("slip",), 6)


@pytest.mark.parametrize("shape", ["", ".reshape(-1)", ".reshape(1, -1)", ".reshape(-1, 1)"])
def test_what_the_forward_lines_compute_may_be_given_and_a_vector_may_have_any_axes(desk: Desk, shape: str) -> None:
    body = f"    return W.T.dot((sigmoid - target) * sigmoid * (1 - sigmoid)){shape}\n"
    found = judged(desk, f"def input_gradient(W, sigmoid, target):\n{body}", question="x")

    assert (found.outcome, found.mark) == (Outcome.PASSED, 12), found.reason


def test_what_raises_is_named_and_earns_nothing_unless_a_formula_is_written(desk: Desk) -> None:
    raises = weight("np.outer(s - y, nothing)")

    found = judged(desk, raises)
    assert (found.outcome, found.mark) == (Outcome.FAILED, 0)
    assert "raised NameError in your cell 5, line 5" in found.reason
    assert judged(desk, raises, ANSWER=FORMULA).outcome is Outcome.PASSED
    unread = judged(desk, raises, ANSWER="$\\wp(W) = \\$")
    assert (unread.outcome, unread.mark) == (Outcome.MANUAL, None)
    assert "raised NameError" in unread.reason


@pytest.mark.parametrize(
    ("code", "kind"),
    [("None", "returns None"), ("{'a': 1}", "returns a dictionary without it"), ("x[:0]", "kind array")],
)
def test_what_returns_something_else_is_told_so(desk: Desk, code: str, kind: str) -> None:
    found = judged(desk, weight(code))

    assert (found.outcome, found.mark) == (Outcome.FAILED, 0)
    assert kind in found.reason
    assert judged(desk, weight(code), ANSWER=FORMULA).outcome is Outcome.PASSED


@pytest.mark.parametrize("code", ["pass", STUB])
def test_without_a_function_of_the_students_own_the_formula_counts(desk: Desk, code: str) -> None:
    assert judged(desk, code, ANSWER=FORMULA).outcome is Outcome.PASSED
    assert judged(desk, code, ANSWER=FORMULA.replace("(1 - s)", "2")).mark == 0
    assert judged(desk, code).outcome is Outcome.UNANSWERED


@pytest.mark.parametrize(("returned", "mark"), [("np.diag(q) - np.outer(q, q)", 12), ("q * (1 - q)", 0)])
def test_a_jacobian_counts_at_proper_sizes_where_other_lines_stand_in_at_size_one(
    desk: Desk, returned: str, mark: int
) -> None:
    head = "import numpy as np\ndef softmax_jacobian(p):\n    q = np.exp(p).ravel() / np.exp(p).sum()\n"

    assert judged(desk, f"{head}    return {returned}\n", question="j").mark == mark


def test_a_function_that_could_not_be_defined_is_no_blank_answer(desk: Desk) -> None:
    broken = RIGHT.replace("np.outer(", "np.outer((")

    found = judged(desk, broken)
    assert (found.outcome, found.mark) == (Outcome.FAILED, 0)
    assert "`weight_gradient` is not defined after your notebook was read." in found.reason
    assert judged(desk, broken, ANSWER=FORMULA).outcome is Outcome.PASSED


def test_where_a_function_returns_numbers_these_count(desk: Desk) -> None:
    assert judged(desk, RIGHT, ANSWER="$dL/dW = 7 x$").outcome is Outcome.PASSED
    assert judged(desk, weight("W"), ANSWER=FORMULA).mark == 0


def test_values_that_are_no_numbers_are_wrong(desk: Desk) -> None:
    found = judged(desk, weight("np.outer((s - y) * s * (1 - s), x) * np.nan"))

    assert (found.outcome, found.mark) == (Outcome.FAILED, 0)


def test_points_hang_on_the_seed_of_the_run_where_all_can_be_drawn(desk: Desk) -> None:
    """An answer that was computed beforehand, at the numbers of another run, is worth nothing."""
    case = desk.case(hand_in(RIGHT), ["w"])
    part = case.evidence.part("student")
    names = {run.probe for run in part.record.probes}
    probes = [probe for probe in case.coursework.plan.student if "weight_gradient" in probe.id]

    assert names == {probe.id for probe in probes}
    assert len(probes) == 8
    assert all("values" not in probe.model_dump_json() for probe in probes)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("arguments: [W, x, y]\n    wrong", "arguments: [W, x]\n    wrong", "hangs on more than `arguments`"),
        ("arguments: [W, x, y]\n    wrong", "arguments: [W, x, q]\n    wrong", "is no symbol of the setting"),
        ("arguments: [W, x, y]\n    wrong", "wrong", "come together"),
        ("function: weight_gradient", "function: 'a b'", "function"),
    ],
)
def test_a_rubric_is_refused_whose_function_cannot_be_judged(old: str, new: str, why: str, tmp_path: Path) -> None:
    assert RUBRIC.count(old) == 1
    with pytest.raises(RubricError, match=why):
        Coursework.load(coursework(tmp_path / "c", RUBRIC.replace(old, new)))


def test_a_question_with_a_function_waits_for_the_kernel(tmp_path: Path) -> None:
    without = RUBRIC.replace("    function: strict_gradient\n    arguments: [W, x, y]\n", "")
    assert without != RUBRIC

    assert read_questions(coursework(tmp_path / "a")) == ()
    assert [one.id for one in read_questions(coursework(tmp_path / "b", without))] == ["t"]


def test_evidence_that_was_not_taken_is_asked_for(desk: Desk) -> None:
    case = desk.case(hand_in(RIGHT), ["t"])
    asked = case.coursework.rubric.question("w")

    found = case.judge(asked, asked.checks[0])

    assert (found.outcome, found.mark) == (Outcome.FAULT, None)
    assert "needs-evidence" in found.flags
