"""The gradients of the second homework, as students write them: its rubric judges each text, and names each mistake."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.kinds_evidence import notebook

from grader.coursework import StudentVersion
from grader.records import CellKind, NotebookCell, NotebookRecord, Outcome
from grader.rubric import Rubric, load_rubric
from grader.score.kinds import JudgeContext, Verdict, kind_of
from reference.mistakes import function_mistakes
from reference.oracle import ORACLE

FOLDER = Path(__file__).resolve().parents[2] / "rubrics" / "tau_hw2"
SHARED: dict[bytes, Any] = {}
"""What judges keep for all submissions of a worker."""
D = r"\frac{\partial \epsilon_2}{\partial h_2}"
P = rf"{D} \odot (h_1 - g_2) \odot z_2 \odot (1 - z_2)"
Q = rf"{D} \odot (1 - z_2) \odot (1 - g_2^2)"
S = rf"W_{{hg}} ({Q}) \odot h_1 \odot r_2 \odot (1 - r_2)"


@lru_cache(maxsize=1)
def rubric() -> Rubric:
    return load_rubric(FOLDER)


def judged(question: str, text: str, memo: dict[str, Any] | None = None) -> Verdict:
    """The verdict on a text that stands below the question."""
    asked = rubric().question(question)
    kind, parameters = kind_of(asked.checks[0], rubric())
    cells = (f"**Question {question}.**", text)
    written = NotebookRecord(
        source_name="n.ipynb",
        format="ipynb",
        cells=tuple(NotebookCell(index=i, kind=CellKind.MARKDOWN, source=source) for i, source in enumerate(cells)),
    )
    return kind.judge(
        JudgeContext(
            rubric=rubric(),
            question=asked,
            check=asked.checks[0],
            evidence=SimpleNamespace(notebook=written),  # type: ignore[arg-type]  # all that this kind looks at
            student_version=StudentVersion(notebook(), None),
            oracle=ORACLE,
            memo={} if memo is None else memo,
            cohort=SHARED,
        ),
        parameters,
    )


def gradient(weight: str, right: str) -> str:
    return rf"$$\frac{{\partial \epsilon_2}}{{\partial W_{{{weight}}}}} = {right}$$"


RIGHT = [
    ("4s", r"$\sigma'(x) = \sigma(x) (1 - \sigma(x))$"),
    ("4s", r"$\frac{d\sigma}{dx} = \frac{e^{-x}}{(1+e^{-x})^2}$"),
    ("4s", "σ' = σ(1 − σ)"),
    ("4a", gradient("xz", rf"x_2 \left[ {P} \right]^T")),
    ("4a", gradient("xz", rf"\left( {P} \right) x_2^\top")),
    ("4a", r"∂ε_2/∂W_xz = x_2 * (∂ε_2/∂h_2 ⊙ (h_1 - g_2) ⊙ σ'(z̃_2))^T"),
    ("4a", r"$\delta = h_2 - y_2$: " + gradient("xz", r"x_2 (\delta \circ (h_1 - g_2) \circ z_2 \circ (1-z_2))^T")),
    ("4b", gradient("hz", rf"h_1 \left( {P} \right)^T")),
    ("4b", rf"Let $\Delta_z = {P}$. Then $\frac{{\partial \epsilon_2}}{{\partial W_{{hz}}}} = h_1 \Delta_z^\top$."),
    ("4c", gradient("xg", rf"x_2 \left( {Q} \right)^T")),
    ("4c", gradient("xg", rf"x_2 \left( \mathrm{{diag}}(1 - z_2) \mathrm{{diag}}(1 - g_2^2) {D} \right)^T")),
    ("4d", gradient("hg", rf"(r_2 \odot h_1) \left( {Q} \right)^T")),
    ("4d", gradient("hg", rf"(r_2 \odot h_1) \left( {D} \odot (1 - z_2) \odot (1 - \tanh^2(\tilde g_2)) \right)^T")),
    ("4e", gradient("xr", rf"x_2 \left( {S} \right)^T")),
    ("4e", gradient("xr", rf"x_2 \left( h_1 \odot \sigma'(\tilde r_2) \odot \left[ W_{{hg}} ({Q}) \right] \right)^T")),
    ("4f", gradient("hr", rf"h_1 \left( {S} \right)^T")),
    ("4f", rf"$a = {Q}$; $\nabla_{{W_{{hr}}}} \epsilon_2 = h_1 ((W_{{hg}} a) \odot h_1 \odot r_2 \odot (1-r_2))^T$"),
]  # fmt: skip
WRONG = [
    ("tau.sigma_prime", "4s", r"$\sigma'(x) = \sigma(x) (1 - \sigma^2(x))$"),
    ("tau.sigma_prime", "4a", gradient("xz", rf"x_2 ({D} \odot (h_1 - g_2) \odot z_2 \odot (1 - z_2^2))^T")),
    ("tau.sigma_prime", "4b", gradient("hz", rf"h_1 ({D} \odot (h_1-g_2) \odot z_2 (1-\sigma(\tilde z_2)^2))^T")),
    ("tau.sigma_prime", "4e", gradient("xr", rf"x_2 (W_{{hg}} ({Q}) \odot h_1 \odot r_2 \odot (1 - r_2^2))^T")),
    ("tau.sigma_prime", "4f", gradient("hr", rf"h_1 (W_{{hg}} ({Q}) \odot h_1 \odot r_2 \odot (1 - r_2^2))^T")),
    ("tau.zsign", "4a", gradient("xz", rf"x_2 ({D} \odot (g_2 - h_1) \odot z_2 \odot (1 - z_2))^T")),
    ("tau.zsign", "4b", gradient("hz", rf"-h_1 ({P})^T")),
    ("tau.x1", "4a", gradient("xz", rf"x_1 ({P})^T")),
    ("tau.x1", "4e", gradient("xr", rf"x_1 ({S})^T")),
    ("tau.h2", "4b", gradient("hz", rf"h_2 ({P})^T")),
    ("tau.h2", "4f", gradient("hr", rf"h_2 ({S})^T")),
    ("tau.delta_missing", "4a", gradient("xz", r"x_2 ((h_1 - g_2) \odot z_2 \odot (1 - z_2))^T")),
    ("tau.delta_missing", "4c", gradient("xg", r"x_2 ((1 - z_2) \odot (1 - g_2^2))^T")),
    ("tau.tanh_prime", "4c", gradient("xg", rf"x_2 ({D} \odot (1 - z_2) \odot (1 - g_2))^T")),
    ("tau.tanh_prime", "4d", gradient("hg", rf"(r_2 \odot h_1) ({D} \odot (1 - z_2) \odot (1 - \tanh(\tilde g_2)))^T")),
    ("tau.z_for_1mz", "4c", gradient("xg", rf"x_2 ({D} \odot z_2 \odot (1 - g_2^2))^T")),
    ("tau.no_1mz", "4d", gradient("hg", rf"(r_2 \odot h_1) ({D} \odot (1 - g_2^2))^T")),
    ("tau.no_r", "4d", gradient("hg", rf"h_1 ({Q})^T")),
    ("tau.seed_e", "4e", gradient("xr", rf"x_2 ((W_{{hg}}^T h_1) \odot {Q} \odot r_2 \odot (1 - r_2))^T")),
    ("tau.seed_e", "4f", gradient("hr", rf"h_1 ((W_{{hg}}^T h_1) \odot {Q} \odot r_2 \odot (1 - r_2))^T")),
    ("tau.hg_T", "4e", gradient("xr", rf"x_2 (W_{{hg}}^T ({Q}) \odot h_1 \odot r_2 \odot (1 - r_2))^T")),
    ("tau.no_hg", "4e", gradient("xr", rf"x_2 ({Q} \odot h_1 \odot r_2 \odot (1 - r_2))^T")),
    ("tau.no_h1", "4f", gradient("hr", rf"h_1 (W_{{hg}} ({Q}) \odot r_2 \odot (1 - r_2))^T")),
    ("tau.no_outer_product", "4b", gradient("hz", rf"h_1 \odot {P}")),
    ("tau.no_outer_product", "4d", gradient("hg", rf"r_2 \odot h_1 \odot {Q}")),
]  # fmt: skip
ACCEPTED = {"tau.outer_transposed", "tau.local_vs_total"}
"""Not mistakes here: every layout is right, and so are both gradients."""


@pytest.mark.parametrize(("question", "text"), RIGHT)
def test_a_right_gradient_has_full_marks_however_it_is_written(question: str, text: str) -> None:
    verdict = judged(question, text)

    assert (verdict.outcome, verdict.diagnosis) == (Outcome.PASSED, ()), verdict.reason


@pytest.mark.parametrize(("mistake", "question", "text"), WRONG)
def test_a_wrong_gradient_is_named_and_keeps_half(mistake: str, question: str, text: str) -> None:
    verdict = judged(question, text)

    assert verdict.diagnosis == (mistake,), verdict.reason
    assert verdict.mark == rubric().question(question).marks / 2


def test_every_mistake_of_the_family_is_written_down_once_at_least() -> None:
    known = {entry.mistake.id for entry in function_mistakes("tau") if entry.mistake.effect == "wrong"}

    assert {mistake for mistake, _, _ in WRONG} == known - ACCEPTED


def test_calculus_without_order_keeps_half_and_says_which_shapes_do_not_fit() -> None:
    verdict = judged("4a", gradient("xz", rf"{D} (h_1 - g_2) z_2 (1 - z_2) x_2"))

    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, Decimal(2))
    assert "With every size 1 it is right; with proper sizes it is not" in verdict.reason


def test_both_steps_are_right_too() -> None:
    text = rf"""Let $\delta_2 = {D}$, $p_2 = \delta_2 \odot (h_1 - g_2) \odot z_2 \odot (1 - z_2)$,
        $q_2 = \delta_2 \odot (1 - z_2) \odot (1 - g_2^2)$, $s_2 = (W_{{hg}} q_2) \odot h_1 \odot r_2 \odot (1 - r_2)$,
        $\delta_1 = \delta_2 \odot z_2 + W_{{hz}} p_2 + W_{{hr}} s_2 + r_2 \odot (W_{{hg}} q_2)$ and
        $p_1 = \delta_1 \odot (h_0 - g_1) \odot z_1 \odot (1 - z_1)$. """ + gradient("xz", "x_2 p_2^T + x_1 p_1^T")

    verdict = judged("4a", text)

    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert "followed back" in verdict.reason


def test_a_slip_in_the_sigmoid_s_slope_is_charged_once_over_all_gradients() -> None:
    memo: dict[str, Any] = {}
    slope = judged("4s", r"$\sigma'(x) = \sigma(x) (1 - \sigma^2(x))$", memo)

    carried = judged("4a", gradient("xz", rf"x_2 ({D} \odot (h_1 - g_2) \odot z_2 \odot (1 - z_2^2))^T"), memo)

    assert slope.diagnosis == ("tau.sigma_prime",)
    assert (carried.outcome, carried.diagnosis, carried.follow_through) == (Outcome.PASSED, (), True)


OTHER = r"I use $h_t = (1 - z_t) \odot h_{t-1} + z_t \odot g_t$."
TURNED = gradient("xz", rf"x_2 ({D} \odot (g_2 - h_1) \odot z_2 \odot (1 - z_2))^T")
KEPT = gradient("xz", rf"x_2 ({P})^T")
TAKEN = gradient("xg", rf"x_2 ({D} \odot z_2 \odot (1 - g_2^2))^T")


def test_the_other_convention_is_right_where_its_line_is_written_and_after() -> None:
    memo: dict[str, Any] = {}

    assert judged("4a", f"{OTHER} {TURNED}", memo).outcome is Outcome.PASSED
    assert judged("4c", TAKEN, memo).outcome is Outcome.PASSED
    assert judged("4c", TAKEN).diagnosis == ("tau.z_for_1mz",)


def test_mistakes_in_the_other_convention_are_named_by_its_own_formulas() -> None:
    verdict = judged("4a", f"{OTHER} {KEPT}")

    assert verdict.diagnosis == ("tau.zsign",), verdict.reason


def test_a_line_that_is_neither_convention_changes_nothing() -> None:
    verdict = judged("4a", rf"I use $h_t = (1 - z_t) \odot h_{{t-1}} + r_t \odot g_t$. {TURNED}")

    assert verdict.diagnosis == ("tau.zsign",), verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("See page 3 of my scan.", id="words"),
        pytest.param(gradient("xz", r"\iint x_2 \, d\Omega"), id="an integral"),
        pytest.param(gradient("xz", rf"{D} \frac{{\partial h_2}}{{\partial W_{{xz}}}}"), id="nothing worked out"),
    ],
)
def test_what_cannot_be_read_waits_for_a_person(text: str) -> None:
    verdict = judged("4a", text)

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
