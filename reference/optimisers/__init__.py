"""Reference steps of optimisers, and clipping of gradients: pure functions, state in and state out.

In torch and not in NumPy: gradients of students arrive as tensors, and torch.optim is the independent oracle.
"""

from __future__ import annotations

from reference.optimisers.adam import AdamSettings, AdamState, adam_start, adam_step
from reference.optimisers.clipping import clip_by_global_norm, clip_by_value, global_norm
from reference.optimisers.rmsprop import RMSPropSettings, RMSPropState, rmsprop_start, rmsprop_step

__all__ = [
    "AdamSettings",
    "AdamState",
    "RMSPropSettings",
    "RMSPropState",
    "adam_start",
    "adam_step",
    "clip_by_global_norm",
    "clip_by_value",
    "global_norm",
    "rmsprop_start",
    "rmsprop_step",
]
