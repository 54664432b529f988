"""1.4, 2.1 and 3.1d: functions of the students', compared with the reference and with every mistake that has a name."""

from __future__ import annotations

import pytest
import torch

from reference.mistakes import function_mistakes
from reference.optimisers import AdamSettings, AdamState, RMSPropSettings, RMSPropState

F64 = torch.float64
W = torch.tensor([0.5, -1.2, 0.3, 2.0], dtype=F64)
G = torch.tensor([0.7, -0.4, 1.5, -2.2], dtype=F64)
MEAN = torch.tensor([0.2, 0.1, -0.6, 0.4], dtype=F64)
SQUARE = torch.tensor([0.9, 0.2, 0.05, 1.4], dtype=F64)
TIMES = torch.tensor([0.2, 1.9, 3.1, 4.4, 5.3, 6.6, 7.9, 9.2, 10.7, 12.3, 13.1, 15.8], dtype=F64)
PERIODS = torch.tensor([4.0] * 6 + [3.0] * 3 + [5.0] * 3, dtype=F64)
SHIFTS = torch.tensor([1.0] * 6 + [0.5] * 3 + [1.5] * 3, dtype=F64)
SHARES = torch.tensor([0.3] * 6 + [0.6] * 3 + [0.8] * 3, dtype=F64)
SCORES = torch.tensor([[2.0, 1.0, 0.1, -1.0], [0.3, 0.2, -0.7, 1.1]], dtype=F64)


def near(found, wanted):
    if not isinstance(found, torch.Tensor) or found.numel() != wanted.numel() or not found.is_floating_point():
        return False
    return torch.allclose(found.to(F64).reshape(wanted.shape), wanted, rtol=1e-5, atol=1e-7)


def judged(check, found, forms, family, *, agrees):
    """Award by the first form that gives what was found; a right form first, since it may coincide with another."""
    named = {entry.mistake.id: entry.mistake for entry in function_mistakes(family)}
    for name, values in sorted(forms.items(), key=lambda item: (named[item[0]].effect != "equivalent", item[0])):
        if not all(near(one, value) for one, value in zip(found, values, strict=False)):
            continue
        text = named[name]
        if text.effect == "equivalent":
            plain = name.split(".")[1].startswith("correct")
            check.award(reason=agrees, convention="" if plain else text.title)
        else:
            check.award(check.max / 2, diagnosis=[name], reason=text.what_you_did, next_step=text.next_step)
        return
    check.award(0, reason="The result is neither right nor that of a mistake that is known by name.",
                next_step="Work one element out by hand and compare every intermediate value.")  # fmt: skip


def several(check, probe, name, count, what):
    check.expect(f"The function should return {what}.", next_step="Look at its `return` line.")
    return [probe.tensor(name, place) for place in range(count)]


@pytest.mark.question("1.4", marks=4, name="rmsprop")
@pytest.mark.probe("rmsprop")
def test_rmsprop(check, probe):
    found = several(check, probe, "step", 2, "the new weights and the new running mean")
    settings, state = RMSPropSettings(eta=0.1, alpha=0.8, eps=0.01), RMSPropState(r=SQUARE, u=torch.zeros_like(W))
    forms = {}
    for entry in function_mistakes("rms"):
        if entry.mistake.id != "rms.momentum":  # nothing is carried that it could read
            w, after = entry.function(W, G, state, settings)
            forms[entry.mistake.id] = (w, after.r)
    judged(check, found, forms, "rms", agrees="The new weights and the running mean are those of RMSProp.")


@pytest.mark.question("1.4", marks=5, name="adam")
@pytest.mark.probe("adam")
def test_adam(check, probe):
    found = several(check, probe, "step", 3, "the new weights and both running means")
    settings = AdamSettings(eta=0.1, beta_1=0.8, beta_2=0.95, eps=0.01)
    forms = {}
    for entry in function_mistakes("adam"):
        w, after = entry.function(W, G, AdamState(m=MEAN, v=SQUARE, t=2), settings)
        forms[entry.mistake.id] = (w, after.m, after.v)
    judged(check, found, forms, "adam", agrees="The new weights and both running means are those of Adam.")


@pytest.mark.question("2.1", marks=5, name="gate")
@pytest.mark.probe("gate")
def test_time_gate(check, probe):
    found = probe.tensor("k")
    for leak in (0.0, 1e-3):
        forms = {
            entry.mistake.id: (entry.function(TIMES, PERIODS, SHIFTS, SHARES, leak),)
            for entry in function_mistakes("ph")
            if entry.of.endswith("time_gate")
        }
        if any(near(found, values[0]) for values in forms.values()):
            break
        if near(1 - found, forms["ph.correct_gate"][0]):
            check.award(2.5, diagnosis=["ph.gate_inverted"], reason="Your gate is closed where it should be open.",
                        next_step="Print k at t = s + r_on τ / 2, where the gate is open widest.")  # fmt: skip
            return
    judged(check, [found], forms, "ph", agrees="The gate opens and closes as asked at every time that was tried.")


@pytest.mark.question("3.1d", marks=4, name="function")
@pytest.mark.probe("temperature")
def test_temperature(check, probe):
    forms = {
        entry.mistake.id: (entry.function(SCORES, 0.5), entry.function(SCORES, 2.0))
        for entry in function_mistakes("temp")
    }
    judged(
        check,
        [probe.tensor("sharp"), probe.tensor("flat")],
        forms,
        "temp",
        agrees="The scores are divided by the temperature.",
    )
