"""What each named deviation of a model gives with a student's cells."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.mistakes import model_mistakes
from reference.models.kept import Kept
from reference.models.layers import FailedCallError, NotRecordedError
from reference.models.network import Network, NotApplicableError

STRAIGHT = ""
"""What stands for the straight loop among the names of deviations."""
DETACHED = "model.detached_state"
"""A deviation whose output is that of the straight loop."""
KEPT_NUMBERS = 1_000_000
"""Numbers that are kept at most, 8 MB; a run has some hundred."""

Output = NDArray[np.float64] | None
"""Axes of length 1 left out; None where a network cannot be run in that way."""


def output_of(network: Network, forward: Callable[[Network], Tensor]) -> Output:
    """The output, or None where the network cannot be run in this way: then the model did something else."""
    try:
        with torch.no_grad():
            found = forward(network)
    except (NotApplicableError, NotRecordedError, FailedCallError, RuntimeError, IndexError, ValueError):
        return None
    return found.detach().numpy().squeeze()


def straight_output(network: Network, key: Hashable) -> Output:
    """The output of the straight loop; see `deviations`."""
    known = None if key is None else _KEPT.get(key)
    return output_of(network, Network.output) if known is None else known[0][STRAIGHT]


def deviations(architecture: str, network: Network, key: Hashable) -> Mapping[str, Output]:
    """The output of each deviation by its identifier, and that of the straight loop.

    Args:
        architecture: which deviations there are.
        network: what they are run on.
        key: all that the outputs depend on, so that they may be kept for others; None if that is not known.
    """
    known = None if key is None else _KEPT.get(key)
    if known is not None:
        return known[0]
    forwards = {entry.mistake.id: entry.forward for entry in model_mistakes(architecture)}
    forwards.pop(DETACHED, None)
    found = {name: output_of(network, forward) for name, forward in {STRAIGHT: Network.output, **forwards}.items()}
    if key is not None:
        _KEPT.put(key, found)
    return found


def _weight(found: Mapping[str, Output]) -> int:
    return sum(0 if output is None else output.size for output in found.values())


_KEPT: Kept[Mapping[str, Output]] = Kept(KEPT_NUMBERS, _weight)
