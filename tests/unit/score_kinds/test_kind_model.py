"""What a model earns and what is said about it, with an oracle that says what the test tells it to."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.kinds_oracle import ModelSaid
from helpers.kinds_tower import NAMED, in_mode, judged, right, tower
from torch import nn

from grader.evidence import ProbeRun
from grader.records import Outcome

# ------------------------------------------------------------------------------------------------ marks


@pytest.mark.parametrize(
    ("said", "parameters", "outcome", "mark", "diagnosis"),
    [
        pytest.param(right, {}, Outcome.PASSED, "12", (), id="all right"),
        pytest.param(in_mode("B", ModelSaid(status="equivalent")), {}, Outcome.PASSED, "12", (), id="equivalent"),
        pytest.param(in_mode("B", NAMED), {}, Outcome.PARTIAL, "9", ("stack.skips",), id="one mode of two, half kept"),
        pytest.param(lambda seen: NAMED, {}, Outcome.PARTIAL, "6", ("stack.skips",), id="both modes"),
        pytest.param(
            lambda seen: NAMED, {"credit": {"stack.skips": 0.25}}, Outcome.PARTIAL, "3", ("stack.skips",), id="a share"
        ),
        pytest.param(
            lambda seen: NAMED, {"charge": {"stack.skips": "none"}}, Outcome.PASSED, "12", ("stack.skips",), id="none"
        ),
        pytest.param(
            lambda seen: NAMED, {"charge": {"stack.skips": "full"}}, Outcome.FAILED, "0", ("stack.skips",), id="full"
        ),
        pytest.param(
            lambda seen: NAMED, {"charge": {"stack.skips": "part"}, "credit": {"stack.skips": 0}}, Outcome.PARTIAL, "6",
            ("stack.skips",), id="a part is charged whatever the share",
        ),
        pytest.param(in_mode("A", ModelSaid(status="unnamed")), {}, Outcome.PARTIAL, "6", (), id="unnamed in one mode"),
        pytest.param(
            lambda seen: ModelSaid(status="ambiguous", mistakes=("stack.skips", "stack.mean")),
            {"credit": {"stack.mean": 0.25}}, Outcome.PARTIAL, "3", ("stack.skips", "stack.mean"), id="lower candidate",
        ),
        pytest.param(
            lambda seen: NAMED if seen["layers"] == 3 else ModelSaid(status="exact"), {}, Outcome.PARTIAL, "6",
            ("stack.skips",), id="the worst run counts",
        ),
    ],
)  # fmt: skip
def test_modes_become_a_mark(
    tmp_path: Path,
    said: Callable[[Any], ModelSaid],
    parameters: dict[str, Any],
    outcome: Outcome,
    mark: str,
    diagnosis: tuple[str, ...],
) -> None:
    verdict = judged(tmp_path, said, **parameters)

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (outcome, Decimal(mark), diagnosis)
    assert not verdict.uncertain
    assert not verdict.follow_through


def test_what_is_not_recognised_waits_for_a_person(tmp_path: Path) -> None:
    verdict = judged(tmp_path, in_mode("B", ModelSaid(status="unrecognised", edges=("odd",))))

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert "mode B" in verdict.reason
    assert "odd" in verdict.reason


def test_a_mode_that_has_lost_everything_need_not_wait_for_a_person(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        return ModelSaid(status="unnamed" if seen["layers"] == 3 else "unrecognised")

    assert judged(tmp_path, said).mark == 0


def test_the_most_frequent_mistake_comes_first(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        name = "stack.mean" if (seen["mode"], seen["layers"]) == ("A", 3) else "stack.skips"
        return ModelSaid(status="mistake", mistakes=(name,))

    assert judged(tmp_path, said).diagnosis == ("stack.skips", "stack.mean")


# ------------------------------------------------------------------------------------------------ words


def test_a_named_mistake_is_told_with_its_place_and_three_edges(tmp_path: Path) -> None:
    verdict = judged(tmp_path, in_mode("B", NAMED))

    place = "1 of 2 modes is right. With mode B, 3 layers, without bias: one; two; three. You skips it."
    assert verdict.reason == place
    assert verdict.next_step == "Try without skips."


def test_a_mistake_that_costs_nothing_is_named_all_the_same(tmp_path: Path) -> None:
    verdict = judged(tmp_path, lambda seen: NAMED, charge={"stack.skips": "none"})

    assert verdict.reason.startswith("No mode loses marks.")
    assert "Named, not charged: You skips it." in verdict.reason
    assert verdict.next_step == "Try without skips."


def test_further_mistakes_and_candidates_are_told_by_their_titles(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        if seen["mode"] == "A":
            return ModelSaid(status="ambiguous", mistakes=("stack.skips", "stack.mean"))
        return ModelSaid(status="mistake", mistakes=("stack.turned",))

    reason = judged(tmp_path, said).reason

    assert 'cannot be told apart here: "title of skips" or "title of mean".' in reason
    assert "Also found: title of turned." in reason


def test_an_unnamed_fault_says_where(tmp_path: Path) -> None:
    verdict = judged(tmp_path, in_mode("A", ModelSaid(status="unnamed", edges=("layer 2 reads x",))))

    assert "With mode A, 3 layers" in verdict.reason
    assert "layer 2 reads x." in verdict.reason


# ------------------------------------------------------------------------------------------------ odd outputs


def returning(change: Callable[[torch.Tensor], Any]) -> Callable[[dict[str, Any]], type[nn.Module]]:
    """A maker of towers whose output is changed."""

    def make(scope: dict[str, Any]) -> type[nn.Module]:
        base: Any = tower(scope)

        class Changed(base):  # type: ignore[misc]  # the base is made for each scope
            def forward(self, x: torch.Tensor) -> Any:
                return change(super().forward(x))

        return Changed

    return make


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda y: (y, y), "`Tower` does not return one tensor but 2 values.", id="pair"),
        pytest.param(lambda y: None, "`Tower` does not return one tensor but None.", id="nothing"),
        pytest.param(lambda y: y / 0, "`Tower` returns values that are not finite real numbers", id="infinite"),
    ],
)
def test_a_model_that_returns_something_else_than_a_finite_tensor_fails(
    tmp_path: Path, change: Callable[[torch.Tensor], Any], words: str
) -> None:
    def as_if_done(run: ProbeRun) -> ProbeRun:
        return run.model_copy(update={"status": "done", "raised": None, "step": None})

    verdict = judged(tmp_path, right, model=returning(change), edit=as_if_done)

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert words in verdict.reason


def fail_alone(y: torch.Tensor) -> torch.Tensor:
    if len(y) == 1:
        raise IndexError("dimension")
    return y


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            torch.squeeze,
            "With a batch of one example the output has shape (2,), not (1, 2); that costs nothing.",
        ),
        (fail_alone, "With a batch of one example the model raises IndexError; that costs nothing."),
    ],
)
def test_a_batch_of_one_is_reported_and_never_charged(tmp_path: Path, change: Any, words: str) -> None:
    verdict = judged(tmp_path, right, model=returning(change))

    assert verdict.mark == 12
    assert words in verdict.reason


def test_a_batch_of_one_that_never_ends_costs_nothing_either(tmp_path: Path) -> None:
    def hung(run: ProbeRun) -> ProbeRun:
        if "single" not in run.values:
            return run
        values = {name: value for name, value in run.values.items() if not name.startswith("single")}
        return run.model_copy(update={"status": "timeout", "step": 5, "values": values})

    verdict = judged(tmp_path, right, edit=hung)

    assert verdict.mark == 12
    assert "With a batch of one example the model does not come to an end; that costs nothing." in verdict.reason


def test_a_model_that_never_ends_is_not_excused_by_its_batch_of_one(tmp_path: Path) -> None:
    def hung(run: ProbeRun) -> ProbeRun:
        return run.model_copy(update={"status": "timeout", "step": 5, "values": {"model": run.values["model"]}})

    assert judged(tmp_path, right, edit=lambda run: hung(run) if "output" in run.values else run).mark == 0


def test_a_batch_of_one_is_not_mentioned_where_larger_ones_are_wrong_too(tmp_path: Path) -> None:
    verdict = judged(tmp_path, lambda seen: NAMED, model=returning(fail_alone))

    assert "batch of one" not in verdict.reason


def test_a_batch_of_one_that_is_right_is_not_mentioned(tmp_path: Path) -> None:
    assert "batch of one" not in judged(tmp_path, right).reason
