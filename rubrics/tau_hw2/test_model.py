"""P1 and P2: the language model. Its parameters are read by their shapes, so any attribute names will do.

Where that is not possible, what the scores and states do says whether the model is right.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import pytest
import torch

from reference.mistakes import all_mistakes
from reference.networks import WordLanguageModel

VOCABULARY, SIZE, BATCH, STEPS, LAYERS = 11, 5, 3, 6, 2
EARLY = 4
MAPS = {"LSTM": 4, "GRU": 3}
LIBRARY = {"LSTM": {"LSTM", "LSTMCell"}, "GRU": {"GRU", "GRUCell"}}


def named(check, mistake, mark, **more):
    """Give a mark with the text of a named mistake."""
    text = all_mistakes()[mistake]
    check.award(mark, reason=text.what_you_did, next_step=text.next_step, diagnosis=(mistake,), **more)


def each_mode(name, marks, probe):
    """A check of P2 for each kind of cell, on the probe of that name."""
    return pytest.mark.parametrize(
        "mode",
        [
            pytest.param(mode, id=mode, marks=[
                pytest.mark.question("P2", marks=marks, name=f"{name}-{mode}"),
                pytest.mark.probe(f"{probe}.{mode}"),
            ])
            for mode in MAPS
        ],
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------- P1


def counts(maps, layers):
    """Numbers of parameters that a right model may have: tied or not, with and without biases, one or two a map."""
    tables, offsets, biases = (1, 2), (0, VOCABULARY), (0, 1, 2)
    return {
        table * VOCABULARY * SIZE + offset + layers * maps * (2 * SIZE * SIZE + bias * SIZE)
        for table, offset, bias in itertools.product(tables, offsets, biases)
    }


def elements(facts):
    """How many numbers the parameters hold."""
    return sum(torch.Size(parameter.shape).numel() for parameter in facts.parameters)


@pytest.mark.question("P1", marks=3, name="layers")
@pytest.mark.probe("made.language-model")
def test_there_are_as_many_layers_as_asked_for(check, probe):
    two, three = elements(probe.facts("lstm")), elements(probe.facts("deep"))
    if two == three and two > 0:
        named(check, "model.only_first_layer", "1.5")
        return
    check.expect(
        f"With 2 and 3 layers an LSTM model has {two:,} and {three:,} parameters; these are not those of an embedding, "
        "2 or 3 layers of cells, and a projection.",
        next_step="Print the name and shape of every parameter of a small model.",
    )
    either = [counts(maps, layers) for maps in MAPS.values() for layers in (2, 3)]
    assert two in either[0] | either[2]
    assert three in either[1] | either[3]
    check.award(reason="An embedding, as many layers as asked for, and a projection.")


@pytest.mark.question("P1", marks=2, name="cells")
@pytest.mark.probe("made.language-model")
def test_the_cells_are_those_of_the_mode(check, probe):
    found = {"LSTM": elements(probe.facts("lstm")), "GRU": elements(probe.facts("gru"))}
    check.expect(
        "The number of parameters is not that of LSTM layers in mode LSTM, and of GRU layers in mode GRU.",
        next_step="An LSTM layer has four maps of input and state, a GRU layer three. Count yours.",
    )
    kinds = {mode: {maps for maps in MAPS for layers in (1, 2) if found[mode] in counts(MAPS[maps], layers)}
             for mode in MAPS}  # fmt: skip
    if all(kinds.values()) and any(mode not in kinds[mode] for mode in MAPS):
        named(check, "lm.other_cell", 0)
        return
    assert all(mode in kinds[mode] for mode in MAPS)
    check.award(reason="LSTM layers in mode LSTM, GRU layers in mode GRU.")


# ---------------------------------------------------------------------------------------------------- reading


@dataclass
class Seen:
    """A run of the student's model, and the reference models that its parameters may stand for."""

    view: object
    mode: str

    @cached_property
    def cell(self):
        """The kind of cells that there are, which P1 has compared with the mode."""
        shapes = {tuple(facts.shape) for facts in self.view.facts("model").parameters}
        other = next(mode for mode in MAPS if mode != self.mode)
        return (
            other
            if {(maps * SIZE, SIZE) for maps in MAPS.values()} & shapes == {(MAPS[other] * SIZE, SIZE)}
            else self.mode
        )

    @cached_property
    def tolerance(self):
        return 1e-9 if self.view.dtype == torch.float64 else 1e-4

    def same(self, one, other):
        """True if two tensors have the same values."""
        return one.shape == other.shape and torch.allclose(one, other, rtol=self.tolerance, atol=self.tolerance)

    def leaves(self, name, *path):
        """The tensors in a recorded value, in order."""
        value = self.view.value(name)
        for place in path:
            value = value.items[place]
        if value.kind in ("tuple", "list"):
            return [leaf for place in range(len(value.items)) for leaf in self.leaves(name, *path, place)]
        return [self.view.tensor(name, *path).double()]

    def scores(self, name):
        """The scores of a call; a model has to return them together with the states."""
        return self.view.tensor(name, 0).double()

    def states(self, name, *path):
        """The states in a recorded value, layer by layer; None in another form than torch's or one pair a layer."""
        leaves, parts = self.leaves(name, *path), 2 if self.cell == "LSTM" else 1
        if len(leaves) == parts and all(leaf.dim() == 3 for leaf in leaves):
            return [tuple(leaf[depth] for leaf in leaves) for depth in range(len(leaves[0]))]
        if len(leaves) == parts * LAYERS and all(leaf.dim() == 2 for leaf in leaves):
            return [tuple(leaves[parts * depth : parts * (depth + 1)]) for depth in range(LAYERS)]
        return None

    @cached_property
    def references(self):
        """Reference models with the student's parameters; none if these cannot be told by their shapes."""
        filled = [(tuple(facts.shape), self.view.parameter("model", facts.name, facts.shape).double())
                  for facts in self.view.facts("model").parameters]  # fmt: skip
        rows = MAPS[self.cell] * SIZE

        def of(*shape):
            return [value for found, value in filled if found == shape]

        tables, offsets, maps, biases = of(VOCABULARY, SIZE), of(VOCABULARY), of(rows, SIZE), of(rows)
        sizes = len(tables) + len(offsets) + len(maps) + len(biases)
        if sizes != len(filled) or len(tables) not in (1, 2) or len(maps) != 2 * LAYERS or len(offsets) > 1:
            return []
        if len(biases) not in (0, 2 * LAYERS):
            return []
        orders = [(0, 0)] if len(tables) == 1 else [(0, 1), (1, 0)]
        offset = offsets[0] if offsets else torch.zeros(VOCABULARY, dtype=torch.float64)
        return [self._model(tables[one], tables[other], offset, maps, biases) for one, other in orders]

    def _model(self, embedding, projection, offset, maps, biases):
        model = WordLanguageModel(VOCABULARY, SIZE, SIZE, LAYERS, self.cell)
        zero = torch.zeros(MAPS[self.cell] * SIZE, dtype=torch.float64)
        with torch.no_grad():
            model.embedding.copy_(embedding)
            model.projection.weight.copy_(projection)
            model.projection.bias.copy_(offset)
            for depth, cell in enumerate(model.rnn.layers()):
                cell.weight_ih.copy_(maps[2 * depth])
                cell.weight_hh.copy_(maps[2 * depth + 1])
                cell.bias_ih.copy_(biases[2 * depth] if biases else zero)
                cell.bias_hh.copy_(biases[2 * depth + 1] if biases else zero)
        return model

    def built_from_library(self):
        """True if the layers are torch's own of this mode."""
        return bool(LIBRARY[self.cell] & set(self.view.facts("model").library_parts))

    def unread(self, check):
        """Leave to a person what the parameters do not explain."""
        check.manual("What your model computes could not be recognised by machine; a person will look.", uncertain=True)


# ---------------------------------------------------------------------------------------------------- P2


@each_mode("scores", 2, "runs")
def test_scores_of_the_next_word_at_every_step(check, probe, mode):
    seen = Seen(probe, mode)
    whole = seen.scores("whole")
    check.expect(
        f"The scores should have shape (batch, steps, vocabulary), here {(BATCH, STEPS, VOCABULARY)}; "
        f"yours have {tuple(whole.shape)}.",
        next_step="Print the shape after each of your lines.",
    )
    assert whole.shape == (BATCH, STEPS, VOCABULARY)
    check.expect("Two calls with the same words give different scores, although nothing is to be dropped.")
    assert seen.same(whole, seen.scores("again"))
    if not seen.same(seen.scores("alone"), whole[1:2]):
        named(check, "model.time_batch_swapped", 1)
    elif not seen.same(seen.scores("first"), whole[:, :EARLY]):
        named(check, "lm.sees_the_future", 1)
    elif bool((whole >= 0).all()) and seen.same(whole.sum(2), torch.ones_like(whole[:, :, 0])):
        named(check, "model.softmax_applied", 1)
    else:
        explained(check, seen, probe, whole)


def explained(check, seen, probe, whole):
    """Compare with the reference, up to a constant at each step: a log-softmax changes no loss."""
    tokens = probe.integers("tokens", (BATCH, STEPS), below=VOCABULARY)
    wanted = [model(tokens)[0] for model in seen.references]
    if any(seen.same(whole.log_softmax(2), scores.log_softmax(2)) for scores in wanted):
        check.award(reason="The scores are those of embedding, layers and projection.")
    elif any(seen.same(whole, torch.relu(scores)) or seen.same(whole, torch.tanh(scores)) for scores in wanted):
        check.award(1, reason="The scores go through an activation, which keeps them from being any number.",
                    next_step="Return what the projection computes.")  # fmt: skip
    elif seen.references and seen.built_from_library():
        dead = [name for name, shape in unused(seen)]
        check.expect(
            "Embedding, layers and projection are there, but the scores are not what they give one after the other."
            + (f" Without effect are {', '.join(dead[:4])}." if dead else ""),
            next_step="Call backward once and list the parameters whose gradient is zero or None.",
        )
        raise AssertionError
    elif seen.built_from_library():
        check.award(reason="The scores behave as they should: each depends on the words up to its step only.")
    else:
        seen.unread(check)


def unused(seen):
    """Parameters on which nothing that the model returns depends."""
    facts = seen.view.facts("model").parameters
    return [(p.name, p.shape) for p in facts if not seen.view.gradient("gradients", f"model.{p.name}").abs().max() > 0]


@each_mode("states", "1.5", "runs")
def test_states_carry_on_from_where_the_last_batch_ended(check, probe, mode):
    seen = Seen(probe, mode)
    if not seen.same(seen.scores("alone"), seen.scores("whole")[1:2]):
        named(check, "model.time_batch_swapped", 0)
        return
    check.expect(
        f"The states that your model returned could not be handed in again: {probe.text('continued_raised')}.",
        next_step="Call `scores, states = model(tokens)` and then `model(tokens, states)`.",
    )
    assert not probe.text("continued_raised")
    whole = seen.scores("whole")
    late = whole[:, EARLY:] if whole.dim() == 3 else whole  # scores of the last step only have been charged
    if seen.same(seen.scores("continued"), late):
        check.expect("The scores do not depend on what came before, so there is no state to hand on.")
        assert not seen.same(seen.scores("fresh"), late)
        check.award(reason="A text in two calls gives the scores of one.")
    elif seen.same(seen.scores("continued"), seen.scores("fresh")):
        named(check, "lm.states_ignored", 0)
    else:
        check.expect(
            "A text in two calls, with the states handed on, gives other scores than in one.",
            next_step="Return the states after the last step, of all layers, as your layers take them.",
        )
        raise AssertionError


@each_mode("dropout", 2, "drops")
def test_dropout_stands_at_the_connections_that_are_not_recurrent(check, probe, mode):
    seen = Seen(probe, mode)
    if not seen.same(seen.scores("resting_half"), seen.scores("resting_again")):
        named(check, "lm.dropout_in_use", 1)
    elif seen.same(seen.scores("training"), seen.scores("resting")):
        named(check, "lm.dropout_missing", 0)
    else:
        places(check, seen, probe)


def places(check, seen, probe):
    """Find out where values were dropped: nearly all were, so what passes through a place is zero behind it."""
    tokens = probe.integers("tokens", (BATCH, 2), below=VOCABULARY)
    given, scores, after = seen.states("states"), seen.scores("training"), seen.states("training", 1)
    hits = []
    if given is not None and after is not None:
        if given[0][0].shape == (2, SIZE) and scores.dim() == 3:
            tokens, scores = tokens.mT, scores.transpose(0, 1)  # batch and time exchanged: charged elsewhere
        zeros = [tuple(torch.zeros_like(part) for part in state) for state in given]
        for model, start in itertools.product(seen.references, (given, zeros)):
            for words, between, top, recurrent in itertools.product((1, 0), (1, 0), (1, 0), ("", "before", "after")):
                wanted = dropped(model, tokens, start, words, between, top, recurrent)
                if matches(seen, (scores, after), wanted):
                    hits.append((words and between and top, recurrent))
    if (1, "") in hits:
        check.award(reason="Dropout stands at the words, between layers and before the projection, in training only.")
    elif hits and all(recurrent for _, recurrent in hits):
        named(check, "lm.dropout_on_state", 1)
    elif hits:
        named(check, "lm.dropout_place_missing", 1)
    else:
        seen.unread(check)


def dropped(model, tokens, states, words, between, top, recurrent):
    """Scores and states with nothing left behind some places."""
    below = model.embedding[tokens] * (not words)
    last = []
    for depth, cell in enumerate(model.rnn.layers()):
        state, hidden = states[depth], []
        for x in below.unbind(1):
            if recurrent == "before":
                state = (torch.zeros_like(state[0]), *state[1:])
            state = cell(x, state)
            hidden.append(state[0])
            if recurrent == "after":
                state = (torch.zeros_like(state[0]), *state[1:])
        last.append(state)
        below = torch.stack(hidden, 1) * (not (top if depth == LAYERS - 1 else between))
    return model.projection(below), last


def matches(seen, found, wanted):
    """True if scores and states are the same; what was done to the scores in the end has been charged elsewhere."""
    scores = wanted[0] if found[0].dim() == 3 else wanted[0][:, -1]
    states = zip(found[1], wanted[1], strict=True)
    alike = seen.same(found[0].log_softmax(-1), scores.log_softmax(-1)) or any(
        seen.same(found[0], squeezed) for squeezed in (scores.softmax(-1), scores.relu(), scores.tanh())
    )
    return alike and all(seen.same(one, other) for pair in states for one, other in zip(*pair, strict=True))
