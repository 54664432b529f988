"""Whole models and their losses against torch's layers with copied parameters."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.networks import (
    MODES,
    CharacterLanguageModel,
    FourModeBidirectionalModel,
    FourModeModel,
    PalindromeClassifier,
    WordLanguageModel,
    class_loss,
    sequence_loss,
)

D, N, K, B, T = 5, 4, 3, 3, 6
KINDS: dict[str, tuple[type[nn.RNNBase], dict[str, str]]] = {
    "LSTM": (nn.LSTM, {}),
    "GRU": (nn.GRU, {}),
    "RNN_TANH": (nn.RNN, {"nonlinearity": "tanh"}),
    "RNN_RELU": (nn.RNN, {"nonlinearity": "relu"}),
}


def torchs_copy(mode: str, cells: Any, input_size: int, hidden_size: int) -> nn.RNNBase:
    """Torch's layers with the parameters of our cells."""
    kind, options = KINDS[mode]
    theirs = kind(input_size, hidden_size, len(cells), bias=cells[0].bias, batch_first=True, dtype=F64, **options)
    theirs.load_state_dict(
        {f"{name}_l{depth}": value for depth, cell in enumerate(cells) for name, value in cell.named_parameters()}
    )
    return theirs


def linear(affine: Any, values: Tensor) -> Tensor:
    return nn.functional.linear(values, affine.weight, affine.bias)


def integers(seed: int, below: int, *shape: int) -> Tensor:
    return torch.randint(below, shape, generator=torch.Generator().manual_seed(seed))


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


# ------------------------------------------------------------------------------------------------ four modes


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("mode", MODES)
def test_the_four_mode_model_is_torchs_layers_and_a_linear_one(mode: str, layers: int, bias: bool) -> None:
    model = FourModeModel(mode, D, N, layers, bias, K)
    x = noise(1, B, T, D)
    hidden, _ = torchs_copy(mode, model.rnn.cells, D, N)(x)
    assert far(model(x), linear(model.fc, hidden[:, -1])) <= 1e-12


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("mode", MODES)
def test_its_bidirectional_sister_is_two_torch_layers_and_a_linear_one(mode: str, layers: int) -> None:
    model = FourModeBidirectionalModel(mode, D, N, layers, True, K)
    x = noise(1, B, T, D)
    forwards, _ = torchs_copy(mode, model.rnn.forwards.cells, D, N)(x)
    backwards, _ = torchs_copy(mode, model.rnn.backwards.cells, D, N)(x.flip(1))
    assert far(model(x), linear(model.fc, torch.cat((forwards[:, -1], backwards[:, -1]), dim=1))) <= 1e-12


@pytest.mark.parametrize("model", [FourModeModel, FourModeBidirectionalModel])
def test_an_unknown_mode_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="mode must be one of LSTM, GRU, RNN_TANH, RNN_RELU, found 'X'"):
        model("X", D, N, 2, True, K)


@pytest.mark.parametrize("model", [FourModeModel, FourModeBidirectionalModel])
def test_one_sequence_keeps_its_batch_axis(model: Any) -> None:
    assert model("LSTM", D, 1, 2, True, K)(noise(1, 1, T, D)).shape == (1, K)


@pytest.mark.parametrize(
    ("model", "mode", "count"),
    [
        (FourModeModel, "LSTM", 341_379),
        (FourModeModel, "GRU", 256_131),
        (FourModeModel, "RNN_TANH", 85_635),
        (FourModeBidirectionalModel, "LSTM", 682_755),
        (FourModeBidirectionalModel, "GRU", 512_259),
        (FourModeBidirectionalModel, "RNN_RELU", 171_267),
    ],
)
def test_parameters_at_the_sizes_of_training_are_as_counted_by_hand(model: Any, mode: str, count: int) -> None:
    assert sum(parameter.numel() for parameter in model(mode, 20, 128, 3, True, 3).parameters()) == count


# ------------------------------------------------------------------------------------------------ losses


def test_the_class_loss_is_torchs_cross_entropy() -> None:
    scores, targets = noise(1, B, K) * 50, integers(2, K, B)
    assert far(class_loss(scores, targets), nn.functional.cross_entropy(scores, targets)) <= 1e-12


def test_the_sequence_loss_is_torchs_cross_entropy_summed_over_time() -> None:
    scores, targets = noise(1, B, T, 7) * 50, integers(2, 7, B, T)
    each = nn.functional.cross_entropy(scores.mT, targets, reduction="none")  # (B, T)
    assert far(sequence_loss(scores, targets), each.sum(1).mean()) <= 1e-12
    assert far(sequence_loss(scores, targets, "token"), each.mean()) <= 1e-12


def test_scores_too_large_for_an_exponential_still_give_a_loss() -> None:
    scores = torch.tensor([[1000.0, 0.0]], dtype=F64)
    assert float(class_loss(scores, torch.tensor([1]))) == 1000.0


# ------------------------------------------------------------------------------------------------ palindromes


@pytest.mark.parametrize("input_size", [1, 10])
@pytest.mark.parametrize("mode", MODES)
def test_the_palindrome_classifier_is_torchs_layer_and_a_linear_one_at_the_last_step(
    mode: str, input_size: int
) -> None:
    model = PalindromeClassifier(mode, N, input_size)
    digits = integers(1, 10, B, T)
    x = digits[:, :, None].to(F64) if input_size == 1 else nn.functional.one_hot(digits, 10).to(F64)
    hidden, _ = torchs_copy(mode, model.rnn.cells, input_size, N)(x)
    assert far(model(digits), linear(model.output, hidden[:, -1])) <= 1e-12


def test_an_untrained_palindrome_classifier_is_near_chance() -> None:
    model = PalindromeClassifier("LSTM", 64, 10)
    loss = model.loss(integers(1, 10, 200, T), integers(2, 10, 200))
    assert float(loss.detach()) == pytest.approx(math.log(10), abs=0.05)


def test_a_digit_is_a_number_or_ten_places() -> None:
    with pytest.raises(ValueError, match="input_size must be 1 or 10, found 2"):
        PalindromeClassifier("GRU", N, 2)


# ------------------------------------------------------------------------------------------------ language models


@pytest.mark.parametrize("mode", MODES)
def test_the_character_model_is_torchs_layers_over_one_hot_characters(mode: str) -> None:
    model = CharacterLanguageModel(7, N, 2, mode)
    tokens, targets = integers(1, 7, B, T), integers(2, 7, B, T)
    hidden, _ = torchs_copy(mode, model.rnn.cells, 7, N)(nn.functional.one_hot(tokens, 7).to(F64))
    expected = linear(model.projection, hidden)
    assert far(model(tokens)[0], expected) <= 1e-12
    whole = nn.functional.cross_entropy(expected.mT, targets, reduction="sum") / B
    assert far(model.loss(tokens, targets), whole) <= 1e-12
    assert far(model.loss(tokens, targets, per="token"), whole / T) <= 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_the_word_model_is_torchs_embedding_and_layers(mode: str) -> None:
    model = WordLanguageModel(11, D, N, 2, mode)
    tokens, targets = integers(1, 11, B, T), integers(2, 11, B, T)
    hidden, _ = torchs_copy(mode, model.rnn.cells, D, N)(nn.functional.embedding(tokens, model.embedding))
    expected = linear(model.projection, hidden)
    assert far(model(tokens)[0], expected) <= 1e-12
    whole = nn.functional.cross_entropy(expected.mT, targets, reduction="sum") / B
    assert far(model.loss(tokens, targets), whole) <= 1e-12


@pytest.mark.parametrize("model", [CharacterLanguageModel(7, N), WordLanguageModel(7, D, N)], ids=["character", "word"])
def test_a_text_can_be_read_in_pieces(model: Any) -> None:
    tokens = integers(1, 7, B, T)
    whole, _ = model(tokens)
    first, states = model(tokens[:, :4])
    second, _ = model(tokens[:, 4:], states)
    assert far(torch.cat((first, second), dim=1), whole) <= 1e-12


def test_an_untrained_model_is_as_unsure_as_the_vocabulary_is_large() -> None:
    model = WordLanguageModel(50, D, 64)
    loss = model.loss(integers(1, 50, 40, T), integers(2, 50, 40, T), per="token")
    assert float(loss.detach()) == pytest.approx(math.log(50), abs=0.05)


# ------------------------------------------------------------------------------------------------ dropout


def test_without_a_generator_nothing_is_dropped() -> None:
    tokens = integers(1, 11, B, T)
    one, other = WordLanguageModel(11, D, N, dropout=0.4), WordLanguageModel(11, D, N)
    assert torch.equal(one(tokens)[0], other(tokens)[0])


def test_dropout_silences_its_share_and_keeps_the_mean() -> None:
    model = WordLanguageModel(11, D, N, dropout=0.4)
    values = torch.ones(50, 40, 30, dtype=F64)
    dropped = model._dropped(values, torch.Generator().manual_seed(3))
    assert sorted(set(dropped.flatten().tolist())) == [0.0, pytest.approx(1 / 0.6)]
    assert float((dropped == 0).to(F64).mean()) == pytest.approx(0.4, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.02)


def test_dropout_leaves_the_state_of_the_first_layer_to_itself() -> None:
    tokens = integers(1, 11, B, T)
    model = WordLanguageModel(11, D, N, 1, dropout=0.5)
    model.embedding.data.zero_()  # nothing left to drop below the layer
    _, plain = model(tokens)
    scores, dropped = model(tokens, generator=torch.Generator().manual_seed(3))
    assert all(torch.equal(one, other) for one, other in zip(plain[0], dropped[0], strict=True))
    assert not torch.equal(scores, model(tokens)[0])


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"dropout must lie in \[0, 1\)"):
        WordLanguageModel(11, D, N, dropout=rate)
