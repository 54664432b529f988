"""Named mistakes of the phased LSTM: how the states are blended, and the time gate itself. c̃, h̃: an ordinary step.

The entries named correct, and `ph.h_from_blended_c`, are right forms. Functions of the first group take what
`reference.cells.phased_lstm_step` takes but for the form, those of the second what `reference.cells.time_gate` takes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, sigmoid, tanh

from reference.cells import PhasedForm, Role, lstm_step, phase, phased_lstm_step, time_gate
from reference.mistakes.catalogue import function_mistake

_STEP = "cells.lstm_phased.phased_lstm_step"
_GATE = "cells.time_gate.time_gate"


@function_mistake(
    "ph.correct",
    "Phased LSTM cell",
    of=_STEP,
    formula="c' = k ⊙ c̃ + (1 − k) ⊙ c,  h' = k ⊙ h̃ + (1 − k) ⊙ h",
    did="Your cell is the published one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    return phased_lstm_step(x, h, c, p, k)


@function_mistake(
    "ph.h_from_blended_c",
    "Proposed hidden state read from the blended cell",
    of=_STEP,
    formula="h' = k ⊙ o ⊙ tanh(c') + (1 − k) ⊙ h",
    did="You read the proposed hidden state from the blended cell. Texts that print the two blends only allow it.",
    next_step="Compare o ⊙ tanh(c̃) with o ⊙ tanh(c') at k = 0.5. Which does the question print?",
    effect="equivalent",
    severity="minor",
)
def h_from_blended_c(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    return phased_lstm_step(x, h, c, p, k, PhasedForm(proposal="blended"))


@function_mistake(
    "ph.gate_inverted",
    "Time gate the wrong way round",
    of=_STEP,
    formula="c' = (1 − k) ⊙ c̃ + k ⊙ c,  h' = (1 − k) ⊙ h̃ + k ⊙ h",
    did="Your cell keeps its states where the time gate is open and updates them where it is closed.",
    next_step="Set k to 0 and print what one step does to the cell state.",
)
def gate_inverted(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    return phased_lstm_step(x, h, c, p, 1 - k)


@function_mistake(
    "ph.h_not_blended",
    "Hidden state not blended",
    of=_STEP,
    formula="h' = h̃",
    did="Your time gate acts on the cell state only: the hidden state is renewed at every step.",
    next_step="Set k to 0 and print the hidden state before and after one step.",
)
def h_not_blended(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    h_proposed, c_proposed = lstm_step(x, h, c, p)
    return h_proposed, k * c_proposed + (1 - k) * c


@function_mistake(
    "ph.c_not_blended",
    "Cell state not blended",
    of=_STEP,
    formula="c' = c̃",
    did="Your time gate acts on the hidden state only: the cell state is renewed at every step.",
    next_step="Set k to 0 and print the cell state before and after one step.",
)
def c_not_blended(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    h_proposed, c_proposed = lstm_step(x, h, c, p)
    return k * h_proposed + (1 - k) * h, c_proposed


@function_mistake(
    "ph.no_hold_term",
    "Old states not held",
    of=_STEP,
    formula="c' = k ⊙ c̃,  h' = k ⊙ h̃",
    did="Your states shrink to nothing where the time gate is closed; the old ones are not held.",
    next_step="Set k to 0 and print both states after one step.",
)
def no_hold_term(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    h_proposed, c_proposed = lstm_step(x, h, c, p)
    return k * h_proposed, k * c_proposed


@function_mistake(
    "ph.h_only_from_c_blend",
    "Hidden state made from the blended cell, without a blend of its own",
    of=_STEP,
    formula="h' = o ⊙ tanh(c')",
    did="Your hidden state is read from the blended cell at every step and is never held itself.",
    next_step="Set k to 0, change the input only, and see whether the hidden state changes.",
)
def h_only_from_c_blend(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    _, c_proposed = lstm_step(x, h, c, p)
    c_new = k * c_proposed + (1 - k) * c
    return sigmoid(p["o"](x, h)) * tanh(c_new), c_new


@function_mistake(
    "ph.swap_states",
    "Held states exchanged",
    of=_STEP,
    formula="c' = k ⊙ c̃ + (1 − k) ⊙ h,  h' = k ⊙ h̃ + (1 − k) ⊙ c",
    did="Where your time gate is closed, the cell takes the old hidden state and the hidden state the old cell.",
    next_step="Set k to 0 and compare both new states with both old ones.",
    severity="minor",
)
def swap_states(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    h_proposed, c_proposed = lstm_step(x, h, c, p)
    return k * h_proposed + (1 - k) * c, k * c_proposed + (1 - k) * h


@function_mistake(
    "ph.k_as_forget",
    "Time gate used as the forget gate",
    of=_STEP,
    formula="c' = k ⊙ c + i ⊙ g,  h' = o ⊙ tanh(c')",
    did="You scale the old cell with the time gate instead of the forget gate; nothing is held while it is closed.",
    next_step="Set k to 0 and print what is left of the old cell after one step.",
)
def k_as_forget(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], k: Tensor) -> tuple[Tensor, Tensor]:
    c_new = k * c + sigmoid(p["i"](x, h)) * tanh(p["g"](x, h))
    return sigmoid(p["o"](x, h)) * tanh(c_new), c_new


# ------------------------------------------------------------------------------------------------ the time gate


def _triangle(phi: Tensor, r_on: Tensor, leak: Tensor) -> Tensor:
    closing = torch.where(phi < r_on, 2 - 2 * phi / r_on, leak)
    return torch.where(phi < r_on / 2, 2 * phi / r_on, closing)


@function_mistake(
    "ph.correct_gate",
    "Time gate of the phased LSTM",
    of=_GATE,
    formula="φ = ((t − s) mod τ) / τ,  k = 2 φ / r_on, then 2 − 2 φ / r_on, then α φ",
    did="Your time gate is the published one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct_gate(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    return time_gate(t, tau, s, r_on, alpha)


@function_mistake(
    "ph.shift_sign",
    "Shift added instead of subtracted",
    of=_GATE,
    formula="φ = ((t + s) mod τ) / τ",
    did="Your time gate opens s before the start of a period; it should open s after it.",
    next_step="Plot k over two periods for s = 0 and s = 1: in which direction does the triangle move?",
    severity="minor",
)
def shift_sign(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    return time_gate(t, tau, -s, r_on, alpha)


@function_mistake(
    "ph.no_mod",
    "Phase that does not repeat",
    of=_GATE,
    formula="φ = (t − s) / τ",
    did="Your phase grows for ever, so your time gate opens once and stays closed after that.",
    next_step="Plot k from t = 0 to three periods.",
)
def no_mod(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = (t - s) / tau
    return _triangle(phi, r_on, alpha * phi)


@function_mistake(
    "ph.phi_not_normalised",
    "Phase not divided by the period",
    of=_GATE,
    formula="φ = (t − s) mod τ",
    did="Your phase runs from 0 to τ instead of 0 to 1, so the open time does not grow with the period.",
    next_step="Print the largest phase over two periods for τ = 4.",
)
def phi_not_normalised(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = torch.remainder(t - s, tau)
    return _triangle(phi, r_on, alpha * phi)


@function_mistake(
    "ph.box",
    "Gate either open or closed",
    of=_GATE,
    formula="k = 1 if φ < r_on, else α φ",
    did="Your time gate jumps from closed to open and back; it should rise and fall in straight lines.",
    next_step="Print the derivative of k with respect to τ at a time when the gate is open.",
)
def box(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = phase(t, tau, s)
    return torch.where(phi < r_on, torch.ones_like(phi), alpha * phi)


@function_mistake(
    "ph.ron_is_absolute_time",
    "Open share read as a time",
    of=_GATE,
    formula="k as asked, with r_on / τ in place of r_on",
    did="Your time gate is open for a time of r_on in each period; r_on is the open share of the period.",
    next_step="Measure how long your gate is open for τ = 4 and for τ = 8, with the same r_on.",
)
def ron_is_absolute_time(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = phase(t, tau, s)
    return _triangle(phi, r_on / tau, alpha * phi)


@function_mistake(
    "ph.half_slope",
    "Triangle of half the height",
    of=_GATE,
    formula="k = φ / r_on if φ < r_on/2,  1 − φ / r_on if φ < r_on",
    did="Your time gate reaches 0.5 at its peak; the factor 2 is missing in both slopes.",
    next_step="Print the largest k over one period.",
    severity="minor",
)
def half_slope(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = phase(t, tau, s)
    closing = torch.where(phi < r_on, 1 - phi / r_on, alpha * phi)
    return torch.where(phi < r_on / 2, phi / r_on, closing)


@function_mistake(
    "ph.peak_at_ron",
    "Gate that opens slowly and shuts at once",
    of=_GATE,
    formula="k = φ / r_on if φ < r_on, else α φ",
    did="Your time gate rises during all of its open time and then drops to 0; its peak belongs in the middle.",
    next_step="Print the time at which k is largest, and compare it with s + r_on τ / 2.",
)
def peak_at_ron(t: Tensor, tau: Tensor, s: Tensor, r_on: Tensor, alpha: float = 0.0) -> Tensor:
    phi = phase(t, tau, s)
    return torch.where(phi < r_on, phi / r_on, alpha * phi)
