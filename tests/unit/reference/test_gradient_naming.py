"""A gradient is named by the formula that it was computed by, and called right only where nothing could hide."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers.gradient_cases import SITUATIONS, formulas, relative
from torch import Tensor

from reference.gradients import GateGradients, GRUCase, gru_gradients, gru_two_steps, lstm_gradients, rnn_gradients
from reference.gradients.generic import generic_gru_case, generic_lstm_case, generic_rnn_case
from reference.gradients.naming import GradientVerdict, name_gradient, name_gradients
from reference.mistakes import Collision, collisions, function_mistakes

CASES: dict[str, Any] = {
    "uva": generic_rnn_case("last", seed=5),
    "tau": generic_gru_case(seed=5),
    "seq": generic_lstm_case(seed=5),
}
WRONG = [
    (family, entry.mistake.id.split(".")[1])
    for family in CASES
    for entry in function_mistakes(family)
    if entry.mistake.effect == "wrong"
]
ALIKE_IN_DC_PREV = {"no_da_path", "no_dc_next", "eq16_no_da", "eq16_only_da"}
VALUES = {family: formulas(family, case) for family, case in CASES.items()}


def changed(family: str, name: str) -> list[str]:
    """Items that a mistake changes, of those that it gives."""
    right, found = VALUES[family]["correct"], VALUES[family][name]
    return [item for item in found if relative(found[item], right[item]) > 1e-9]


@pytest.mark.parametrize("family", CASES)
def test_right_gradients_at_generic_inputs_are_exact(family: str) -> None:
    found = name_gradients(family, CASES[family], VALUES[family]["correct"])
    assert set(found.values()) == {GradientVerdict(status="exact", right=True)}


@pytest.mark.parametrize(("family", "name"), WRONG)
def test_every_mistake_is_named_from_any_one_of_its_items(family: str, name: str) -> None:
    items = changed(family, name)
    assert items
    for item in items:
        verdict = name_gradient(family, CASES[family], item, VALUES[family][name][item])
        if item == "dc_prev" and name in ALIKE_IN_DC_PREV:
            assert verdict.status == "ambiguous"
            assert f"{family}.{name}" in verdict.mistakes
        else:
            assert verdict == GradientVerdict(status="mistake", mistakes=(f"{family}.{name}",))


@pytest.mark.parametrize(("family", "name"), WRONG)
def test_every_mistake_is_named_from_a_whole_hand_in(family: str, name: str) -> None:
    found = name_gradients(family, CASES[family], VALUES[family][name])
    named = {item for item, verdict in found.items() if verdict.status == "mistake"}
    assert named == set(changed(family, name))
    assert {mistake for verdict in found.values() for mistake in verdict.mistakes} == {f"{family}.{name}"}
    assert all(found[item].status == "exact" for item in set(found) - named)


def right_in(collision: Collision, family: str) -> bool:
    """True if the right formula is one of those that collide."""
    return f"{family}.correct" in collision.same


@pytest.mark.parametrize("case", sorted(set(SITUATIONS) - {"seq_dc_prev_alone", "uva_zero_state"}))
def test_a_right_gradient_is_not_exact_where_the_inputs_hide_a_mistake(case: str) -> None:
    family, situation = case.split("_")[0], SITUATIONS[case]
    inputs = situation.build()
    right = formulas(family, inputs)["correct"]
    found = name_gradients(family, inputs, right)
    listed = {name for entry in collisions() if entry.case == case for name in entry.same if right_in(entry, family)}
    hidden = {name for verdict in found.values() if verdict.status == "ambiguous" for name in verdict.mistakes}
    assert listed - {f"{family}.correct"} <= hidden
    assert all(verdict.right for verdict in found.values())
    for item in situation.items or ():
        assert found[item].status == "ambiguous", item


@pytest.mark.parametrize("family", CASES)
def test_a_gradient_that_is_zero_is_never_called_right(family: str) -> None:
    zero: Any = {
        "uva": lambda case: replace(case, W_p=torch.zeros_like(case.W_p)),
        "tau": lambda case: replace(case, y_2=gru_two_steps(case)[1].h),
        "seq": lambda case: replace(case, da_next=0 * case.da_next, dc_next=0 * case.dc_next),
    }[family](CASES[family])
    right = formulas(family, zero)["correct"]
    vanished = [item for item, value in right.items() if not value.any()]
    assert vanished
    for item in vanished:
        assert name_gradient(family, zero, item, right[item]).status == "ambiguous", item


def test_saturated_gates_hide_what_depends_on_their_slopes() -> None:
    case = generic_gru_case()
    saturated = replace(case, b_z=case.b_z + 40)
    right = gru_gradients(saturated)
    verdict = name_gradient("tau", saturated, "dW_hz", right["dW_hz"])
    assert verdict.status != "exact"


def test_mistakes_that_the_inputs_merge_are_all_listed() -> None:
    situation = SITUATIONS["seq_no_da_next"]
    inputs = situation.build()
    found = formulas("seq", inputs)["seed8"]
    alone = name_gradient("seq", inputs, "d_c", found["d_c"])
    assert (alone.status, alone.right) == ("ambiguous", False)
    assert set(alone.mistakes) == {"seq.eq8_noparen", "seq.seed8", "seq.activation_grads"}
    together = name_gradients("seq", inputs, found)["d_c"]  # the other gates say that their slopes are there
    assert (together.status, set(together.mistakes)) == ("ambiguous", {"seq.eq8_noparen", "seq.seed8"})


def test_what_no_formula_gives_is_unnamed_with_the_nearest() -> None:
    case = CASES["uva"]
    value = VALUES["uva"]["truncated_two_steps"]["dW_h"] * 1.001
    verdict = name_gradient("uva", case, "dW_h", value)
    assert (verdict.status, verdict.mistakes, verdict.right) == ("unnamed", (), False)
    assert verdict.nearest[0][0] == "uva.truncated_two_steps"
    assert 1e-4 < verdict.nearest[0][1] < 2e-3


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(np.full((4, 4), np.nan), id="not a number"),
        pytest.param(np.zeros((2, 2)), id="another shape"),
        pytest.param(np.full((4, 4), np.inf), id="infinite"),
        pytest.param(0.0, id="a number for a matrix"),
    ],
)
def test_arrays_that_cannot_be_compared_are_unnamed(value: Any) -> None:
    assert name_gradient("uva", CASES["uva"], "dW_h", value) == GradientVerdict(status="unnamed")


def test_rounding_is_forgiven_up_to_the_tolerance_and_no_further() -> None:
    case, right = CASES["tau"], gru_gradients(CASES["tau"])["dW_xz"]
    assert name_gradient("tau", case, "dW_xz", right.to(torch.float32)).status == "exact"
    assert name_gradient("tau", case, "dW_xz", right * (1 + 1e-5)).status == "unnamed"
    assert name_gradient("tau", case, "dW_xz", right * (1 + 1e-5), tolerance=1e-4).status == "exact"


def test_tensors_that_still_carry_a_graph_are_read() -> None:
    value = rnn_gradients(CASES["uva"])["dW_h"].requires_grad_()
    assert name_gradient("uva", CASES["uva"], "dW_h", value).status == "exact"


def as_in_the_source(case: GRUCase) -> dict[str, Tensor]:
    """Six answers with σ (1 − σ²), and with W_hgᵀ h_1 entry by entry in the last two."""
    first, second = gru_two_steps(case)
    delta, h, x = second.h - case.y_2, first.h, case.x_2
    d_z = delta * (h - second.g) * second.z * (1 - second.z**2)
    d_g = delta * (1 - second.z) * (1 - second.g**2)
    d_r = d_g * (case.W_hg.mT @ h) * second.r * (1 - second.r**2)
    return {
        "dW_xz": torch.outer(x, d_z),
        "dW_hz": torch.outer(h, d_z),
        "dW_xg": torch.outer(x, d_g),
        "dW_hg": torch.outer(second.r * h, d_g),
        "dW_xr": torch.outer(x, d_r),
        "dW_hr": torch.outer(h, d_r),
    }


def test_a_shared_slope_is_charged_once_when_it_is_followed_through() -> None:
    case = CASES["tau"]
    plain = name_gradients("tau", case, as_in_the_source(case))
    assert [plain[item].mistakes for item in ("dW_xz", "dW_hz")] == [("tau.sigma_prime",)] * 2
    assert [plain[item].status for item in ("dW_xg", "dW_hg", "dW_xr", "dW_hr")] == ["exact"] * 2 + ["unnamed"] * 2
    own = replace(case, sigmoid_slope=lambda s: s * (1 - s**2))
    followed = name_gradients("tau", own, as_in_the_source(case))
    assert [followed[item].status for item in ("dW_xz", "dW_hz", "dW_xg", "dW_hg")] == ["exact"] * 4
    assert [followed[item].mistakes for item in ("dW_xr", "dW_hr")] == [("tau.seed_e",)] * 2


def test_an_error_of_the_scores_that_was_derived_before_is_followed_through() -> None:
    case = CASES["uva"]

    def without_softmax(p: Tensor, y: Tensor) -> Tensor:
        return -y / torch.softmax(p, dim=0)

    own = replace(case, score_error=without_softmax)
    answers = {item: value for item, value in rnn_gradients(own).items() if item != "dy_dp"}
    plain = name_gradients("uva", case, answers)
    assert [plain[item].mistakes[0] for item in ("dW_p", "dW_h")] == [
        "uva.wph_no_softmax",
        "uva.dp_is_minus_y_over_yhat",
    ]
    assert {verdict.status for verdict in name_gradients("uva", own, answers).values()} == {"exact"}
    truncated = formulas("uva", own)["truncated_one_step"]["dW_h"]
    assert name_gradient("uva", own, "dW_h", truncated).mistakes == ("uva.truncated_one_step",)
    assert name_gradient("uva", case, "dW_h", truncated).status == "unnamed"


def test_one_unit_cannot_tell_a_transposed_product() -> None:
    case = generic_gru_case(inputs=1, hidden=1, sigmoid_slope=lambda s: s * (1 - s**2))
    found = name_gradients("tau", case, as_in_the_source(case))
    assert all(verdict.right and verdict.status == "ambiguous" for verdict in found.values())
    assert {"tau.seed_e", "tau.hg_T", "tau.outer_transposed"} == set(found["dW_xr"].mistakes)


def test_gate_gradients_that_were_wrong_are_followed_through() -> None:
    case = CASES["seq"]
    slipped = VALUES["seq"]["eq9_noparen"]
    own = GateGradients(d_f=slipped["d_f"], d_u=slipped["d_u"], d_c=slipped["d_c"], d_o=slipped["d_o"])
    rest = {item: value for item, value in slipped.items() if not item.startswith("d_")}
    plain = name_gradients("seq", case, rest)
    assert {item for item, verdict in plain.items() if verdict.status == "mistake"} == {"dW_u", "db_u", "da_prev", "dx"}
    followed = name_gradients("seq", replace(case, gates=own), rest)
    assert {verdict.status for verdict in followed.values()} == {"exact"}


def test_a_second_mistake_is_named_beside_one_that_is_followed_through() -> None:
    case = CASES["seq"]
    own = GateGradients(**{item: 2 * VALUES["seq"]["correct"][item] for item in ("d_f", "d_u", "d_c", "d_o")})
    followed = replace(case, gates=own)
    value = formulas("seq", followed)["a_prev_missing_c"]["da_prev"]
    assert name_gradient("seq", followed, "da_prev", value).mistakes == ("seq.a_prev_missing_c",)
    assert name_gradient("seq", case, "da_prev", value).status == "unnamed"


def test_given_gates_are_not_judged_by_themselves() -> None:
    case = replace(CASES["seq"], gates=generic_lstm_case(gates_given=True).gates)
    with pytest.raises(ValueError, match="no item 'd_f'"):
        name_gradient("seq", case, "d_f", np.zeros((4, 6)))


def test_the_scope_that_is_asked_for_decides_which_gradient_is_right() -> None:
    local, total = generic_gru_case("local"), generic_gru_case("total")
    answer = gru_gradients(total)["dW_hr"]
    assert name_gradient("tau", total, "dW_hr", answer).status == "exact"
    assert name_gradient("tau", local, "dW_hr", answer).mistakes == ("tau.local_vs_total",)


@pytest.mark.parametrize(
    ("family", "case", "item", "message"),
    [
        pytest.param("abc", CASES["uva"], "dW_h", "no family 'abc'; wanted one of uva, tau, seq", id="family"),
        pytest.param("uva", CASES["tau"], "dW_h", "is judged at RNNCase; found GRUCase", id="case"),
        pytest.param("uva", CASES["uva"], "dW_q", "no item 'dW_q'; wanted one of dy_dp, dW_p", id="item"),
        pytest.param(
            "uva",
            replace(CASES["uva"], W_p=CASES["uva"].W_p * float("inf")),
            "dW_h",
            "not finite at these inputs",
            id="infinite weights",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(family: str, case: Any, item: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        name_gradient(family, case, item, np.zeros((4, 4)))


def test_the_gradients_of_a_memory_cell_are_judged_as_they_come() -> None:
    case = CASES["seq"]
    assert {verdict.status for verdict in name_gradients("seq", case, lstm_gradients(case)).values()} == {"exact"}
