"""Models are judged by what they do with their own cells, right or wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from helpers.model_observations import StudentModel, observe_model, student_cells
from helpers.observations import F64, StudentCell, fill, noise, observe_cell
from torch import Tensor, nn

from reference.mistakes import model_mistakes
from reference.models.network import Network
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

SIZES = (6, 6, 3, 3)
PLAIN = {family.name: family.plain for family in FAMILIES.values()}
SPECIAL = {"model.wrong_nonlinearity", "bidir.layer_wise", "bidir.concat_swapped", "model.lstm_uses_cell_output"}


@cache
def cell_verdict(family: str, formula: str, layout: str = "fused") -> CellVerdict:
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes, layout=layout)
    return ORACLE.recognise_cell(family, observe_cell(cell, family), {})


def model_of(
    family: str,
    formula: str | None = None,
    architecture: str = "stacked",
    forward: Callable[[Network], Tensor] = Network.output,
    sizes: tuple[int, int, int, int] = SIZES,
    **options: Any,
) -> StudentModel:
    cells = student_cells(family, formula or PLAIN[family], options.pop("layout", "fused"))
    return StudentModel(cells, sizes, bidirectional=architecture == "bidirectional", forward=forward, **options)


def judged(
    family: str,
    model: nn.Module,
    architecture: str = "stacked",
    verdict: CellVerdict | None = None,
    sizes: tuple[int, int, int, int] = SIZES,
    **options: Any,
) -> Any:
    return ORACLE.judge_model(
        architecture, observe_model(model, family, sizes, **options), {"StudentCell": verdict}, {}
    )


def deviations(architecture: str) -> list[Any]:
    return [
        pytest.param(entry, id=entry.mistake.id)
        for entry in model_mistakes(architecture)
        if entry.mistake.id not in SPECIAL
    ]


# ------------------------------------------------------------------------------------------------ right models


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
@pytest.mark.parametrize("family", PLAIN)
@pytest.mark.parametrize("sizes", [(6, 6, 3, 3), (5, 7, 1, 4), (5, 7, 2, 3)], ids=str)
def test_a_right_model_is_exact_by_replay(family: str, architecture: str, sizes: tuple[int, int, int, int]) -> None:
    model = model_of(family, architecture=architecture, sizes=sizes)
    verdict = judged(family, model, architecture, cell_verdict(family, PLAIN[family]), sizes)
    assert (verdict.status, verdict.by, verdict.edges) == ("exact", "replay", ())


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
@pytest.mark.parametrize("family", PLAIN)
def test_a_right_model_of_unknown_cells_is_exact_by_data_flow(family: str, architecture: str) -> None:
    verdict = judged(family, model_of(family, architecture=architecture), architecture)
    assert (verdict.status, verdict.by) == ("exact", "data flow")


@pytest.mark.parametrize("layout", ["fused", "hx", "raw", "separate", "stacked", "interleaved"])
def test_cells_of_any_layout_can_be_replayed_at_other_sizes(layout: str) -> None:
    model = model_of("lstm", layout=layout, sizes=(4, 7, 2, 3))
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct", layout), sizes=(4, 7, 2, 3))
    assert (verdict.status, verdict.by) == ("exact", "replay")


def test_cells_recognised_with_biases_are_replayed_without() -> None:
    model = model_of("gru", bias=False)
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after"))
    assert (verdict.status, verdict.by) == ("exact", "replay")


@pytest.mark.parametrize("formula", ["gru.correct_before_conv2", "gru.correct_before", "gru.no_reset"])
def test_every_recognised_formula_can_be_replayed(formula: str) -> None:
    verdict = judged("gru", model_of("gru", formula), verdict=cell_verdict("gru", formula))
    assert (verdict.status, verdict.by) == ("exact", "replay")


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
@pytest.mark.parametrize(
    "formula", ["lstm.no_output_tanh", "lstm.forget_inverted", "lstm.return_swapped", "lstm.detached_state"]
)
def test_a_wrong_cell_costs_the_model_nothing(formula: str, architecture: str) -> None:
    model = model_of("lstm", formula, architecture)
    verdict = judged("lstm", model, architecture, cell_verdict("lstm", formula))
    assert (verdict.status, verdict.by) == ("exact", "replay")


def test_single_precision_has_tolerances_of_its_own() -> None:
    model = model_of("lstm")
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct"), dtype=torch.float32)
    assert verdict.status == "exact"


def test_right_outputs_without_recorded_calls_are_right() -> None:
    model = model_of("lstm")
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct"), with_calls=False)
    assert (verdict.status, verdict.by) == ("exact", "replay")


class HandWritten(nn.Module):
    """A model as a student writes it, with torch's own cells."""

    def __init__(self, mode: str, d: int, n: int, layers: int, classes: int, both: bool) -> None:
        super().__init__()
        kinds: dict[str, Callable[[int, int], nn.Module]] = {
            "lstm": nn.LSTMCell,
            "gru": nn.GRUCell,
            "rnn_tanh": nn.RNNCell,
            "rnn_relu": lambda i, h: nn.RNNCell(i, h, nonlinearity="relu"),
        }
        self.mode, self.both = mode, both
        self.rnn_cell_list = nn.ModuleList([kinds[mode](d if i == 0 else n, n) for i in range(layers)])
        if both:
            self.rnn_cell_list_rev = nn.ModuleList([kinds[mode](d if i == 0 else n, n) for i in range(layers)])
        self.fc = nn.Linear(2 * n if both else n, classes)

    def sweep(self, cells: Any, steps: list[Tensor]) -> list[Tensor]:
        for cell in cells:
            state = None
            outputs = []
            for step in steps:
                state = cell(step, state)
                outputs.append(state[0] if self.mode == "lstm" else state)
            steps = outputs
        return steps

    def forward(self, x: Tensor) -> Tensor:
        steps = list(x.permute(1, 0, 2))
        last = self.sweep(self.rnn_cell_list, steps)[-1].squeeze()
        if self.both:
            back = self.sweep(self.rnn_cell_list_rev, steps[::-1])
            last = torch.cat((last, back[::-1][0].squeeze()), 1)
        return self.fc(last)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("family", PLAIN)
def test_hand_written_models_over_cells_of_torch_are_exact(family: str, both: bool) -> None:
    model = HandWritten(family, *SIZES[:3], SIZES[3], both)
    verdict = ORACLE.judge_model("bidirectional" if both else "stacked", observe_model(model, family, SIZES), {}, {})
    assert (verdict.status, verdict.by) == ("exact", "replay")


def test_a_batch_of_one_that_loses_its_axis_is_still_right() -> None:
    model = HandWritten("lstm", *SIZES[:3], SIZES[3], False)
    verdict = ORACLE.judge_model("stacked", observe_model(model, "lstm", SIZES, batch=1), {}, {})
    assert verdict.status == "exact"


@pytest.mark.parametrize("mode", ["lstm", "gru"])
def test_the_reference_loops_agree_with_stacked_layers_of_torch(mode: str) -> None:
    layer = (nn.LSTM if mode == "lstm" else nn.GRU)(5, 4, 2, batch_first=True, dtype=F64)
    fill(layer, 3, None)
    model = HandWritten(mode, 5, 4, 2, 3, False).to(F64)
    for depth, cell in enumerate(model.rnn_cell_list):
        for name, parameter in cell.named_parameters():
            parameter.data.copy_(getattr(layer, f"{name}_l{depth}").data)
    x = noise(4, 3, 6, 5)
    expected = model.fc(layer(x)[0][:, -1])
    assert float((model(x) - expected).detach().abs().max()) <= 1e-12


# ------------------------------------------------------------------------------------------------ deviations


@pytest.mark.parametrize("entry", deviations("stacked"))
@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh"])
def test_a_deviation_of_a_stacked_model_is_named_by_replay(family: str, entry: Any) -> None:
    verdict = judged(family, model_of(family, forward=entry.forward), verdict=cell_verdict(family, PLAIN[family]))
    assert (verdict.status, verdict.mistakes, verdict.by) == ("mistake", (entry.mistake.id,), "replay")


@pytest.mark.parametrize("entry", deviations("bidirectional"))
@pytest.mark.parametrize("family", ["lstm", "gru"])
def test_a_deviation_of_a_bidirectional_model_is_named_by_replay(family: str, entry: Any) -> None:
    width = SIZES[1] if entry.mistake.id == "bidir.sum_not_concat" else None
    model = model_of(family, None, "bidirectional", entry.forward, classifier_width=width)
    verdict = judged(family, model, "bidirectional", cell_verdict(family, PLAIN[family]))
    assert (verdict.status, verdict.mistakes, verdict.by) == ("mistake", (entry.mistake.id,), "replay")


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
def test_deviations_are_named_by_data_flow_where_the_cells_are_unknown(architecture: str) -> None:
    missed = []
    for entry in (parameter.values[0] for parameter in deviations(architecture)):
        if entry.mistake.id == "model.detached_state":
            continue  # shown by gradients only
        width = SIZES[1] if entry.mistake.id == "bidir.sum_not_concat" else None
        model = model_of("lstm", None, architecture, entry.forward, classifier_width=width)
        verdict = judged("lstm", model, architecture)
        if (verdict.status, verdict.mistakes, verdict.by) != ("mistake", (entry.mistake.id,), "data flow"):
            missed.append((entry.mistake.id, verdict))
    assert missed == []


@pytest.mark.parametrize("entry", deviations("stacked"))
def test_deviations_are_named_over_a_wrong_cell(entry: Any) -> None:
    model = model_of("lstm", "lstm.no_output_tanh", forward=entry.forward)
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.no_output_tanh"))
    assert verdict.mistakes == (entry.mistake.id,)


def test_the_cell_state_in_place_of_the_hidden_state_is_named_for_an_lstm() -> None:
    entry = next(e for e in model_mistakes("stacked") if e.mistake.id == "model.lstm_uses_cell_output")
    model = model_of("lstm", forward=entry.forward)
    assert judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct")).mistakes == (entry.mistake.id,)


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
def test_the_cell_state_handed_to_the_layer_above_is_named_by_its_edge(architecture: str) -> None:
    def forward(net: Network) -> Tensor:
        def run(layers: Any, sequence: list[Tensor]) -> Tensor:
            for layer in layers:
                states: list[Any] = [None]
                for x in sequence:
                    states.append(layer.step(x, states[-1]))
                sequence = [state[1] for state in states[1:]]
            return sequence[-1]

        ends = [run(net.layers, net.sequence())]
        if net.bidirectional:
            ends.append(run(net.reverse_layers, net.sequence()[::-1]))
        return net.classifier(torch.cat(ends, dim=1))

    model = model_of("lstm", architecture=architecture, forward=forward)
    verdict = judged("lstm", model, architecture, cell_verdict("lstm", PLAIN["lstm"]))
    assert (verdict.status, verdict.mistakes) == ("mistake", ("model.lstm_uses_cell_output",))
    assert (
        "layer 2, call 1: reads the cell state of layer 1 after call 1, not the hidden state of layer 1 after call 1"
        in verdict.edges
    )


def test_the_other_activation_is_named() -> None:
    model = model_of("rnn_tanh")
    verdict = judged("rnn_relu", model, verdict=cell_verdict("rnn_relu", "rnn.correct_relu"))
    assert verdict.mistakes == ("model.wrong_nonlinearity",)


def test_directions_in_the_other_order_are_equivalent() -> None:
    entry = next(e for e in model_mistakes("bidirectional") if e.mistake.id == "bidir.concat_swapped")
    model = model_of("gru", None, "bidirectional", entry.forward)
    verdict = judged("gru", model, "bidirectional", cell_verdict("gru", "gru.correct_after"))
    assert (verdict.status, verdict.mistakes) == ("equivalent", ())


def layer_wise_model() -> StudentModel:
    entry = next(e for e in model_mistakes("bidirectional") if e.mistake.id == "bidir.layer_wise")
    model = model_of("gru", None, "bidirectional", entry.forward)
    n = SIZES[1]
    for cells in (model.rnn_cell_list, model.rnn_cell_list_rev):
        for depth in range(1, len(cells)):
            cells[depth] = StudentCell("gru", "gru.correct_after", 2 * n, n)
    return model


def test_directions_joined_after_every_layer_are_equivalent() -> None:
    verdict = judged("gru", layer_wise_model(), "bidirectional", cell_verdict("gru", "gru.correct_after"))
    assert (verdict.status, verdict.by) == ("equivalent", "replay")


def test_gradients_are_compared_for_equivalent_models_too() -> None:
    model = layer_wise_model()
    seen = observe_model(model, "gru", SIZES)
    seen["gradients"]["x"] = seen["gradients"]["x"] * 0.5
    verdict = ORACLE.judge_model("bidirectional", seen, {"StudentCell": cell_verdict("gru", "gru.correct_after")}, {})
    assert verdict.mistakes == ("model.detached_state",)


def test_one_cell_for_all_layers_is_named() -> None:
    model = model_of("gru")
    model.rnn_cell_list = nn.ModuleList([model.rnn_cell_list[0]] * 3)
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after"))
    assert verdict.mistakes == ("model.same_cell_reused",)


def test_one_cell_however_many_layers_are_asked_for_is_named() -> None:
    model = model_of("gru")
    model.rnn_cell_list = model.rnn_cell_list[:1]
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after"))
    assert (verdict.status, verdict.as_made, verdict.mistakes) == ("exact", True, ("model.only_first_layer",))
    assert "1 cell(s) found for 3 layers" in verdict.edges


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("change", [lambda cells: cells[:2], lambda cells: nn.ModuleList([*cells[:2], cells[1]])])
def test_a_right_loop_over_what_the_constructor_made_is_no_fault_of_the_loop(change: Any, known: bool) -> None:
    model = model_of("gru")
    model.rnn_cell_list = change(model.rnn_cell_list)
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after") if known else None)
    assert (verdict.status, verdict.as_made) == ("exact", True)


def test_a_loop_that_leaves_out_cells_which_are_there_is_at_fault_itself() -> None:
    entry = next(entry for entry in model_mistakes("stacked") if entry.mistake.id == "model.only_first_layer")
    model = model_of("gru", forward=entry.forward)
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after"))
    assert (verdict.status, verdict.as_made, verdict.mistakes) == ("mistake", False, ("model.only_first_layer",))


def test_one_list_of_cells_for_both_directions_is_named() -> None:
    model = model_of("gru", architecture="bidirectional")
    model.rnn_cell_list_rev = model.rnn_cell_list
    verdict = judged("gru", model, "bidirectional", cell_verdict("gru", "gru.correct_after"))
    assert verdict.mistakes == ("bidir.rev_uses_fwd_cells",)


def test_what_one_short_run_cannot_tell_apart_is_ambiguous() -> None:
    entry = next(e for e in model_mistakes("bidirectional") if e.mistake.id == "bidir.rev_along_batch")
    model = model_of("gru", None, "bidirectional", entry.forward)
    verdict = judged("gru", model, "bidirectional", cell_verdict("gru", "gru.correct_after"), batch=1)
    assert verdict.status == "ambiguous"
    assert set(verdict.mistakes) >= {"bidir.rev_along_batch", "bidir.rev_input_not_reversed_last"}


def test_one_layer_and_one_step_accuse_nobody_of_what_needs_more() -> None:
    model = model_of("gru", sizes=(5, 4, 1, 3), forward=lambda net: net.classifier(net.features() * 0.5))
    verdict = judged("gru", model, verdict=cell_verdict("gru", "gru.correct_after"), sizes=(5, 4, 1, 3), steps=1)
    assert verdict.mistakes == ()


# ------------------------------------------------------------------------------------------------ edges in words


def test_the_edges_say_which_layer_reads_what() -> None:
    entry = next(e for e in model_mistakes("stacked") if e.mistake.id == "model.layers_not_stacked")
    verdict = judged("lstm", model_of("lstm", forward=entry.forward))
    assert verdict.edges == ("layer 2 reads the input, not layer 1", "layer 3 reads the input, not layer 2")


def test_the_edges_say_what_the_backward_half_is() -> None:
    entry = next(e for e in model_mistakes("bidirectional") if e.mistake.id == "bidir.rev_not_realigned")
    verdict = judged("lstm", model_of("lstm", None, "bidirectional", entry.forward), "bidirectional")
    assert verdict.edges == (
        "the classifier's second half reads the hidden state of backward layer 3 after call 1, "
        "not the hidden state of backward layer 3 after call 5",
    )


def test_a_call_that_raised_is_named_by_its_edges() -> None:
    entry = next(e for e in model_mistakes("stacked") if e.mistake.id == "model.layers_not_stacked")
    sizes = (5, 7, 3, 3)
    model = model_of("lstm", forward=entry.forward, sizes=sizes)
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct"), sizes=sizes)
    assert (verdict.status, verdict.mistakes) == ("mistake", ("model.layers_not_stacked",))
    assert verdict.edges == ("layer 2 reads the input, not layer 1",)


def test_backward_cells_fed_with_forward_states_are_named_even_if_they_raise() -> None:
    entry = next(e for e in model_mistakes("bidirectional") if e.mistake.id == "bidir.rev_stack_fed_fwd_outputs")
    sizes = (5, 7, 2, 3)
    model = model_of("lstm", None, "bidirectional", entry.forward, sizes)
    verdict = judged("lstm", model, "bidirectional", sizes=sizes)
    assert verdict.mistakes == ("bidir.rev_stack_fed_fwd_outputs",)


def test_a_call_that_raised_elsewhere_is_left_to_a_person() -> None:
    def broken(net: Network) -> Tensor:
        raise RuntimeError("sizes")

    verdict = judged("lstm", model_of("lstm", forward=broken))
    assert (verdict.status, verdict.mistakes) == ("unrecognised", ())


def test_two_deviations_of_recognised_cells_are_named_by_their_edges() -> None:
    def both(net: Network) -> Tensor:
        from reference.models.network import Loop

        return net.classifier(torch.stack(net.forward(Loop(unstacked=True))).mean(0))

    verdict = judged("lstm", model_of("lstm", forward=both), verdict=cell_verdict("lstm", "lstm.correct"))
    assert (verdict.status, verdict.mistakes) == ("mistake", ("model.layers_not_stacked",))
    mean = "the mean over time of the hidden states of layer 3"
    assert f"the classifier reads {mean}, not the hidden state of layer 3 after call 5" in verdict.edges


def test_an_unknown_deviation_of_recognised_cells_is_wrong_for_certain() -> None:
    model = model_of("lstm", forward=lambda net: net.classifier(net.features() * 0.5))
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct"))
    assert (verdict.status, verdict.mistakes) == ("unnamed", ())


def test_an_unknown_deviation_of_unknown_cells_is_left_to_a_person() -> None:
    model = model_of("lstm", forward=lambda net: net.classifier(net.features() * 0.5))
    assert judged("lstm", model).status == "unrecognised"


def test_wrong_outputs_without_recorded_calls_are_left_to_a_person() -> None:
    model = model_of("lstm", forward=lambda net: net.classifier(net.features() * 0.5))
    verdict = judged("lstm", model, verdict=cell_verdict("lstm", "lstm.correct"), with_calls=False)
    assert verdict.status == "unrecognised"


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(ValueError, match="architecture must be one of"):
        ORACLE.judge_model("tree", {}, {}, {})
