"""Functions on arrays: right outputs are right, mistakes are named by their own, and draws by their statistics."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from reference.functions import FUNCTIONS
from reference.functions.formulas import Formulas, array
from reference.functions.sampling import Writer
from reference.language.sampling import SamplingTask
from reference.mistakes import function_mistakes
from reference.oracle import ORACLE

Inputs = dict[str, Tensor]
TOLERANCE = 1e-5


@cache
def inputs_of(name: str, seed: int) -> Inputs:
    """Generic inputs: sizes that differ, nothing zero."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float = 0.6) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64) * scale

    if name.startswith("lstm"):
        weights = {f"W_{gate}": draw(4, 7) for gate in "fuco"} | {f"b_{gate}": draw(4, 1) for gate in "fuco"}
        step = {
            "x": draw(3, 6),
            "a_prev": draw(4, 6),
            "c_prev": draw(4, 6),
            "da_next": draw(4, 6),
            "dc_next": draw(4, 6),
        }
        loop = {"x": draw(3, 6, 4), "a_0": draw(4, 6), "c_0": draw(4, 6), "da": draw(4, 6, 4)}
    elif name.startswith("rnn"):
        weights = {"W_ax": draw(5, 3), "W_aa": draw(5, 5), "W_ya": draw(4, 5), "b_a": draw(5, 1), "b_y": draw(4, 1)}
        step = {"x": draw(3, 6), "a_prev": draw(5, 6), "da_next": draw(5, 6)}
        loop = {"x": draw(3, 6, 4), "a_0": draw(5, 6), "da": draw(5, 6, 4)}
    else:
        gradients = {"dW": draw(4, 3, scale=9), "db": draw(4, 1, scale=9)}
        numbers = {"N": torch.tensor(1.5), "eta": torch.tensor(0.5)}
        return {
            "clip_by_value": gradients | {"N": numbers["N"]},
            "clipped_descent_step": gradients | numbers | {"W": draw(4, 3), "b": draw(4, 1)},
            "sequence_loss": {"y": draw(6, 5), "targets": torch.tensor([1, 2, 0, 5, 2])},
        }[name]
    return weights | (loop if name in ("rnn_forward", "rnn_backward", "lstm_forward", "lstm_backward") else step)


def formulas_of(name: str, inputs: Inputs, earlier: Inputs | None = None) -> Formulas:
    evaluate = FUNCTIONS[name].evaluate
    assert evaluate is not None
    found = {key: array(value) for key, value in (earlier or {}).items()}
    return evaluate({key: array(value) for key, value in inputs.items()}, found)


@cache
def wrong_at(name: str, seed: int) -> Formulas:
    """All formulas of a function at generic inputs."""
    return formulas_of(name, inputs_of(name, seed))


EVALUATED = [name for name, function in FUNCTIONS.items() if function.evaluate is not None]
CASES = [
    pytest.param(name, mistake, id=f"{name}-{mistake}") for name in EVALUATED for mistake in wrong_at(name, 0).wrong
]


@pytest.mark.parametrize("name", EVALUATED)
@pytest.mark.parametrize("seed", range(3))
def test_right_outputs_are_right_at_any_inputs(name: str, seed: int) -> None:
    inputs = inputs_of(name, seed)
    outputs = {key: torch.tensor(value) for key, value in formulas_of(name, inputs).right.items()}

    verdicts = ORACLE.judge_function(name, inputs, outputs, {}, TOLERANCE)

    assert {verdict.status for verdict in verdicts.values()} == {"right"}
    assert set(verdicts) == set(outputs)


@pytest.mark.parametrize(("name", "mistake"), CASES)
def test_a_mistake_is_named_by_all_that_it_changes_and_by_nothing_else(name: str, mistake: str) -> None:
    inputs = inputs_of(name, 1)
    formulas = wrong_at(name, 1)
    wrong = formulas.wrong.get(mistake, {})
    outputs = {key: torch.tensor(value) for key, value in wrong.items() if key in formulas.right}

    verdicts = ORACLE.judge_function(name, inputs, outputs, {}, TOLERANCE)

    named = {one for verdict in verdicts.values() for one in verdict.mistakes}
    untouched = all(verdict.status == "right" for verdict in verdicts.values())
    assert named == set() if untouched else named == {mistake}


def test_after_wrong_gates_the_rest_of_the_step_is_right_and_its_own_mistakes_are_named() -> None:
    inputs = inputs_of("lstm_cell_backward", 2)
    gates = {
        key: torch.tensor(value)
        for key, value in formulas_of("lstm_gate_gradients", inputs).wrong["seq.eq9_noparen"].items()
    }
    followed = formulas_of("lstm_cell_backward", inputs, gates)
    outputs = {key: torch.tensor(value) for key, value in followed.right.items()}

    alone = ORACLE.judge_function("lstm_cell_backward", inputs, outputs, {}, TOLERANCE)
    after = ORACLE.judge_function("lstm_cell_backward", inputs, outputs, gates, TOLERANCE)
    turned = {**outputs, "dx": torch.tensor(followed.wrong["seq.seed17_dup"]["dx"])}
    named = ORACLE.judge_function("lstm_cell_backward", inputs, turned, gates, TOLERANCE)

    assert alone["dW_u"].mistakes == ("seq.eq9_noparen",)
    assert {verdict.status for verdict in after.values()} == {"right"}
    assert named["dx"].mistakes == ("seq.seed17_dup",)


@pytest.mark.parametrize(
    ("name", "output", "after"), [("rnn_cell_forward", "y_hat", "a_next"), ("lstm_cell_forward", "a_next", "c_next")]
)
def test_what_is_made_of_a_wrong_state_is_judged_after_it(name: str, output: str, after: str) -> None:
    inputs = inputs_of(name, 0)
    state = torch.full((5 if name.startswith("rnn") else 4, 6), 0.25, dtype=torch.float64)
    wanted = torch.tensor(formulas_of(name, inputs, {after: state}).right[output])

    verdicts = ORACLE.judge_function(name, inputs, {output: wanted, after: state}, {after: state}, TOLERANCE)

    assert (verdicts[output].status, verdicts[after].status) == ("right", "unnamed")


def test_an_array_that_is_not_finite_or_has_another_shape_is_not_right() -> None:
    inputs = inputs_of("sequence_loss", 0)

    for value in (torch.tensor(float("nan")), torch.tensor([1.0, 2.0]), torch.tensor(float("inf"))):
        assert (
            ORACLE.judge_function("sequence_loss", inputs, {"loss": value}, {}, TOLERANCE)["loss"].status == "unnamed"
        )


def test_inputs_that_do_not_fit_together_are_refused() -> None:
    inputs = inputs_of("lstm_cell_backward", 0) | {"f": torch.ones(2, 2)}

    with pytest.raises(ValueError, match="f has shape"):
        ORACLE.judge_function("lstm_cell_backward", inputs, {}, {}, TOLERANCE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_of_inputs_and_outputs_are_checked(name: str) -> None:
    function = FUNCTIONS[name]

    assert "it needs the input" in ORACLE.complaint_about(name, [], [])
    assert "it has no output 'nothing'" in ORACLE.complaint_about(name, [*function.needs, "dW", "W"], ["nothing"])
    assert ORACLE.complaint_about(name, function.needs, function.outputs) == ""


# ------------------------------------------------------------------------------------------------------------ draws


def network(seed: int) -> tuple[Inputs, SamplingTask]:
    """A network that writes, as arrays and as the task of the reference."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, scale: float) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64) * scale

    w = {
        "W_ax": draw(5, 6, scale=1.5),
        "W_aa": draw(5, 5, scale=0.5),
        "W_ya": draw(6, 5, scale=0.9),
        "b_a": draw(5, 1, scale=0.5),
        "b_y": draw(6, 1, scale=0.3),
        "stop": torch.tensor(0.0),
        "text": torch.tensor([3.0, 1, 4, 2, 5]),
    }

    def step(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
        new = torch.tanh(w["W_aa"] @ a + w["W_ax"] @ x + w["b_a"][:, 0])
        return w["W_ya"] @ new + w["b_y"][:, 0], new

    return w, SamplingTask(step=step, vocabulary=6, hidden=5, stop=0, length=20, text=(3, 1, 4, 2, 5))


def drawn(function: Callable[..., list[int]], task: SamplingTask, times: int = 400) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    rows = torch.full((times, task.length), -1.0, dtype=torch.float64)
    for row in rows:
        indices = function(task, generator)
        row[: len(indices)] = torch.tensor(indices, dtype=torch.float64)
    return rows


@pytest.mark.parametrize("entry", function_mistakes("samp"), ids=lambda entry: entry.mistake.id)
def test_draws_of_every_loop_of_the_catalogue_are_named(entry: Any) -> None:
    inputs, task = network(3)

    verdict = ORACLE.judge_function("sample_sequence", inputs, {"draws": drawn(entry.function, task)}, {}, 0)["draws"]

    if entry.mistake.id == "samp.correct":
        assert verdict.status == "right"
    else:
        assert (verdict.status, verdict.mistakes) == ("mistake", (entry.mistake.id,))


def test_probabilities_of_all_beginnings_add_up_to_one() -> None:
    inputs, _ = network(0)

    beginnings = Writer(inputs={key: array(value) for key, value in inputs.items()}).beginnings()

    assert sum(beginnings.values()) == pytest.approx(1, abs=1e-12)
    assert all(len(one) == 3 or one[-1] == 0 for one in beginnings)


def test_draws_from_another_network_have_no_name() -> None:
    inputs, _ = network(0)
    _, task = network(9)
    right = next(entry for entry in function_mistakes("samp") if entry.mistake.id == "samp.correct")

    verdict = ORACLE.judge_function("sample_sequence", inputs, {"draws": drawn(right.function, task)}, {}, 0)["draws"]

    assert (verdict.status, verdict.mistakes) == ("unnamed", ())


def test_sequences_without_their_ending_character_are_right_with_a_note() -> None:
    inputs, task = network(3)
    right = next(entry for entry in function_mistakes("samp") if entry.mistake.id == "samp.correct")
    rows = drawn(right.function, task)

    verdict = ORACLE.judge_function("sample_sequence", inputs, {"draws": rows.where(rows != 0, -1.0)}, {}, 0)["draws"]

    assert verdict.status == "right"
    assert "costs nothing" in verdict.note
