"""P3 to P7: the functions around the language model, each compared with the reference and with its named mistakes."""

from __future__ import annotations

import math

import pytest
import torch

from reference.curves import learning_rate
from reference.language import perplexity, sequence_loss
from reference.mistakes import all_mistakes, function_mistakes
from reference.optimisers import clip_by_global_norm

GIVEN = [4.6, 4.9, 5.3], [500, 500, 120]
COUNTS = [240, 240, 240, 240, 70]
EPOCHS = (1, 2, 14, 15, 16, 17, 30, 70)
LIMIT = 5.0


def near(found, wanted, rtol=1e-6):
    """True if two numbers are the same but for rounding; infinities and NaN are near nothing."""
    return math.isfinite(found) and math.isclose(found, wanted, rel_tol=rtol, abs_tol=1e-12)


def wrong(family):
    """The named mistakes of a family, without its right forms."""
    return [entry for entry in function_mistakes(family) if entry.mistake.effect == "wrong"]


def named(check, mistake, mark):
    """Give a mark with the text of a named mistake."""
    text = all_mistakes()[mistake]
    check.award(mark, reason=text.what_you_did, next_step=text.next_step, diagnosis=(mistake,))


@pytest.mark.question("P3", marks=3, name="values")
@pytest.mark.probe("loss")
def test_loss_is_the_mean_cross_entropy_of_a_token(check, probe):
    found = probe.scalar("plain")
    scores, targets = probe.draw("scores", (6, 7)).double(), probe.integers("targets", (6,), below=7)
    if near(found, float(sequence_loss(scores, targets, "mean")), 1e-5):
        check.award(reason="The mean cross-entropy of a token, in nats.")
        return
    if near(found, float(sequence_loss(scores, targets)), 1e-5):
        check.award(2, reason="That is the sum over the tokens; a perplexity needs their mean.")
        return
    for entry in wrong("lmloss"):
        value = float(entry.function(scores, targets))
        if any(near(found, value / share, 1e-5) for share in (1, len(targets), len(targets) ** 2)):
            named(check, entry.mistake.id, "1.5")
            return
    check.expect(
        "The loss should be the mean over the tokens of -log of the probability that the softmax gives to the target.",
        next_step="With equal scores for 7 words it should be ln 7 = 1.9459.",
    )
    raise AssertionError


@pytest.mark.question("P3", marks=1, name="large")
@pytest.mark.probe("loss")
def test_loss_of_large_scores_does_not_overflow(check, probe):
    check.expect(
        "With scores of some thousands the loss is not a finite number of the right size.",
        next_step="Take the logarithm of a softmax in one step: the softmax alone can be 0.",
    )
    scores, targets = probe.draw("scores", (6, 7), scale=1000).double(), probe.integers("targets", (6,), below=7)
    found, largest = probe.scalar("large"), float(sequence_loss(scores, targets))
    assert math.isfinite(found)
    # Another formula has been charged above; what counts here is that the size is that of the scores. Of the last step
    # alone that can be 0.
    last = float(sequence_loss(scores[-1:], targets[-1:]))
    assert 1 < abs(found) <= 100 * largest or near(found, last, 1e-5)
    check.award(reason="Large scores do not overflow.")


@pytest.mark.question("P4", marks=5, name="values")
@pytest.mark.probe("perplexity")
def test_perplexity_is_the_exponential_of_the_mean_loss_of_a_token(check, probe):
    cases = {
        "given": tuple(torch.tensor(part, dtype=torch.float64) for part in GIVEN),
        "drawn": (probe.draw("losses", (5,)).double(), torch.tensor(COUNTS, dtype=torch.float64)),
    }

    def all_near(function):
        return all(near(probe.scalar(name), float(function(*case)), 1e-5) for name, case in cases.items())

    if all_near(perplexity):
        check.award(reason="The exponential of the mean loss of a token, each batch weighted by its tokens.")
        return
    for entry in wrong("ppl"):
        if all_near(entry.function):
            named(check, entry.mistake.id, "2.5")
            return
    check.expect(
        "The perplexity should be exp(L), where L is the mean loss of a token over all batches.",
        next_step="With losses [0, 2 ln 10] and 100 tokens in each batch it should be 10.",
    )
    raise AssertionError


@pytest.mark.question("P5", marks=4, name="values")
@pytest.mark.probe("rate")
def test_learning_rate_follows_the_schedule(check, probe):
    found = [probe.scalar(f"epoch{epoch}") for epoch in EPOCHS]
    if all(near(rate, learning_rate(epoch)) for rate, epoch in zip(found, EPOCHS, strict=True)):
        check.award(reason="1 for fifteen epochs, then 0.98 times the rate before.")
        return
    for entry in wrong("rate"):
        if all(near(rate, entry.function(epoch)) for rate, epoch in zip(found, EPOCHS, strict=True)):
            named(check, entry.mistake.id, 2)
            return
    off = next(place for place, epoch in enumerate(EPOCHS) if not near(found[place], learning_rate(epoch)))
    check.expect(
        f"In epoch {EPOCHS[off]} the rate should be {learning_rate(EPOCHS[off]):.6g}; yours is {found[off]:.6g}.",
        next_step="Print your rates of epochs 1, 15, 16 and 17.",
    )
    raise AssertionError


def clipped(probe):
    """What came back from one call, as a list of two tensors."""
    return {name: probe.tensor("clipped", place).double() for place, name in enumerate(("matrix", "vector"))}


def agree(found, wanted):
    """True if both gradients are the same; torch adds 1e-6 to the norm."""
    shapes = all(found[name].shape == value.shape for name, value in wanted.items())
    return shapes and all(torch.allclose(found[name], value, rtol=1e-5, atol=1e-9) for name, value in wanted.items())


@pytest.mark.question("P6", marks=5, name="values")
@pytest.mark.probe("clip.long")
@pytest.mark.probe("clip.short")
def test_gradients_are_scaled_by_one_factor_where_their_norm_is_above_the_limit(check, probe):
    cases = [
        (
            clipped(probe.probe(name)),
            {
                "matrix": probe.probe(name).draw("matrix", (4, 5), scale=wide).double(),
                "vector": probe.probe(name).draw("vector", (4,), scale=narrow).double(),
            },
        )
        for name, wide, narrow in (("clip.long", 10, 0.5), ("clip.short", 0.1, 0.1))
    ]
    if all(agree(found, clip_by_global_norm(gradients, LIMIT)) for found, gradients in cases):
        check.award(reason="One factor for all gradients, and none where their norm is below the limit.")
        return
    for entry in wrong("clip"):
        if entry.mistake.id != "clip.global_norm" and all(
            agree(found, entry.function(gradients, LIMIT)) for found, gradients in cases
        ):
            named(check, entry.mistake.id, "2.5")
            return
    check.expect(
        "All gradients should be scaled by min(1, limit / norm), with the norm of all of them together.",
        next_step="Clip the two gradients [3.0] and [4.0] with limit 1: they should become [0.6] and [0.8].",
    )
    raise AssertionError


@pytest.mark.question("P7", marks=2, name="pair")
@pytest.mark.probe("detach")
def test_both_states_of_an_lstm_are_detached_with_their_values(check, probe):
    check.expect("For the pair (h, c) of an LSTM you should return a pair of states of the same shapes.")
    values = [probe.draw(name, (2, 3, 5)) for name in "hc"]
    found = [probe.tensor("pair", place) for place in range(2)]
    assert all(state.shape == value.shape for state, value in zip(found, values, strict=True))
    decide(check, found, values, [probe.gradient("pair", name) for name in "hc"])


@pytest.mark.question("P7", marks=2, name="single")
@pytest.mark.probe("detach")
def test_the_state_of_a_gru_is_detached_with_its_values(check, probe):
    check.expect("For the state h of a GRU, a tensor, you should return a tensor of the same shape.")
    found, value = probe.tensor("single"), probe.draw("h", (2, 3, 5))
    assert found.shape == value.shape
    decide(check, [found], [value], [probe.gradient("single", "h")])


def decide(check, found, values, slopes):
    """Award for values that stay and gradients that do not flow; name what else it is."""
    kept = [torch.allclose(state, value) for state, value in zip(found, values, strict=True)]
    flows = [bool(slope.abs().max() > 0) for slope in slopes]
    if not all(kept):
        named(check, "lm.states_lost", 0)
    elif all(flows):
        named(check, "lm.states_not_detached", 0)
    elif any(flows):
        named(check, "lm.one_state_not_detached", 1)
    else:
        check.award(reason="The values are kept, and no gradient flows back.")
