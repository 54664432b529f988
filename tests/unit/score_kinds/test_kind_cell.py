"""How a step function is marked, with an oracle that says what the test tells it to."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.kinds_evidence import Bench, question
from helpers.kinds_oracle import CellSaid, FakeOracle
from torch import nn

from grader import draws
from grader.errors import RubricError
from grader.evidence import ProbeRun, Raised
from grader.records import Outcome
from grader.score.kinds import Verdict, kind_of
from grader.score.kinds.recognition import memo_key


class Step(nn.Module):
    """A step with a pair of states; any will do, the oracle is told what to say."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.size = hidden_size
        self.down = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        h, c = state or (torch.zeros(x.shape[0], self.size),) * 2
        y = self.down(torch.cat([x, h], dim=1))
        return y, y + c


def bench(tmp_path: Path, oracle: FakeOracle, *, uses: tuple[str, ...] = (), **parameters: Any) -> Bench:
    given = {"target": "Step", "family": "plain"} | parameters
    first = question("1a", "text", marks=0)
    return (
        Bench(tmp_path, oracle, question("1b", "cell", uses=uses, **given))
        if not uses
        else Bench(
            tmp_path,
            oracle,
            first.model_copy(update={"checks": ()}),
            question("1b", "cell", uses=uses, **given),
        )
    )


def judged(tmp_path: Path, said: CellSaid, **parameters: Any) -> Verdict:
    return bench(tmp_path, FakeOracle(cell=lambda seen: said), **parameters).take({"Step": Step}).judge("1b")


@pytest.mark.parametrize(
    ("said", "credit", "outcome", "mark", "diagnosis"),
    [
        pytest.param(CellSaid(status="exact"), {}, Outcome.PASSED, "12", (), id="exact"),
        pytest.param(CellSaid(status="equivalent", convention="turned"), {}, Outcome.PASSED, "12", (), id="equivalent"),
        pytest.param(
            CellSaid(status="mistake", mistakes=("plain.halved",)),
            {},
            Outcome.PARTIAL,
            "6",
            ("plain.halved",),
            id="half by default",
        ),
        pytest.param(
            CellSaid(status="mistake", mistakes=("plain.halved",)),
            {"named": 0.25},
            Outcome.PARTIAL,
            "3",
            ("plain.halved",),
            id="a share for all named mistakes",
        ),
        pytest.param(
            CellSaid(status="mistake", mistakes=("plain.halved",)),
            {"plain.halved": 0.75},
            Outcome.PARTIAL,
            "9",
            ("plain.halved",),
            id="a share for one",
        ),
        pytest.param(
            CellSaid(status="mistake", mistakes=("plain.halved",)),
            {"named": 0},
            Outcome.FAILED,
            "0",
            ("plain.halved",),
            id="nothing kept",
        ),
        pytest.param(
            CellSaid(status="mistake", mistakes=("plain.halved",)),
            {"plain.halved": 1},
            Outcome.PASSED,
            "12",
            ("plain.halved",),
            id="named and not charged",
        ),
        pytest.param(
            CellSaid(status="ambiguous", mistakes=("plain.halved", "plain.doubled", "stack.mean")),
            {"plain.halved": 0.75, "plain.doubled": 0.25},
            Outcome.PARTIAL,
            "3",
            ("plain.halved", "plain.doubled"),
            id="the lower of two candidates",
        ),
        pytest.param(CellSaid(status="unnamed"), {}, Outcome.FAILED, "0", (), id="wrong without a name"),
        pytest.param(CellSaid(status="unnamed"), {"unnamed": 0.1}, Outcome.PARTIAL, "1.2", (), id="unnamed keeps"),
    ],
)
def test_a_verdict_becomes_a_mark(
    tmp_path: Path,
    said: CellSaid,
    credit: dict[str, float],
    outcome: Outcome,
    mark: str,
    diagnosis: tuple[str, ...],
) -> None:
    verdict = judged(tmp_path, said, credit=credit)

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (outcome, Decimal(mark), diagnosis)
    assert not verdict.uncertain


def test_what_is_not_recognised_waits_for_a_person(tmp_path: Path) -> None:
    verdict = judged(tmp_path, CellSaid(status="unrecognised", formula=None, notes=("odd", "even")))

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert "no sign that it is wrong. Seen: odd; even." in verdict.reason


def test_a_named_mistake_is_told_with_a_next_step(tmp_path: Path) -> None:
    verdict = judged(tmp_path, CellSaid(status="mistake", mistakes=("plain.halved",)))

    assert verdict.reason == "You halved it."
    assert verdict.next_step == "Try without halved."


def test_two_candidates_are_told_by_their_titles(tmp_path: Path) -> None:
    verdict = judged(tmp_path, CellSaid(status="ambiguous", mistakes=("plain.halved", "plain.doubled")))

    assert '"title of halved" or "title of doubled"' in verdict.reason


def test_the_convention_of_a_right_answer_is_said(tmp_path: Path) -> None:
    verdict = judged(tmp_path, CellSaid(status="equivalent", convention="turned about", notes=("odd",)))

    assert verdict.convention == "turned about"
    assert "odd" not in verdict.reason


def test_inputs_and_parameters_are_computed_anew(tmp_path: Path) -> None:
    oracle = FakeOracle()
    bench(tmp_path, oracle).take({"Step": Step}).judge("1b")

    (seen,) = oracle.seen
    seed = "a-seed/cell.Step"
    assert torch.equal(seen["x"], draws.draw(seed, "x", (4, 5)))
    assert torch.equal(seen["trials"][1]["c"], draws.draw(seed, "trial1.c", (4, 3)))
    assert torch.equal(seen["parameters"]["down.weight"], draws.draw(seed, "cell/down.weight#0", (3, 8), scale=0.7))


def test_the_observation_agrees_with_itself(tmp_path: Path) -> None:
    oracle = FakeOracle()
    bench(tmp_path, oracle).take({"Step": Step}).judge("1b")

    (seen,) = oracle.seen
    joined = torch.cat([seen["x"], seen["h"]], dim=1)
    y = joined @ seen["parameters"]["down.weight"].T + seen["parameters"]["down.bias"]
    assert torch.allclose(seen["outputs"][0], y)
    assert torch.allclose(seen["outputs"][1], y + seen["c"])
    assert seen["jacobian"]["down.weight"].shape == (24, 3, 8)
    assert torch.allclose(seen["jacobian"]["c"].reshape(2, 12, 12)[1], torch.eye(12, dtype=torch.float64))
    assert all(torch.equal(a, b) for a, b in zip(seen["repeated"], seen["trials"][0]["outputs"], strict=True))


def test_evidence_in_single_precision_is_passed_on_as_such(tmp_path: Path) -> None:
    oracle = FakeOracle()
    single = bench(tmp_path, oracle).take({"Step": Step}, edit=lambda r: r.model_copy(update={"dtype": "float32"}))

    single.judge("1b")

    (seen,) = oracle.seen
    assert seen["dtype"] == "float32"
    assert torch.equal(seen["x"], draws.draw("a-seed/cell.Step", "x", (4, 5)).float().double())


def test_a_redrawn_net_is_recomputed_with_its_salt(tmp_path: Path) -> None:
    oracle = FakeOracle()
    bench(tmp_path, oracle).take({"Step": Step}, edit=lambda r: r.model_copy(update={"salt": 2})).judge("1b")

    wanted = draws.draw("a-seed/cell.Step", "cell/down.bias#2", (3,), scale=0.7)
    assert torch.equal(oracle.seen[0]["parameters"]["down.bias"], wanted)


# ------------------------------------------------------------------------------------------------ what goes wrong


class Alone(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        return super().forward(x, state)[0]


class Turned(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y, c = super().forward(x, state)
        return y.T, c


class Wide(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y, c = super().forward(x, state)
        return y, torch.cat([c, c], dim=1)


class Hollow(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y, c = super().forward(x, state)
        return y / 0, c


class Lost(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y, _ = super().forward(x, state)
        return y, None


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(
            Alone,
            "A step of `Step` returns one tensor; it should return two tensors: `hy` and `cy`.",
            id="one",
        ),
        pytest.param(
            Turned,
            "`hy` has shape (3, 4); it should be (4, 3): batch first, then the hidden size.",
            id="turned",
        ),
        pytest.param(Wide, "`cy` has shape (4, 6); it should be (4, 3): batch first, then the hidden size.", id="wide"),
        pytest.param(
            Hollow,
            "`hy` holds values that are not finite real numbers, although every input was of ordinary size.",
            id="infinite",
        ),
        pytest.param(
            Lost,
            "A step of `Step` returns 2 values, one of them None; it should return two tensors: `hy` and `cy`.",
            id="none",
        ),
    ],
)
def test_outputs_of_another_form_fail_with_what_was_found_and_wanted(
    tmp_path: Path, made: type[nn.Module], reason: str
) -> None:
    verdict = bench(tmp_path, FakeOracle(), outputs=["hy", "cy"]).take({"Step": made}).judge("1b")

    assert (verdict.outcome, verdict.mark, verdict.reason) == (Outcome.FAILED, 0, reason)
    assert verdict.next_step


def test_a_single_state_is_passed_and_returned_without_a_tuple(tmp_path: Path) -> None:
    class Single(nn.Linear):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)

        def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> torch.Tensor:
            y = super().forward(x)
            return y if h is None else y + h

    oracle = FakeOracle(state=False)
    verdict = bench(tmp_path, oracle).take({"Step": Single}).judge("1b")

    assert verdict.outcome is Outcome.PASSED
    assert len(oracle.seen[0]["outputs"]) == 1
    assert "c" not in oracle.seen[0]


def set_run(**changes: Any) -> Any:
    return lambda run: run.model_copy(update=changes)


RAISED = Raised(type="TypeError", message="no such shape", cell=4, line=12, source="  y = W @ x")


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        pytest.param(
            {"status": "raised", "raised": RAISED, "step": 3},
            Outcome.FAILED,
            "Calling your `Step` raised TypeError in your cell 5, line 12: `y = W @ x` (no such shape).",
            id="raised",
        ),
        pytest.param(
            {"status": "raised", "raised": RAISED, "step": 0},
            Outcome.FAILED,
            "Creating `Step` raised TypeError",
            id="raised in the constructor",
        ),
        pytest.param(
            {"status": "timeout", "step": 3},
            Outcome.FAILED,
            "Calling your `Step` did not finish within 10 s.",
            id="hangs",
        ),
        pytest.param({"status": "killed", "step": 3}, Outcome.FAILED, "ended the whole kernel", id="kills"),
        pytest.param(
            {"status": "missing-name", "step": 0},
            Outcome.FAILED,
            "`Step` is not defined after your notebook was read.",
            id="missing",
        ),
        pytest.param({"status": "skipped"}, Outcome.MANUAL, "was not tried", id="skipped"),
        pytest.param({"status": "refused", "step": 3}, Outcome.MANUAL, "more parameters or outputs", id="refused"),
    ],
)
def test_a_probe_that_was_not_done_is_said_in_words(
    tmp_path: Path, changes: dict[str, Any], outcome: Outcome, words: str
) -> None:
    verdict = bench(tmp_path, FakeOracle()).take({"Step": Step}, edit=set_run(**changes)).judge("1b")

    assert verdict.outcome is outcome
    assert verdict.mark == (0 if outcome is Outcome.FAILED else None)
    assert words in verdict.reason
    assert verdict.uncertain is (outcome is Outcome.MANUAL)


def test_messages_are_not_shown_where_inputs_are_hidden(tmp_path: Path) -> None:
    made = bench(tmp_path, FakeOracle()).take({"Step": Step}, edit=set_run(status="raised", raised=RAISED, step=3))
    hidden = made.rubric.questions[0].model_copy(update={"show": "none"})
    made.rubric = made.rubric.model_copy(update={"questions": (hidden,)})

    assert "no such shape" not in made.judge("1b").reason


def test_a_cell_that_cannot_be_created_is_blocked_by_the_question_of_its_constructor(tmp_path: Path) -> None:
    made = bench(tmp_path, FakeOracle(), uses=("1a",))
    verdict = made.take({"Step": Step}, edit=set_run(status="raised", raised=RAISED, step=0)).judge("1b")

    assert (verdict.outcome, verdict.mark) == (Outcome.BLOCKED, 0)
    assert "(see 1a)" in verdict.reason


def test_evidence_that_was_not_taken_is_a_fault_and_no_mark(tmp_path: Path) -> None:
    verdict = bench(tmp_path, FakeOracle()).take({"Step": Step}, edit=lambda run: None).judge("1b")

    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.FAULT, None, ("needs-evidence",))


def without(name: str) -> Any:
    return lambda run: run.model_copy(update={"values": {k: v for k, v in run.values.items() if k != name}})


def without_gradient(run: ProbeRun) -> ProbeRun:
    jacobian = run.values["jacobian"]
    kept = {k: v for k, v in jacobian.gradients.items() if k != "cell.down.bias"}
    return run.model_copy(
        update={"values": {**run.values, "jacobian": jacobian.model_copy(update={"gradients": kept})}}
    )


def with_shape(*shape: int) -> Any:
    def edit(run: ProbeRun) -> ProbeRun:
        value = run.values["cell"]
        assert value.facts is not None
        first = value.facts.parameters[0].model_copy(update={"shape": shape})
        facts = value.facts.model_copy(update={"parameters": (first, *value.facts.parameters[1:])})
        changed = value.model_copy(update={"facts_text": facts.model_dump_json()})
        return run.model_copy(update={"values": {**run.values, "cell": changed}})

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(without("trial1"), id="an output is missing"),
        pytest.param(without_gradient, id="a derivative is missing"),
        pytest.param(with_shape(4, 8), id="a derivative has another shape than its parameter"),
        pytest.param(with_shape(2**40, 2**20), id="a parameter of a size that nobody could draw"),
        pytest.param(with_shape(-3, 8), id="a negative size"),
    ],
)
def test_evidence_that_contradicts_itself_goes_to_a_person(tmp_path: Path, edit: Any) -> None:
    verdict = bench(tmp_path, FakeOracle()).take({"Step": Step}, edit=edit).judge("1b")

    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert verdict.flags == ("evidence-inconsistent",)


def test_a_parameter_with_the_name_of_an_input_goes_to_a_person(tmp_path: Path) -> None:
    class Named(Step):
        def __init__(self, input_size: int, hidden_size: int) -> None:
            super().__init__(input_size, hidden_size)
            self.h = nn.Parameter(torch.zeros(hidden_size))

    assert bench(tmp_path, FakeOracle()).take({"Step": Named}).judge("1b").uncertain


def test_a_changed_state_is_mentioned_and_not_charged(tmp_path: Path) -> None:
    class Changing(Step):
        def forward(self, x: torch.Tensor, state: Any = None) -> Any:
            if state is not None and not state[1].requires_grad:
                state[1].mul_(1.5)
            return super().forward(x, state)

    verdict = bench(tmp_path, FakeOracle()).take({"Step": Changing}).judge("1b")

    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert "changes a tensor that it is given in place" in verdict.reason


class Demanding(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        if state is None:
            raise KeyError("state")
        return super().forward(x, state)


class Odd(Step):
    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        y, c = super().forward(x, state)
        return (y, c) if state is not None else (y + 1, c)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Demanding, "Called without a state, `Step` raises KeyError."),
        (Odd, "what it does with a state of zeros."),
    ],
)
@pytest.mark.parametrize(("charged", "mark"), [(True, 6), (False, 12)])
def test_a_call_without_a_state_is_mentioned_and_charged_only_if_asked(
    tmp_path: Path, made: type[nn.Module], words: str, charged: bool, mark: int
) -> None:
    verdict = bench(tmp_path, FakeOracle(), default_state=charged).take({"Step": made}).judge("1b")

    assert verdict.mark == mark
    assert words in verdict.reason
    assert ("That costs nothing here." in verdict.reason) is not charged


# ------------------------------------------------------------------------------------------------ definitions


class Second(Step):
    """Told apart from the first by one more parameter."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.more = nn.Parameter(torch.zeros(1))


def only_second(seen: Any) -> CellSaid:
    return CellSaid(status="exact" if "more" in seen["parameters"] else "unnamed")


def only_first(seen: Any) -> CellSaid:
    return CellSaid(status="unnamed" if "more" in seen["parameters"] else "exact")


FILLED = "class Step:\n    ## START 1b\n    filled = 1\n    ## END"
BLANK = "class Step:\n    ## START 1b\n    ## END"


@pytest.mark.parametrize(
    ("oracle", "cells", "mark", "cell"),
    [
        pytest.param(only_second, ("", ""), 12, 1, id="without markers the best, here the later"),
        pytest.param(only_first, ("", ""), 12, 0, id="without markers the best, here the earlier"),
        pytest.param(only_second, (FILLED, ""), 0, 0, id="the one between the markers counts"),
        pytest.param(only_first, ("", FILLED), 0, 1, id="the later one between the markers counts"),
        pytest.param(only_second, (BLANK, ""), 12, 1, id="an empty region holds nothing"),
    ],
)
def test_the_definition_between_the_markers_counts_else_the_best(
    tmp_path: Path, oracle: Any, cells: tuple[str, ...], mark: int, cell: int
) -> None:
    made = bench(tmp_path, FakeOracle(cell=oracle)).take({"Step": [Step, Second]}, cells=cells)

    verdict = made.judge("1b")

    assert verdict.mark == mark
    assert verdict.reason.startswith(f"`Step` is defined twice; the one in cell {cell + 1} counts.")


def test_all_verdicts_are_remembered_and_asked_for_once(tmp_path: Path) -> None:
    oracle = FakeOracle(cell=only_second)
    made = bench(tmp_path, oracle).take({"Step": [Step, Second]})
    context = made.context("1b")

    made.judge("1b", context)
    made.judge("1b", context)

    assert len(oracle.seen) == 2
    assert context.memo[memo_key("Step", 0)].status == "unnamed"
    assert context.memo[memo_key("Step", 1)].status == context.memo[memo_key("Step")].status == "exact"


# ------------------------------------------------------------------------------------------------ the rubric


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param({"family": "plane"}, 'did you mean "plain"?', id="family"),
        pytest.param({"credit": {"plain.halfed": 1}}, 'did you mean "plain.halved"?', id="mistake"),
        pytest.param({"credit": {"tall.halved": 1}}, "it knows", id="mistake of no family"),
        pytest.param({"credit": {"named": 2}}, "its parameters are", id="share above one"),
        pytest.param({"colour": "red"}, "its parameters are", id="unknown key"),
    ],
)
def test_a_rubric_that_the_oracle_does_not_understand_is_refused(
    tmp_path: Path, parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(RubricError) as caught:
        bench(tmp_path, FakeOracle(), **parameters).probes()

    assert words in caught.value.next_step
    assert caught.value.where.endswith("rubric.yaml:7")


def test_a_rubric_without_an_oracle_is_refused(tmp_path: Path) -> None:
    made = bench(tmp_path, FakeOracle())
    found, parameters = kind_of(made.rubric.questions[0].checks[0], made.rubric)

    with pytest.raises(RubricError, match="rubric-no-oracle"):
        list(found.probes(made.rubric, made.rubric.questions[0].checks[0], parameters, None))


def test_constructor_arguments_may_be_sizes_or_themselves(tmp_path: Path) -> None:
    (probe,) = bench(tmp_path, FakeOracle(), arguments=["input_size", "hidden_size", True, "tanh"]).probes()

    assert probe.steps[0].args == (5, 3, True, "tanh")  # type: ignore[union-attr] # the first step constructs


# ------------------------------------------------------------------------------------------------ sizes of its own


class Stubborn(Step):
    """Keeps a hidden size of 16, whatever is asked."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, 16)


def test_a_class_with_sizes_of_its_own_is_judged_at_those(tmp_path: Path) -> None:
    oracle = FakeOracle()
    verdict = bench(tmp_path, oracle, fixed_sizes=[7, 16]).take({"Step": Stubborn}).judge("1b")

    (seen,) = oracle.seen
    seed = "a-seed/cell.Step.fixed"
    assert (seen["input_size"], seen["hidden_size"]) == (7, 16)
    assert torch.equal(seen["directions"], draws.draw(seed, "jacobian.directions", (2, 4, 32)))
    assert torch.equal(
        seen["parameters"]["down.weight"], draws.draw(seed, "cell/down.weight#0", (16, 23), scale=23**-0.5)
    )
    assert seen["jacobian"]["down.weight"].shape == (8, 16, 23)
    rows = torch.einsum(
        "bko,bo->bk", seen["directions"][:, :, :16] + seen["directions"][:, :, 16:], torch.ones(2, 16).double()
    )
    assert torch.allclose(seen["jacobian"]["down.bias"].sum(1), rows.flatten())
    assert (verdict.outcome, verdict.evidence) == (Outcome.PASSED, ("cell.Step.fixed",))
    assert "does not work at the sizes that it is given" in verdict.reason


def test_a_class_that_heeds_its_sizes_is_judged_at_the_asked_ones_alone(tmp_path: Path) -> None:
    oracle = FakeOracle()
    bench(tmp_path, oracle, fixed_sizes=[7, 16]).take({"Step": Step}).judge("1b")

    (seen,) = oracle.seen
    assert (seen["input_size"], "directions" in seen) == (5, False)


def test_a_class_that_fails_at_all_sizes_is_told_of_the_asked_ones(tmp_path: Path) -> None:
    verdict = bench(tmp_path, FakeOracle(), fixed_sizes=[7, 12]).take({"Step": Stubborn}).judge("1b")

    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, ("cell.Step",))
    assert verdict.reason.startswith("Calling your `Step` raised RuntimeError")


def test_the_second_probe_stands_in_for_the_first(tmp_path: Path) -> None:
    first, second = bench(tmp_path, FakeOracle(), fixed_sizes=[7, 16]).probes()

    assert (second.id, second.unless, second.after) == ("cell.Step.fixed", (first.id,), (first.id,))


@pytest.mark.parametrize("sizes", [[20], [20, 1], [20, 4096], "large"])
def test_sizes_that_cannot_be_tried_are_refused(tmp_path: Path, sizes: Any) -> None:
    with pytest.raises(RubricError):
        bench(tmp_path, FakeOracle(), fixed_sizes=sizes).probes()
