"""Whose cells a model is judged with, what happens where it raises, and what the oracle is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.kinds_oracle import CellSaid, FakeOracle, ModelSaid
from helpers.kinds_tower import (
    NAMED,
    UNREAD_CELL,
    WRONG_CELL,
    Library,
    Step,
    bench,
    judged,
    right,
    stood_in,
    tower,
)
from torch import nn

from grader import draws
from grader.evidence import ProbeRun, Raised
from grader.records import Outcome
from grader.values import Calls

# ------------------------------------------------------------------------------------------------ stand-ins


def test_a_wrong_cell_is_carried_through_and_not_charged_again(tmp_path: Path) -> None:
    verdict = judged(tmp_path, right, cell=WRONG_CELL, stand_ins=False)

    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.PASSED, 12, True)
    assert "It was judged with your own `Step` as it is; what is wrong in it counts in 1b alone." in verdict.reason


def test_a_cell_that_nobody_can_read_gives_way_to_a_stand_in(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        return ModelSaid(status="exact") if stood_in(seen) else NAMED

    verdict = judged(tmp_path, said, cell=UNREAD_CELL)

    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.PASSED, 12, True)
    assert "A library layer stood in for your `Step`, so that nothing is charged twice." in verdict.reason


def test_cells_that_the_constructor_did_not_make_are_charged_where_it_is(tmp_path: Path) -> None:
    verdict = judged(tmp_path, lambda seen: ModelSaid(status="exact", as_made=True, mistakes=("stack.skips",)))

    assert (verdict.outcome, verdict.mark, verdict.follow_through, verdict.diagnosis) == (Outcome.PASSED, 12, True, ())
    assert "It was judged with the cells that the model holds; which these are counts in 1b alone." in verdict.reason


def test_a_fault_of_the_model_shows_with_stand_ins_too(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        return NAMED if stood_in(seen) else ModelSaid(status="unrecognised")

    assert judged(tmp_path, said, cell=UNREAD_CELL).diagnosis == ("stack.skips",)


def test_the_students_own_evidence_decides_where_the_stand_in_cannot(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        return ModelSaid(status="unrecognised") if stood_in(seen) else NAMED

    assert judged(tmp_path, said, cell=UNREAD_CELL).diagnosis == ("stack.skips",)


def test_what_neither_decides_is_left_to_a_person(tmp_path: Path) -> None:
    verdict = judged(tmp_path, lambda seen: ModelSaid(status="blocked"), cell=UNREAD_CELL)

    assert (verdict.outcome, verdict.uncertain) == (Outcome.MANUAL, True)


class Crashing(Step):
    def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> torch.Tensor:
        raise RuntimeError("crash")


class Unmakeable(Step):
    def __init__(self, *sizes: int) -> None:
        raise RuntimeError("crash")


@pytest.mark.parametrize("cell", [Crashing, Unmakeable])
def test_a_cell_that_crashes_costs_the_model_nothing(tmp_path: Path, cell: type[nn.Module]) -> None:
    verdict = judged(tmp_path, right, made_of=cell)

    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.PASSED, 12, True)


def test_a_cell_that_hangs_costs_the_model_nothing(tmp_path: Path) -> None:
    def hang(run: ProbeRun) -> ProbeRun:
        if run.probe.startswith("stand-in."):
            return run
        return run.model_copy(update={"status": "timeout" if run.probe == "cell.Step" else "skipped"})

    assert judged(tmp_path, right, edit=hang).mark == 12


def test_a_cell_that_no_check_can_read_is_judged_by_data_flow_and_stand_in(tmp_path: Path) -> None:
    verdict = judged(tmp_path, right, modes={"A": "plain", "B": "other"})

    assert (verdict.mark, verdict.follow_through) == (12, False)


def test_stand_ins_are_judged_without_the_verdict_on_the_cell(tmp_path: Path) -> None:
    oracle = FakeOracle(cell=lambda seen: UNREAD_CELL)
    scope: dict[str, Any] = {}
    made = bench(tmp_path, oracle)
    made.take({"Step": Step, "Tower": tower(scope)}, stand_ins={"Step": Library}, scope=scope)
    made.judge("2e")

    assert oracle.cells_seen[:2] == [{"Step": UNREAD_CELL}, {}]


# ------------------------------------------------------------------------------------------------ raising


def broken(*modes: str) -> Any:
    return lambda scope: tower(scope, broken_modes=modes)


def rejecting(*modes: str) -> Any:
    return lambda scope: tower(scope, reject=modes)


def unexplained(seen: Any) -> ModelSaid:
    return ModelSaid(status="unrecognised" if seen["error"] else "exact")


def test_a_model_that_raises_in_one_mode_loses_that_mode(tmp_path: Path) -> None:
    verdict = judged(tmp_path, unexplained, model=broken("B"))

    assert (verdict.outcome, verdict.mark, verdict.follow_through) == (Outcome.PARTIAL, 6, False)
    assert "With mode B, 3 layers, without bias: Calling your `Tower` raised IndexError" in verdict.reason


def test_a_model_that_raises_with_stand_ins_too_is_at_fault_itself(tmp_path: Path) -> None:
    verdict = judged(tmp_path, unexplained, model=broken("A", "B"), cell=UNREAD_CELL)

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)


def test_a_model_that_hangs_fails_with_the_limit(tmp_path: Path) -> None:
    def hang(run: ProbeRun) -> ProbeRun:
        return run.model_copy(update={"status": "timeout", "step": 3} if "model.Tower" in run.probe else {})

    verdict = judged(tmp_path, right, edit=hang)

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert "did not finish within 10 s" in verdict.reason


def test_a_call_that_raised_is_shown_without_outputs(tmp_path: Path) -> None:
    oracle = FakeOracle(model=unexplained)
    scope: dict[str, Any] = {}
    made = bench(tmp_path, oracle)
    made.take({"Step": Step, "Tower": tower(scope, broken_modes=("A",))}, stand_ins={}, scope=scope)
    made.judge("2e")

    seen = next(seen for seen in oracle.seen if seen.get("error"))
    assert (seen["outputs"], seen["weights"], seen["gradients"]) == (None, None, {})
    assert seen["error"] == {"type": "IndexError", "line": None}


def test_an_error_is_put_down_to_a_mistake_named_in_the_same_mode(tmp_path: Path) -> None:
    def fail(run: ProbeRun) -> ProbeRun:
        raised = {"status": "raised", "step": 3, "raised": Raised(type="RuntimeError")}
        return run.model_copy(update=raised if run.probe.endswith("model.Tower.A.0") else {})

    def said(seen: Any) -> ModelSaid:
        return ModelSaid(status="unrecognised") if seen["error"] else NAMED

    assert judged(tmp_path, said, edit=fail).mark == 6
    assert judged(tmp_path, said, edit=fail, charge={"stack.skips": "none"}).mark == 6


def test_an_error_that_the_oracle_names_is_marked_by_its_name(tmp_path: Path) -> None:
    assert judged(tmp_path, lambda seen: NAMED, model=broken("A", "B")).mark == 6


@pytest.mark.parametrize(
    ("uses", "mark", "words"),
    [
        (("1b",), 12, "Left out, because the model cannot be created there (see 1b): B."),
        ((), 6, "Creating `Tower` raised ValueError"),
    ],
)
def test_a_mode_that_cannot_be_created_is_left_out_where_another_question_is_at_fault(
    tmp_path: Path, uses: tuple[str, ...], mark: int, words: str
) -> None:
    verdict = judged(tmp_path, right, model=rejecting("B"), uses=uses)

    assert verdict.mark == mark
    assert words in verdict.reason


def test_a_model_that_cannot_be_created_at_all_is_blocked(tmp_path: Path) -> None:
    verdict = judged(tmp_path, right, model=rejecting("A", "B"))

    assert (verdict.outcome, verdict.mark) == (Outcome.BLOCKED, 0)
    assert "raised ValueError" in verdict.reason
    assert "(see 1b)" in verdict.reason


def test_a_model_that_is_not_there_fails(tmp_path: Path) -> None:
    verdict = bench(tmp_path, FakeOracle()).take({"Step": Step}, stand_ins={}).judge("2e")

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert verdict.reason == "`Tower` is not defined after your notebook was read."


@pytest.mark.parametrize(
    ("edit", "stand_ins"),
    [
        pytest.param(lambda run: None if run.probe == "model.Tower.B.1" else run, True, id="one run"),
        pytest.param(lambda run: run, False, id="the part with stand-ins"),
        pytest.param(lambda run: None if run.probe.startswith("stand-in") else run, True, id="stand-in runs"),
    ],
)
def test_evidence_that_was_not_taken_is_a_fault_and_no_mark(tmp_path: Path, edit: Any, stand_ins: bool) -> None:
    verdict = judged(tmp_path, right, cell=UNREAD_CELL, edit=edit, stand_ins=stand_ins)

    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.FAULT, None, ("needs-evidence",))


# ------------------------------------------------------------------------------------------------ evidence


def shown(tmp_path: Path, **changes: Any) -> list[Any]:
    """What the oracle is shown of a tower."""
    oracle = FakeOracle()
    scope: dict[str, Any] = {}
    made = bench(tmp_path, oracle)
    made.take(
        {"Step": Step, "Tower": tower(scope)},
        stand_ins={},
        scope=scope,
        edit=lambda run: run.model_copy(update=changes),
    )
    made.judge("2e")
    return oracle.seen


def test_the_oracle_is_shown_inputs_and_parameters_computed_anew(tmp_path: Path) -> None:
    seen = next(seen for seen in shown(tmp_path) if seen.get("mode") == "A")

    seed = "a-seed/model.Tower.A.0"
    n = seen["hidden_size"]
    assert torch.equal(seen["x"], draws.draw(seed, "x", (seen["batch"], seen["steps"], seen["input_size"])))
    wanted = draws.draw(seed, "model/top.weight#0", (2, n), scale=n**-0.5)
    assert torch.allclose(seen["parameters"]["top.weight"], wanted)
    assert seen["roles"] == {"cells": "parts", "classifier": "top"}
    assert seen["modules"]["parts.0"] == {"class": "Step", "library": False, "attributes": {}}


def test_calls_gradients_and_outputs_are_those_of_the_model(tmp_path: Path) -> None:
    seen = next(seen for seen in shown(tmp_path) if seen.get("mode") == "A")

    top = next(call for call in seen["calls"] if call["module"] == "top")
    entered = seen["tensors"][top["inputs"][0]]
    p = seen["parameters"]
    assert torch.allclose(seen["outputs"], entered @ p["top.weight"].T + p["top.bias"])
    wanted = draws.draw("a-seed/model.Tower.A.0", "weights", seen["outputs"].shape)
    assert torch.equal(seen["weights"], wanted)
    assert torch.allclose(seen["gradients"]["top.weight"], seen["weights"].T @ entered)


def test_single_precision_is_passed_on(tmp_path: Path) -> None:
    assert {seen["dtype"] for seen in shown(tmp_path, dtype="float32")} == {"float32"}


def changed_value(run: ProbeRun, name: str, **changes: Any) -> ProbeRun:
    if name not in run.values:
        return run
    value = run.values[name].model_copy(update=changes)
    return run.model_copy(update={"values": {**run.values, name: value}})


def unknown_tensor(run: ProbeRun) -> ProbeRun:
    calls = run.values["output"].calls if "output" in run.values else ()
    if not calls:
        return run
    first = calls[0].model_copy(update={"inputs": ("nowhere",)})
    return changed_value(run, "output", calls=Calls.of((first, *calls[1:])))


def huge(run: ProbeRun) -> ProbeRun:
    facts = run.values["model"].facts if "model" in run.values else None
    if facts is None:
        return run
    first = facts.parameters[0].model_copy(update={"shape": (2**40, 2**20)})
    return changed_value(run, "model", facts_text=facts.model_copy(update={"parameters": (first,)}).model_dump_json())


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda run: changed_value(run, "gradients", gradients={}), id="no gradients"),
        pytest.param(lambda run: changed_value(run, "output", key="nowhere"), id="no output"),
        pytest.param(huge, id="a parameter of a size that nobody could draw"),
    ],
)
def test_evidence_that_contradicts_itself_goes_to_a_person(tmp_path: Path, edit: Any) -> None:
    verdict = judged(tmp_path, right, edit=edit)

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert verdict.flags == ("evidence-inconsistent",)


def test_a_call_of_a_tensor_that_is_not_there_goes_to_a_person_if_it_is_needed(tmp_path: Path) -> None:
    def said(seen: Any) -> ModelSaid:
        return ModelSaid(status="exact" if seen["calls"] else "unrecognised")

    verdict = judged(tmp_path, said, edit=unknown_tensor)

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert verdict.flags == ("evidence-inconsistent",)


def test_a_call_of_a_tensor_that_is_not_there_is_not_missed_where_nobody_looks(tmp_path: Path) -> None:
    assert judged(tmp_path, right, edit=unknown_tensor).mark == 12


# ------------------------------------------------------------------------------------------------ definitions


def test_every_definition_of_the_model_is_judged_and_the_best_counts(tmp_path: Path) -> None:
    scope: dict[str, Any] = {}
    made = bench(tmp_path, FakeOracle(model=unexplained))
    models = [tower(scope), tower(scope, broken_modes=("A", "B"))]
    made.take({"Step": Step, "Tower": models}, stand_ins={"Step": Library}, scope=scope, cells=("", ""))

    verdict = made.judge("2e")

    assert verdict.mark == 12
    assert verdict.reason.startswith("`Tower` is defined twice; the one in cell 1 counts.")


def test_the_model_is_judged_with_the_last_definition_of_its_cell(tmp_path: Path) -> None:
    class Later(Step):
        def __init__(self, d: int, n: int, bias: bool = True) -> None:
            super().__init__(d, n, bias)
            self.more = nn.Parameter(torch.zeros(1))

    def said(seen: Any) -> CellSaid:
        return WRONG_CELL if "more" in seen["parameters"] else CellSaid(status="exact")

    scope: dict[str, Any] = {}
    made = bench(tmp_path, FakeOracle(cell=said))
    classes = {"Step": [Step, Later], "Tower": tower(scope)}
    made.take(classes, stand_ins={}, scope=scope, cells=("", ""))

    assert made.judge("2e").follow_through
    assert made.judge("1b").mark == 12
