"""2a to 2d and 2f: which cells the models hold. What the loops do with them is no matter here.

Looked at are the models of the runs that 2e and 2g judge. Where one of these did not come to its end, models are made
for this alone; where the student's cells cannot be made, with stand-ins: a mistake is charged once.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

ENDED = ("done", "raised", "timeout", "killed")
ANYHOW = (*ENDED, "missing-name", "skipped", "refused")
CLASSES = {
    "LSTM": {"LSTMCell"},
    "GRU": {"GRUCell"},
    "RNN_TANH": {"BasicRNNCell", "RNNCell"},
    "RNN_RELU": {"BasicRNNCell", "RNNCell"},
}
ALL_CLASSES = set.union(*CLASSES.values())
NONLINEARITY = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}
MODES = {"2a": "LSTM", "2b": "GRU", "2c": "RNN_TANH", "2d": "RNN_RELU"}
TARGETS = {"stacked": "RNNModel", "bidirectional": "BidirRecurrentModel"}


class Asked(NamedTuple):
    """What a model was asked for."""

    layers: int
    bias: bool
    inputs: int
    hidden: int


RUNS = {
    "LSTM": (Asked(3, True, 5, 7), Asked(2, False, 6, 6), Asked(1, True, 5, 7)),
    "GRU": (Asked(3, False, 6, 6), Asked(2, True, 5, 7), Asked(1, False, 6, 6)),
    "RNN_TANH": (Asked(3, True, 5, 7), Asked(2, False, 6, 6), Asked(1, True, 5, 7)),
    "RNN_RELU": (Asked(3, True, 6, 6), Asked(2, False, 5, 7), Asked(1, True, 5, 7)),
}
"""As in rubric.yaml, by mode."""
ALONE = {"model": Asked(3, True, 5, 7), "unbiased": Asked(2, False, 5, 7)}
"""Those of the probes `cells`, by the name under which they are saved."""
OUTPUTS = 2


def one_mode(question, name, marks, mode, model):
    """One check on one mode: with the models of the runs, or others with the student's own cells or stand-ins."""
    runs = tuple(f"model.{TARGETS[model]}.{mode}.{place}" for place in range(len(RUNS[mode])))
    alone = f"cells.{model}.{mode}"
    return pytest.param((mode, runs, alone), id=f"{question}-{mode}", marks=[
        pytest.mark.question(question, marks=marks, name=name),
        pytest.mark.probe(*runs, statuses=ANYHOW),
        pytest.mark.probe(alone, instead_of=runs, statuses=ENDED),
        pytest.mark.probe(f"stand-in.{alone}", instead_of=alone, statuses=ANYHOW),
    ])  # fmt: skip


def stacked(name, marks, questions=tuple(MODES)):
    """A check on the modes of RNNModel, each in its own question."""
    return pytest.mark.parametrize("asked", [one_mode(q, name, marks, MODES[q], "stacked") for q in questions])


def both_directions(marks):
    """A check of 2f for each mode of BidirRecurrentModel, named after the mode."""
    return pytest.mark.parametrize(
        "asked", [one_mode("2f", mode, marks, mode, "bidirectional") for mode in MODES.values()]
    )


class Model:
    """A model that was made."""

    def __init__(self, asked, facts):
        self.asked = asked
        self.modules = facts.modules
        self.cells = cells_of(facts)


class Built:
    """The models of one mode, the deepest first."""

    def __init__(self, check, probe, asked):
        self.mode, runs, alone = asked
        self.follow_through = False
        if all(probe.probe(run).status == "done" for run in runs):
            self.models = [
                Model(one, probe.probe(run).facts("model")) for one, run in zip(RUNS[self.mode], runs, strict=True)
            ]
            return
        own = probe.probe(alone)
        other = own if own.status == "done" else probe.probe(f"stand-in.{alone}")
        self.follow_through = other is not own and other.status == "done"
        run = other if self.follow_through else own
        raised = own.raised
        line = f": `{raised.source.strip()}`" if raised is not None and raised.source.strip() else ""
        check.expect(
            "The model could not be made" + (f" ({raised.type}{line})." if raised is not None else "."),
            next_step="Make a model of this mode in a new cell, and read the last lines of the error.",
        )
        assert run.status == "done"
        made = ["model"] if run.text("unbiased_raised") else list(ALONE)
        self.models = [Model(ALONE[name], run.facts(name)) for name in made]

    @property
    def have_cells(self):
        """True if there are cells in every model."""
        return all(model.cells for model in self.models)


def cells_of(facts):
    """The modules that are cells: those that know an input and a hidden size, and are not part of another one."""
    cells, inside = [], ()
    for module in facts.modules:
        named = module.class_name in ALL_CLASSES
        sized = "input_size" in module.attributes and "hidden_size" in module.attributes
        if module.name and (named or sized) and not module.name.startswith(inside):
            cells.append(module)
            inside = (*inside, f"{module.name}.")
    return cells


def right_class(cells, mode):
    """True if no cell is of a class that belongs to another mode."""
    others = ALL_CLASSES - CLASSES[mode]
    return bool(cells) and all(cell.class_name not in others for cell in cells)


def sizes(cells, attribute):
    """What the cells say about themselves, in order; cells that do not say are left out."""
    return [cell.attributes[attribute] for cell in cells if attribute in cell.attributes]


def sizes_are_right(model):
    """True if the first cell reads the input and every other one the state below."""
    inputs, hiddens = sizes(model.cells, "input_size"), sizes(model.cells, "hidden_size")
    asked = model.asked
    return (
        bool(inputs)
        and inputs[0] == asked.inputs
        and set(inputs[1:]) <= {asked.hidden}
        and set(hiddens) == {asked.hidden}
    )


def stacks_read_the_input(model):
    """True if two cells read the input, and all others the states below, of one direction or of both."""
    inputs, asked = sizes(model.cells, "input_size"), model.asked
    # 2H: upper layers that read both directions are another architecture, and no fault of the constructor's
    uppers = ([asked.hidden], [2 * asked.hidden])
    return any(sorted(inputs) == sorted(2 * [asked.inputs] + 2 * (asked.layers - 1) * upper) for upper in uppers)


def bias_forwarded(built):
    """True if the cells have a bias exactly where the model was asked for it."""
    return {model.asked.bias for model in built.models} == {True, False} and all(
        value is model.asked.bias for model in built.models for value in sizes(model.cells, "bias")
    )


@stacked("cells", marks=1)
def test_stacked_model_holds_a_cell_for_each_layer(check, probe, asked):
    built = Built(check, probe, asked)
    for model in built.models:
        check.expect(
            f"With num_layers={model.asked.layers} in mode {built.mode} the model should hold {model.asked.layers} "
            f"different cells of the right class; there are {len(model.cells)}: "
            f"{', '.join(cell.class_name for cell in model.cells) or 'none'}.",
            next_step="Print the model: every cell should be listed, each once.",
        )
        assert len(model.cells) == model.asked.layers
        assert right_class(model.cells, built.mode)
    check.award(reason="There is a cell of its own for each layer.", follow_through=built.follow_through)


@stacked("sizes", marks=1, questions=("2a", "2b"))
def test_first_layer_takes_the_input_and_the_others_the_state_below(check, probe, asked):
    built = Built(check, probe, asked)
    check.expect("The first cell should take inputs of the input size, the others of the hidden size.")
    assert all(sizes_are_right(model) for model in built.models)
    check.award(reason="The sizes of the cells fit each other.", follow_through=built.follow_through)


def nonlinearities(built):
    """What the cells say they use."""
    return {used for model in built.models for used in sizes(model.cells, "nonlinearity")}


def used_in_words(used):
    """The same as the end of a sentence."""
    return f"they use {', '.join(sorted(map(str, used)))}" if used else "they do not say what they use"


@stacked("nonlinearity", marks=1, questions=("2c", "2d"))
def test_cells_use_the_nonlinearity_of_the_mode(check, probe, asked):
    built = Built(check, probe, asked)
    check.expect("There are no cells in the model.")
    assert built.have_cells
    wanted, used = NONLINEARITY[built.mode], nonlinearities(built)
    if used == {wanted}:
        check.award(reason=f"All cells use {wanted}.", follow_through=built.follow_through)
    else:
        check.award(
            0,
            reason=f"In mode {built.mode} all cells should use {wanted}; here {used_in_words(used)}.",
            diagnosis=("model.wrong_nonlinearity",),
        )


@stacked("bias", marks=1)
def test_cells_have_a_bias_exactly_if_the_model_is_asked_for_it(check, probe, asked):
    built = Built(check, probe, asked)
    check.expect("There are no cells in the model.")
    assert built.have_cells
    if bias_forwarded(built):
        check.award(reason="`bias` reaches the cells.", follow_through=built.follow_through)
    else:
        check.award(
            0,
            reason="`bias` of the model should reach every cell.",
            next_step="Make the model with bias=False and list its parameters.",
            diagnosis=("model.bias_ignored",),
        )


@both_directions(marks=1)
def test_two_stacks_of_cells(check, probe, asked):
    built = Built(check, probe, asked)
    for model in built.models:
        check.expect(
            f"With num_layers={model.asked.layers} there should be {2 * model.asked.layers} different cells of the "
            f"right class, one stack for each direction, the first of each with the input size; there are "
            f"{len(model.cells)} cells.",
            next_step="Print the model: every cell should be listed, each once.",
        )
        assert len(model.cells) == 2 * model.asked.layers
        assert right_class(model.cells, built.mode)
        assert stacks_read_the_input(model)
    wrong = []
    if not bias_forwarded(built):
        wrong.append(("model.bias_ignored", "`bias` of the model should reach every cell"))
    if built.mode in NONLINEARITY and nonlinearities(built) != {NONLINEARITY[built.mode]}:
        wrong.append(("model.wrong_nonlinearity", f"all cells should use {NONLINEARITY[built.mode]}"))
    if wrong:
        names, sentences = zip(*wrong, strict=True)
        check.award("0.5", reason=f"In mode {built.mode} {' and '.join(sentences)}.", diagnosis=names)
    else:
        check.award(reason="There are two stacks of their own cells.", follow_through=built.follow_through)


@pytest.mark.parametrize("asked", [one_mode("2f", "classifier", 1, "LSTM", "bidirectional")])
def test_classifier_reads_both_directions(check, probe, asked):
    built = Built(check, probe, asked)
    for model in built.models:
        check.expect(
            f"`fc` should be a linear layer from both hidden states ({2 * model.asked.hidden} numbers) to the outputs."
        )
        found = [module.attributes for module in model.modules if module.name == "fc"]
        assert found
        assert (found[0].get("in_features"), found[0].get("out_features")) == (2 * model.asked.hidden, OUTPUTS)
    check.award(reason="`fc` reads both directions.", follow_through=built.follow_through)


@pytest.mark.question("2f", marks=1, name="value-error")
@pytest.mark.probe("unknown-mode.bidirectional")
@pytest.mark.probe("unknown-mode.stacked", statuses=(*ENDED, "missing-name", "skipped", "refused"))
def test_unknown_mode_raises_value_error(check, probe):
    given = probe.probe("unknown-mode.stacked")
    broken = given.status == "done" and given.text("refusal") != "ValueError"
    raised = probe.probe("unknown-mode.bidirectional").text("refusal")
    if raised == "ValueError" and not broken:
        check.award(reason="An unknown mode raises ValueError.")
    elif raised == "ValueError":
        check.award("0.5", reason="RNNModel raised ValueError for an unknown mode as given; it no longer does.")
    else:
        check.award(
            0,
            reason=f"An unknown mode should raise ValueError; here {raised or 'nothing'} was raised.",
            next_step='Try BidirRecurrentModel("X", 5, 7, 2, True, 2).',
            diagnosis=("model.no_value_error",),
        )
