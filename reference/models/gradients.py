"""Compares a model's recorded gradients with those of its replay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from reference.models.build import Replay
from reference.models.evidence import ModelEvidence
from reference.models.network import Network


def gradients_agree(forward: Callable[[Network], Tensor], replay: Replay, seen: ModelEvidence) -> bool:
    """True if every recorded gradient of Σ weights · output is that of the replay, or none was recorded.

    Args:
        forward: what gives the recorded outputs on the network of the replay.
        replay: with the student's parameters.
        seen: the evidence.
    """
    if seen.weights is None or not seen.gradients:
        return True
    output = forward(replay.network)
    if not output.requires_grad:
        return not any(bool(value.any()) for value in seen.gradients.values())
    expected = replay.gradients(output, seen.weights)
    scale = max(1e-30, *(float(np.abs(value).max()) for value in expected.values() if value.size))
    for name, value in seen.gradients.items():
        like = seen.x if name == "x" else seen.parameters.get(name)
        if like is None or not value.numel():
            continue
        wanted = expected.get(name, np.zeros(like.numel()))
        if value.shape != like.shape:
            return False
        if not float(np.abs(value.reshape(-1).numpy() - wanted).max()) <= seen.precision.gradient * scale:
            return False
    return True
