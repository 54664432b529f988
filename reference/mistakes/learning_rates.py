"""Named mistakes of a learning rate that stays and then decays. Each takes what `learning_rate` takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reference.curves.schedule import learning_rate
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "curves.schedule.learning_rate"
_rate: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)


@_rate(
    "rate.correct",
    "Constant at first, then a factor in each epoch",
    formula="η(e) = η₁ for e ≤ E₀,  η₁ · decay^(e − E₀) after",
    did="Your learning rate follows the schedule.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return learning_rate(epoch, first, constant_epochs, decay)


@_rate(
    "rate.decays_at_once",
    "Decay from the first epoch on",
    formula="η(e) = η₁ · decay^(e − 1)",
    did="Your learning rate falls from the second epoch on; the first epochs all have the same rate.",
    next_step="Print your rates of epochs 1, 2 and 15 side by side.",
)
def decays_at_once(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return float(first * decay ** (epoch - 1))


@_rate(
    "rate.late_full_decay",
    "All of the decay at once after the first epochs",
    formula="η(e) = η₁ for e ≤ E₀,  η₁ · decay^e after",
    did="Your learning rate takes the power of the epoch itself, so it falls by many epochs' decay in one step.",
    next_step="Divide your rate of each epoch by that of the epoch before, around epoch 15.",
    severity="minor",
)
def late_full_decay(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return float(first) if epoch <= constant_epochs else float(first * decay**epoch)


@_rate(
    "rate.one_epoch_early",
    "Decay begins one epoch early",
    formula="η(e) = η₁ · decay^(e − E₀ + 1) for e ≥ E₀",
    did="Your learning rate falls in the last of the epochs in which it is constant.",
    next_step="Print your rates of epochs 14, 15 and 16.",
    severity="minor",
)
def one_epoch_early(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return learning_rate(epoch, first, constant_epochs - 1, decay)


@_rate(
    "rate.one_epoch_late",
    "Decay begins one epoch late",
    formula="η(e) = η₁ · decay^(e − E₀ − 1) for e > E₀",
    did="Your learning rate stays for one epoch more than it does in the schedule.",
    next_step="Print your rates of epochs 15, 16 and 17.",
    severity="minor",
)
def one_epoch_late(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return learning_rate(epoch, first, constant_epochs + 1, decay)


@_rate(
    "rate.one_drop",
    "One drop in the place of a decay",
    formula="η(e) = η₁ for e ≤ E₀,  η₁ · decay after",
    did="Your learning rate falls once and stays; in the schedule it falls in every epoch.",
    next_step="Print your rates of epochs 16, 17 and 70.",
)
def one_drop(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return float(first) if epoch <= constant_epochs else float(first * decay)


@_rate(
    "rate.straight_line",
    "A straight line in the place of a factor",
    formula="η(e) = η₁ − (1 − decay) (e − E₀) for e > E₀",
    did="You subtract the same amount in each epoch, while the schedule multiplies by the same factor.",
    next_step="Divide your rate of each epoch by that of the epoch before: is it always the same?",
    severity="minor",
)
def straight_line(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return float(first - (1 - decay) * max(0, epoch - constant_epochs))


@_rate(
    "rate.constant",
    "No decay",
    formula="η(e) = η₁",
    did="Your learning rate never falls.",
    next_step="Print your rates of epochs 1 and 70.",
)
def constant(epoch: int, first: float = 1.0, constant_epochs: int = 15, decay: float = 0.98) -> float:
    return float(first)


COLLISIONS = (
    Collision(
        same=(
            "rate.correct",
            "rate.late_full_decay",
            "rate.one_epoch_late",
            "rate.one_drop",
            "rate.straight_line",
            "rate.constant",
        ),
        condition="the epoch is among those of the constant rate",
        case="constant epochs",
    ),
    Collision(
        same=("rate.correct", "rate.one_drop", "rate.straight_line"),
        condition="the epoch is the first after the constant ones",
        case="first decay",
    ),
)
