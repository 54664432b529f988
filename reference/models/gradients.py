"""Compares a model's recorded gradients with those of its replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reference.models.evidence import ModelEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Input and parameters of a replay that can be differentiated."""

    x: Tensor
    parameters: Mapping[str, Tensor]

    @classmethod
    def of(cls, seen: ModelEvidence) -> Leaves:
        """Copies of what a run was made with."""
        return cls(
            x=seen.x.clone().requires_grad_(),
            parameters={name: value.clone().requires_grad_() for name, value in seen.parameters.items()},
        )


def gradients_agree(output: Tensor, leaves: Leaves, seen: ModelEvidence) -> bool:
    """True if every recorded gradient of Σ weights · output is that of the replay, or none was recorded."""
    if seen.weights is None or not seen.gradients:
        return True
    targets = {"x": leaves.x, **leaves.parameters}
    total = (output.squeeze() * seen.weights.squeeze()).sum()
    if not total.requires_grad:
        return not any(bool(value.any()) for value in seen.gradients.values())
    found = torch.autograd.grad(total, list(targets.values()), allow_unused=True)
    expected = {
        name: torch.zeros_like(value) if gradient is None else gradient
        for (name, value), gradient in zip(targets.items(), found, strict=True)
    }
    scale = max(1e-30, *(float(value.abs().max()) for value in expected.values() if value.numel()))
    return all(
        value.shape == expected[name].shape
        and float((value - expected[name]).abs().max()) <= seen.precision.gradient * scale
        for name, value in seen.gradients.items()
        if name in expected and value.numel()
    )
