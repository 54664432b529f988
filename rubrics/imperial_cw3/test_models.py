"""2a to 2d and 2f: which cells the models hold. What the loops do with them is no matter here.

Where the student's cells cannot be made, the run with stand-ins shows the model: a mistake is charged once.
"""

from __future__ import annotations

import pytest

INPUT, HIDDEN, LAYERS, OUTPUT = 5, 7, 3, 2
ENDED = ("done", "raised", "timeout", "killed")
ANYHOW = (*ENDED, "missing-name", "skipped", "refused")
CLASSES = {
    "LSTM": {"LSTMCell"},
    "GRU": {"GRUCell"},
    "RNN_TANH": {"BasicRNNCell", "RNNCell"},
    "RNN_RELU": {"BasicRNNCell", "RNNCell"},
}
NONLINEARITY = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}
MODES = {"2a": "LSTM", "2b": "GRU", "2c": "RNN_TANH", "2d": "RNN_RELU"}


def one_mode(question, name, marks, mode, model):
    """One check on one mode, with the student's own cells and with stand-ins."""
    probe = f"cells.{model}.{mode}"
    return pytest.param(probe, id=f"{question}-{mode}", marks=[
        pytest.mark.question(question, marks=marks, name=name),
        pytest.mark.probe(probe, statuses=ENDED),
        pytest.mark.probe(f"stand-in.{probe}", instead_of=probe, statuses=ANYHOW),
    ])  # fmt: skip


def stacked(name, marks, questions=tuple(MODES)):
    """A check on the modes of RNNModel, each in its own question."""
    return pytest.mark.parametrize("asked", [one_mode(q, name, marks, MODES[q], "stacked") for q in questions])


def both_directions(marks):
    """A check of 2f for each mode of BidirRecurrentModel, named after the mode."""
    return pytest.mark.parametrize(
        "asked", [one_mode("2f", mode, marks, mode, "bidirectional") for mode in MODES.values()]
    )


class Built:
    """A model as the probe made it: with the student's cells, or with stand-ins where that failed."""

    def __init__(self, check, probe, asked):
        self.mode = asked.rpartition(".")[2]
        own = probe.probe(asked)
        other = own if own.status == "done" else probe.probe(f"stand-in.{asked}")
        self.follow_through = other is not own and other.status == "done"
        self.run = other if self.follow_through else own
        raised = own.raised
        line = f": `{raised.source.strip()}`" if raised is not None and raised.source.strip() else ""
        check.expect(
            "The model could not be made" + (f" ({raised.type}{line})." if raised is not None else "."),
            next_step="Make a model of this mode in a new cell, and read the last lines of the error.",
        )
        assert self.run.status == "done"
        self.cells = cells_of(self.run.facts("model"))
        self.unbiased = None if self.run.text("unbiased_raised") else cells_of(self.run.facts("unbiased"))


def cells_of(facts):
    """The modules that are cells: those that know an input and a hidden size, and are not part of another one."""
    cells = []
    for module in facts.modules:
        named = module.class_name in set.union(*CLASSES.values())
        sized = {"input_size", "hidden_size"} <= module.attributes.keys()
        inside = any(module.name.startswith(f"{cell.name}.") for cell in cells)
        if module.name and (named or sized) and not inside:
            cells.append(module)
    return cells


def right_class(cells, mode):
    """True if no cell is of a class that belongs to another mode."""
    others = set.union(*CLASSES.values()) - CLASSES[mode]
    return bool(cells) and all(cell.class_name not in others for cell in cells)


def sizes(cells, attribute):
    """What the cells say about themselves, in order; cells that do not say are left out."""
    return [cell.attributes[attribute] for cell in cells if attribute in cell.attributes]


def sizes_are_right(model):
    """True if the first cell reads the input and every other one the state below."""
    inputs, hiddens = sizes(model.cells, "input_size"), sizes(model.cells, "hidden_size")
    return bool(inputs) and inputs[0] == INPUT and set(inputs[1:]) <= {HIDDEN} and set(hiddens) == {HIDDEN}


def bias_forwarded(model):
    """True if the cells have a bias exactly where the model was asked for it."""
    return (
        model.unbiased is not None
        and bool(model.cells)
        and all(value is True for value in sizes(model.cells, "bias"))
        and all(value is False for value in sizes(model.unbiased, "bias"))
    )


@stacked("cells", marks=1)
def test_stacked_model_holds_a_cell_for_each_layer(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect(
        f"With num_layers={LAYERS} in mode {model.mode} the model should hold {LAYERS} different cells of the right "
        f"class; there are {len(model.cells)}: {', '.join(cell.class_name for cell in model.cells) or 'none'}.",
        next_step="Print the model: every cell should be listed, each once.",
    )
    assert len(model.cells) == LAYERS
    assert right_class(model.cells, model.mode)
    check.award(
        reason=f"There is a cell of its own for each of the {LAYERS} layers.", follow_through=model.follow_through
    )


@stacked("sizes", marks=1, questions=("2a", "2b"))
def test_first_layer_takes_the_input_and_the_others_the_state_below(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect("The first cell should take inputs of the input size, the others of the hidden size.")
    assert sizes_are_right(model)
    check.award(reason="The sizes of the cells fit each other.", follow_through=model.follow_through)


def used_in_words(used):
    """What the cells say they use, as the end of a sentence."""
    return f"they use {', '.join(sorted(map(str, used)))}" if used else "they do not say what they use"


@stacked("nonlinearity", marks=1, questions=("2c", "2d"))
def test_cells_use_the_nonlinearity_of_the_mode(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect("There are no cells in the model.")
    assert model.cells
    used = set(sizes(model.cells, "nonlinearity"))
    if used == {NONLINEARITY[model.mode]}:
        check.award(reason=f"All cells use {NONLINEARITY[model.mode]}.", follow_through=model.follow_through)
    else:
        check.award(
            0,
            reason=f"In mode {model.mode} all cells should use {NONLINEARITY[model.mode]}; here {used_in_words(used)}.",
            diagnosis=("model.wrong_nonlinearity",),
        )


@stacked("bias", marks=1)
def test_cells_have_a_bias_exactly_if_the_model_is_asked_for_it(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect("There are no cells in the model.")
    assert model.cells
    if bias_forwarded(model):
        check.award(reason="`bias` reaches the cells.", follow_through=model.follow_through)
    else:
        check.award(
            0,
            reason="`bias` of the model should reach every cell.",
            next_step="Make the model with bias=False and list its parameters.",
            diagnosis=("model.bias_ignored",),
        )


@both_directions(marks=1)
def test_two_stacks_of_cells(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect(
        f"With num_layers={LAYERS} there should be {2 * LAYERS} different cells of the right class, one stack for each "
        f"direction, the first of each with the input size; there are {len(model.cells)} cells.",
        next_step="Print the model: every cell should be listed, each once.",
    )
    inputs = sizes(model.cells, "input_size")
    assert len(model.cells) == 2 * LAYERS
    assert right_class(model.cells, model.mode)
    assert inputs.count(INPUT) == 2
    # 2H: upper layers that read both directions are another architecture, and no fault of the constructor's
    assert {size for size in inputs if size != INPUT} in ({HIDDEN}, {2 * HIDDEN})
    wrong = []
    if not bias_forwarded(model):
        wrong.append(("model.bias_ignored", "`bias` of the model should reach every cell"))
    if model.mode in NONLINEARITY and set(sizes(model.cells, "nonlinearity")) != {NONLINEARITY[model.mode]}:
        wrong.append(("model.wrong_nonlinearity", f"all cells should use {NONLINEARITY[model.mode]}"))
    if wrong:
        names, sentences = zip(*wrong, strict=True)
        check.award("0.5", reason=f"In mode {model.mode} {' and '.join(sentences)}.", diagnosis=names)
    else:
        check.award(reason="There are two stacks of their own cells.", follow_through=model.follow_through)


@pytest.mark.parametrize("asked", [one_mode("2f", "classifier", 1, "LSTM", "bidirectional")])
def test_classifier_reads_both_directions(check, probe, asked):
    model = Built(check, probe, asked)
    check.expect(f"`fc` should be a linear layer from both hidden states ({2 * HIDDEN} numbers) to the outputs.")
    found = [module.attributes for module in model.run.facts("model").modules if module.name == "fc"]
    assert found
    assert (found[0].get("in_features"), found[0].get("out_features")) == (2 * HIDDEN, OUTPUT)
    check.award(reason="`fc` reads both directions.", follow_through=model.follow_through)


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
