"""The reader of derivations: habits of writing that mean the same, and random text, bounded and never raising."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.derivations import answers, judged, parameters, settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grader.records import Outcome
from grader.score.derivations.answers import Answer, Stopped, Target, readings
from grader.score.derivations.comparing import MOST_READINGS, MOST_STEPS, Judge, NoValue
from grader.score.derivations.evaluation import Budget, TooCostlyError
from grader.score.derivations.printing import shown
from grader.score.derivations.reading import MOST_DEPTH, MOST_READ, read_side
from grader.score.derivations.scene import Setting
from grader.score.derivations.settings import SettingRecord, setting_of
from grader.score.derivations.signs import MOST_CHARS, MOST_TOKENS, ReadingError, prepared, tokens_of
from grader.score.derivations.statements import MOST_STATEMENTS, pieces_of
from grader.score.derivations.tree import Node

sys.path.append(str(Path(__file__).resolve().parents[2] / "fuzz"))
from derivations import PIECES, mixed, one_input

SETTING: Setting = setting_of(SettingRecord.model_validate(settings()["gated"]["setting"]), "W_xz")
TARGET = Target(SETTING.of, SETTING.by, ("d W_xz",))


def tree(text: str) -> Node:
    return read_side(tokens_of(prepared(text), SETTING.names.words), SETTING.names)


def read(text: str) -> str:
    return shown(tree(text))


@pytest.mark.parametrize(
    ("texts", "meaning"),
    [
        (["h_{t-1}", "h^{(t-1)}", "h^{<t-1>}", r"h^{\langle t-1\rangle}"], "h_{t-1}"),
        (["h_{t-1}", "h(t-1)", "h[t-1]", "hₜ₋₁", "h^{t-1}"], "h_{t-1}"),
        (["h_1", "h1", "h^{(1)}", "h₁", "h_{1}", r"\mathbf{h}_1", r"\vec{h}_{1}", "h^{<1>}"], "h_1"),
        (["W_{xz}", "W_xz", r"\mathbf{W}_{xz}", r"W_{\text{xz}}", "W_{x z}", "W_{zx}", r"\boldsymbol W_{xz}"], "W_xz"),
        (["W_{xz}^T", r"W_{xz}^\top", r"W_{xz}^{\top}", "W_{xz}'", "W_xzᵀ", r"W^{\intercal}_{xz}"], "W_xzᵀ"),
        (["x^{(t)T}", r"x^{(t)\top}", r"{x^{(t)}}^T", "x_t^T", "(x_t)^T"], "x_tᵀ"),
        (["h_t^2", "h_{t}^{2}", r"h_t^{\odot 2}", "h_t**2", "hₜ²", "{h^{(t)}}^2", "(h_t)^2"], "h_t²"),
        (["z_t \\odot h_t", "z_t ⊙ h_t", r"z_t\circ h_t", r"z_t \; \odot \, h_t"], "z_t ⊙ h_t"),
        ([r"\tanh(h_t)", r"\tanh h_t", "tanh(h_t)", r"\operatorname{tanh}(h_t)", r"\text{tanh}(h_t)"], "tanh(h_t)"),
        ([r"\sigma(z_t)", "σ(z_t)", "sigmoid(z_t)", r"\mathrm{sigmoid}(z_t)", r"\sigma\big[z_t\big]"], "σ(z_t)"),
        ([r"\sigma'(z_t)", "σ′(z_t)", r"\sigma^{\prime}(z_t)", r"\sigma^{'}(z_t)"], "σ'(z_t)"),
        ([r"1-\tanh^2(\cdot)", r"1 - \tanh^{2}", r"1-\tanh(.)^2", "1 − tanh²(·)"], "1 − tanh(·)²"),
        ([r"\mathrm{diag}(z_t)", "diag(z_t)", r"\operatorname{diag}[z_t]", r"\text{diag}(z_t)"], "diag(z_t)"),
        ([r"\frac{z_t}{2}", "z_t / 2", r"\dfrac{z_t}2", r"\tfrac {z_t} {2}"], "z_t / 2"),
        ([r"\frac{\partial L}{\partial z_t}", "∂L/∂z_t", r"\partial L/\partial z_t", "dL/dz_t", r"\frac{dL}{dz_t}",
          r"\frac{\mathrm{d}L}{\mathrm{d}z_t}", r"\nabla_{z_t} L", r"\frac{\partial}{\partial z_t} L"], "∂L/∂z_t"),
        ([r"\tilde{h}_t", r"\tilde h_t", "h̃_t", r"\widetilde{h}^{(t)}"], "g_t"),
    ],
)  # fmt: skip
def test_habits_of_writing_mean_the_same(texts: list[str], meaning: str) -> None:
    assert {read(text) for text in texts} == {meaning}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x_2 (h_1", "it ends too early"),
        ("x_2 ) h_1", "does not fit"),
        (r"\foo x", "the command \\foo is not read"),
        ("x_2 # h", "a sign that is not read"),
        ("W_{hz}^{-1}", "an inverse is not read"),
        (r"\sum_{q in Q} x", "range is not read"),
        ("(" * (MOST_DEPTH + 5) + "x" + ")" * (MOST_DEPTH + 5), "too deep"),
        ("x + " * MOST_TOKENS + "x", "too long"),
        ("x" * (MOST_CHARS + 1), "characters are not read"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text: str, where: str) -> None:
    with pytest.raises(ReadingError, match=where.replace("\\", "\\\\")) as caught:
        tree(text)
    assert 0 <= caught.value.position <= len(text)


def test_the_place_where_reading_stopped_is_told() -> None:
    found = judged(r"$\frac{\partial L}{\partial W_{xz}} = x_2 \foo{h}$", parameters("gated", "W_xz"))
    assert found.outcome is Outcome.MANUAL
    assert r"Reading stopped at `\foo{h}`: the command \foo is not read." in found.reason


def test_markup_of_a_student_is_quoted_in_messages_and_no_markup_of_ours() -> None:
    found = judged("$dL/dW_{xz} = <b onmouseover=alert(1)>`x`$", parameters("gated", "W_xz"))
    assert found.outcome is Outcome.MANUAL
    assert found.reason.count("`") == 2


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_stopped_within_bounds(text: str) -> None:
    assert_bounded(text)


@given(st.integers(0, 2**32))
@hypothesis_settings(max_examples=30, deadline=None)
def test_damaged_answers_are_judged_without_an_error(seed: int) -> None:
    one_input(mixed(random.Random(seed)))


@pytest.mark.slow
@given(st.text(max_size=2_000) | st.lists(st.sampled_from(PIECES), max_size=400).map("".join))
@hypothesis_settings(max_examples=1_500, deadline=None)
def test_any_longer_text_is_read_or_stopped_within_bounds(text: str) -> None:
    assert_bounded(text)


@pytest.mark.slow
@given(st.integers(0, 2**32))
@hypothesis_settings(max_examples=1_000, deadline=None)
def test_many_damaged_answers_are_judged_without_an_error(seed: int) -> None:
    one_input(mixed(random.Random(seed)))


def assert_bounded(text: str) -> None:
    """Pieces, tokens, readings and steps of evaluation stay below their limits, whatever is written."""
    assert len(pieces_of(text)) <= 60
    found = readings(text, SETTING.names, TARGET)
    if isinstance(found, Stopped):
        assert found.why
        return
    assert 1 <= len(found) <= MOST_READINGS
    assert all(len(one.definitions) <= MOST_STATEMENTS for one in found)
    judge = Judge(setting=SETTING, seed="fuzz", scopes=(False, True), budget=Budget(5_000))
    try:
        best = judge.best(found)
    except TooCostlyError:
        return
    assert isinstance(best, NoValue) or isinstance(best.answer, Answer)
    assert 0 <= judge.budget.steps <= 5_000


def test_a_side_takes_no_more_steps_than_its_limit() -> None:
    nested = "(" * 15 + "x" + ")" * 15
    with pytest.raises(ReadingError, match="takes too long to read"):
        tree(" ".join([nested] * 30))
    assert MOST_READ < 5_000


@pytest.mark.parametrize(
    "text",
    [
        r"$\delta_t = \delta_t + 1$; $dW_{xz} = \delta_2$",
        r"$\delta_t = \delta_{t+1} + \delta_{t-1}$; $dW_{xz} = \delta_1$",
        r"$a = b b b b, b = c c c c, c = e e e e, e = f f f f, f = k k k k, k = m m m m, m = h_1$; $dW_{xz} = a$",
        r"$dW_{xz} = \sum_{t=1}^{9} \sum_{j=1}^{9} \sum_{k=1}^{9} \sum_{l=1}^{9} \sum_{m=1}^{9} h_1$",
        r"$dW_{xz} = " + "(" * 20 + "h_1" + ")^2" * 0 + ")^{12}" * 20 + "$",
        r"$dW_{xz} = " + r"\sum_{t=1}^{99999} h_t$",
    ],
)  # fmt: skip
def test_what_would_run_on_is_stopped_and_waits_for_a_person(text: str) -> None:
    found = judged(text, parameters("gated", "W_xz"))
    assert found.outcome in (Outcome.MANUAL, Outcome.FAILED)
    assert MOST_STEPS <= 200_000


def test_right_answers_stay_right_in_other_signs() -> None:
    """Signs that mean the same are exchanged in every right answer that has them."""
    exchanged = {
        r"\odot": r"\circ",
        r"\top": "T",
        r"\frac": r"\dfrac",
        r"\left": r"\big",
        r"\right": r"\big",
    }
    tried = 0
    for entry in answers()[::7]:
        text = entry["text"]
        for old, new in exchanged.items():
            text = text.replace(old, new)
        if entry["verdict"] == "right" and text != entry["text"] and "variable" not in entry:
            more: dict[str, Any] = {key: entry[key] for key in ("of",) if key in entry}
            assert judged(text, parameters(entry["group"], entry["by"], **more)).outcome is Outcome.PASSED, text
            tried += 1
    assert tried >= 5
