"""Functions on arrays: every named mistake is found where it is made, right forms are right, nothing counts twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from helpers.agent_kernel import load, ship
from helpers.notebook_cases import Desk

from grader.errors import RubricError
from grader.records import Outcome
from grader.rubric import Check, load_rubric
from grader.score.case import Coursework
from grader.score.kinds import Verdict, kind_of
from grader.score.kinds.arrays_parameters import ArrayInput
from grader.workshop.hand_in import HandIn
from grader.workshop.planted import Planted, read_planted
from grader.workshop.planting import apply
from reference.oracle import ORACLE

RUBRIC = load_rubric(Path(__file__).resolve().parents[3] / "rubrics" / "sequence_models_w1")
CODE = [question.id for question in RUBRIC.questions if any(check.kind == "arrays" for check in question.checks)]
MUTANTS = [one for one in read_planted(RUBRIC.folder, "mutants") if one.question in CODE]
PRINTED = (
    *("seq.seed8 in 4c", "seq.eq8_noparen in 4c", "seq.tanh_twice in 4c", "seq.eq9_noparen in 4c"),
    *("seq.eq10_noparen in 4c", "seq.seed10 in 4c", "seq.seed_rows in 4d", "seq.seed17_dup in 4d"),
    *("seq.bias_c_missing in 4d", "lstm.no_output_tanh in 3c", "clip.global_norm in 5a"),
    *("lmloss.corpus_for_vocab in 5d", "samp.argmax_not_random in 5b", "samp.teacher_forced in 5b"),
)
ALTERNATIVES = read_planted(RUBRIC.folder, "alternatives")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    agent: ModuleType = load(ship(tmp_path_factory.mktemp("agent")))
    return Desk(agent, tmp_path_factory.mktemp("evidence"), Coursework.load(RUBRIC))


def mutant_case(item: Planted) -> Any:
    """A mistake; those that the course's own pages hold are tried at every run, the others in the slow one."""
    marks = () if item.title in PRINTED else (pytest.mark.slow,)
    return pytest.param(item, id=item.title, marks=marks)


def planted(*items: Planted) -> HandIn:
    notebook = HandIn(RUBRIC)
    for item in items:
        for edit in item.edits:
            apply(notebook, edit, "more")
    return notebook


def edited(*edits: tuple[str, str, str]) -> HandIn:
    """The model solution with (cell, old, new)."""
    notebook = HandIn(RUBRIC)
    for cell, old, new in edits:
        notebook.replace(cell, old, new)
    return notebook


def full(verdicts: dict[str, Verdict]) -> bool:
    return all(
        verdict.mark
        == next(check.marks for check in RUBRIC.question(name.split("/")[0]).checks if check.id == name.split("/")[1])
        for name, verdict in verdicts.items()
    )


@pytest.mark.parametrize("item", [mutant_case(item) for item in MUTANTS])
def test_a_mistake_written_as_code_is_named_in_its_question(desk: Desk, item: Planted) -> None:
    verdicts = desk.judge(planted(item), [item.question])

    named = {name for verdict in verdicts.values() for name in verdict.diagnosis}
    assert set(item.named) <= named
    assert named <= {*item.named, *(name for _, name in item.also)}
    assert not full(verdicts)


@pytest.mark.parametrize("item", ALTERNATIVES, ids=lambda item: item.title)
def test_another_right_form_earns_all_marks(desk: Desk, item: Planted) -> None:
    touched = [edit.target for edit in item.edits if edit.target in CODE] or ["3b", "4b", "4c", "4d"]

    verdicts = desk.judge(planted(item), touched)

    assert full(verdicts), [verdict.reason for verdict in verdicts.values()]
    assert [name for verdict in verdicts.values() for name in verdict.diagnosis] == []


def test_all_mistakes_of_the_families_that_can_be_written_here_are_planted() -> None:
    titles = {name for item in MUTANTS for name in (item.name, *item.named, *(one for _, one in item.also))}
    families = ("seq.", "clip.", "samp.", "lmloss.", "seqrnn.", "seqloop.", "descent.")
    known = {name for name in ORACLE.nearest_mistakes("") if name.startswith(families)}

    # An equivalent form is among the alternatives; clipping by value is what the question asks for.
    assert known - titles == {"lmloss.mean_for_sum", "clip.elementwise"}


def test_an_input_may_be_a_matrix_that_is_stated() -> None:
    stated = ArrayInput.model_validate({"value": [[1.5], [-2]]})

    assert stated.expression == {"numpy": {"values": [[1.5], [-2.0]]}}
    assert ArrayInput.model_validate({"value": [6, 2]}).expression == [6, 2]


WRONG_FORWARD = ("lstm-cell", "a_next = ot * np.tanh(c_next)", "a_next = ot * c_next")
NO_PAREN = (
    "gates",
    "dut = dc * cct * ut * (1 - ut)",
    "dut = dc_next * cct + ot * (1 - np.tanh(c_next) ** 2) * cct * da_next * ut * (1 - ut)",
)


def test_a_wrong_forward_step_costs_neither_the_loop_nor_the_way_back(desk: Desk) -> None:
    verdicts = desk.judge(edited(WRONG_FORWARD), ["3d", "4c", "4d", "4e"])

    assert full(verdicts), [verdict.reason for verdict in verdicts.values()]
    assert verdicts["3d/arrays"].follow_through
    assert "your own `lstm_cell_forward`" in verdicts["3d/arrays"].reason


def test_a_bracket_left_out_of_a_gate_is_charged_once_and_the_rest_is_judged_after_it(desk: Desk) -> None:
    verdicts = desk.judge(edited(NO_PAREN), ["4c", "4d", "4e"])

    assert verdicts["4c/arrays"].mark == Decimal("10.5")
    assert verdicts["4c/arrays"].diagnosis == ("seq.eq9_noparen",)
    assert (verdicts["4d/arrays"].mark, verdicts["4d/arrays"].diagnosis) == (12, ())
    assert "after the results of your own `lstm_gate_gradients`" in verdicts["4d/arrays"].reason
    assert (verdicts["4e/arrays"].mark, verdicts["4e/arrays"].diagnosis) == (5, ())


def test_one_idea_missing_in_two_equations_is_charged_in_the_first(desk: Desk) -> None:
    through_a = "dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next"
    notebook = edited(
        ("gates", f"dc = {through_a}", "dc = dc_next"), ("lstm-cell-back", f"({through_a}) * ft", "dc_next * ft")
    )

    verdicts = desk.judge(notebook, ["4c", "4d"])

    assert verdicts["4c/arrays"].diagnosis == ("seq.no_da_path",)
    assert (verdicts["4d/arrays"].mark, verdicts["4d/arrays"].diagnosis) == (12, ())
    assert "charged in an earlier question" in verdicts["4d/arrays"].reason


def test_where_a_step_forward_raises_the_way_back_is_judged_with_a_cache_of_ours(desk: Desk) -> None:
    broken = ("lstm-cell", "ft = sigmoid(", "ft = sigmiod(")

    verdicts = desk.judge(edited(broken, NO_PAREN), ["3c", "4c", "4d"])

    assert verdicts["3c/arrays"].outcome is Outcome.FAILED
    assert "sigmiod" in verdicts["3c/arrays"].reason
    assert verdicts["4c/arrays"].diagnosis == ("seq.eq9_noparen",)
    assert "of ours" in verdicts["4c/arrays"].reason
    assert verdicts["4d/arrays"].mark == 12


def test_what_is_wrong_without_a_name_at_a_cache_of_ours_goes_to_a_person(desk: Desk) -> None:
    broken = ("lstm-cell", "ft = sigmoid(", "ft = sigmiod(")
    odd = ("gates", "dut = dc * cct * ut * (1 - ut)", "dut = 3 * dc * cct")

    verdict = desk.judge(edited(broken, odd), ["4c"])["4c/arrays"]

    assert (verdict.outcome, verdict.mark) == (Outcome.MANUAL, None)


def test_a_cache_in_an_order_of_the_students_own_is_no_mistake(desk: Desk) -> None:
    notebook = edited(
        (
            "rnn-cell",
            "cache = (a_next, a_prev, xt, parameters)",
            "cache = {'p': parameters, 'x': xt, 'a': a_next, 'o': a_prev}",
        ),
        (
            "rnn-cell-back",
            "a_next, a_prev, xt, parameters = cache",
            "a_next, a_prev, xt, parameters = (cache[k] for k in 'aoxp')",
        ),
    )

    assert full(desk.judge(notebook, ["3a", "4a"]))


def test_functions_that_were_never_written_cost_only_their_own_questions(desk: Desk) -> None:
    in_one = next(item for item in ALTERNATIVES if item.title == "the gates' gradients computed anew in the step")
    notebook = planted(in_one).replace(
        "lstm-cell-back", "    dft, dut, dcct, dot = lstm_gate_gradients(da_next, dc_next, cache)\n", ""
    )
    notebook.write("gates", "# all in one function below")

    verdicts = desk.judge(notebook, ["4c", "4d", "4e"])

    assert verdicts["4c/arrays"].mark == 0
    assert (verdicts["4d/arrays"].mark, verdicts["4e/arrays"].mark) == (12, 5)


def test_each_gradient_counts_by_itself(desk: Desk) -> None:
    notebook = edited(("rnn-cell-back", '"dWaa": dWaa, "dba": dba}', '"dWaa": None, "dba": np.nan * dba}'))

    verdict = desk.judge(notebook, ["4a"])["4a/arrays"]

    assert verdict.mark == 6
    assert "Right: `dxt`, `da_prev`, `dWax`." in verdict.reason
    assert "Not found in what `rnn_cell_backward` returns: `dWaa`." in verdict.reason


def test_a_wrong_shape_is_said(desk: Desk) -> None:
    notebook = edited(("rnn-cell-back", "dxt = parameters", "dxt = 0 * parameters"))

    verdict = desk.judge(edited(("rnn-cell-back", "dWax = dtanh @ xt.T", "dWax = xt @ dtanh.T")), ["4a"])["4a/arrays"]

    assert "`dWax` has shape (3, 5); it should be (5, 3)." in verdict.reason
    assert "times the largest entry" in desk.judge(notebook, ["4a"])["4a/arrays"].reason


def test_an_axis_of_length_one_more_or_less_is_said_and_costs_nothing(desk: Desk) -> None:
    notebook = edited(("loss", "return loss", "return np.array([[loss]])"))

    verdict = desk.judge(notebook, ["5d"])["5d/arrays"]

    assert verdict.mark == 2
    assert "costs nothing" in verdict.reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return indices", "return None"),
        ("return indices", "return [0.5, 'a']"),
        ("index = int(", "index = 10**12 * int("),
    ],
)
def test_a_function_that_draws_no_whole_numbers_fails_with_a_reason(desk: Desk, old: str, new: str) -> None:
    verdict = desk.judge(edited(("sample", old, new)), ["5b"])["5b/arrays"]

    assert (verdict.outcome, verdict.mark) == (Outcome.FAILED, 0)
    assert verdict.reason


@pytest.mark.parametrize("offset", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in (1, 2, 3))])
def test_right_draws_pass_whatever_the_seed(desk: Desk, offset: int) -> None:
    notebook = edited(("sample", "default_rng(seed)", f"default_rng([{offset}, seed])"))

    assert full(desk.judge(notebook, ["5b"]))


def test_draws_without_the_ending_character_are_forgiven(desk: Desk) -> None:
    notebook = edited(("sample", "    return indices", '    return [i for i in indices if i != char_to_ix["\\n"]]'))

    verdict = desk.judge(notebook, ["5b"])["5b/arrays"]

    assert verdict.mark == 6
    assert "costs nothing" in verdict.reason


def check_of(**changes: Any) -> Check:
    asked = RUBRIC.question("4a").checks[0]
    return asked.model_copy(update={"parameters": asked.parameters | changes})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"function": "rnn_cell_backwards"}, "rubric-unknown-to-oracle"),
        ({"inputs": {"x": [3, 6]}}, "rubric-function-mismatch"),
        ({"outputs": {"dy": ["dy"]}}, "rubric-function-mismatch"),
        ({"credit": {"seqrnn.nothing": 1}}, "rubric-unknown-to-oracle"),
        ({"given": {"other": {"ref": "x"}}}, "rubric-bad-parameter"),
        ({"changes": "nothing"}, "rubric-bad-parameter"),
        ({"arguments": 3}, "rubric-bad-parameter"),
    ],
)
def test_a_wrong_parameter_fails_when_the_rubric_is_loaded(changes: dict[str, Any], code: str) -> None:
    check = check_of(**changes)

    def asked() -> None:
        kind, parameters = kind_of(check, RUBRIC)
        list(kind.probes(RUBRIC, check, parameters, ORACLE))

    with pytest.raises(RubricError) as caught:
        asked()
    assert caught.value.code == code


ROWS_TWICE = (("lstm-cell-back", "[:, n_a:].T", "[n_a:, :].T"), ("lstm-cell-back", "[:, :n_a].T", "[:n_a, :].T"))


def test_a_function_that_raises_keeps_what_it_had_computed_and_the_mistake_in_it_is_named(desk: Desk) -> None:
    verdicts = desk.judge(edited(*ROWS_TWICE), ["4d", "4e"])

    step = verdicts["4d/arrays"]
    assert (step.outcome, step.mark, step.diagnosis) == (Outcome.PARTIAL, Decimal(9), ("seq.seed_rows",))
    assert step.reason.startswith("Calling your `lstm_cell_backward` raised ValueError in your cell ")
    assert "What it had computed by then, under the names that it should return, is judged all the same." in step.reason
    assert "Not computed by then: `dxt`." in step.reason
    assert verdicts["4e/arrays"].mark == 5


def test_a_function_that_raises_before_anything_is_computed_has_nothing(desk: Desk) -> None:
    (verdict,) = desk.judge(edited(("lstm-cell-back", "gradients = {", "gradients = [][0] or {")), ["4d"]).values()

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.FAILED, 0, ())
    assert "by then" not in verdict.reason


def test_what_a_function_was_given_is_no_result_of_it_when_it_raises(desk: Desk) -> None:
    raising = (
        "def clip(gradients, max_value):\n    dWaa, dWax = gradients['dWaa'], gradients['dWax']\n    raise ValueError"
    )

    found = desk.judge(HandIn(RUBRIC).write("clip", raising), ["5a"])

    assert {verdict.mark for verdict in found.values()} == {Decimal(0)}
    assert not [name for verdict in found.values() for name in verdict.diagnosis]
