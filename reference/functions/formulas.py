"""What a function on arrays is to the judge: its inputs, and a way to evaluate it, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]
Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputVerdict:
    """What one output of a student's function is."""

    status: Literal["right", "mistake", "ambiguous", "unnamed"]
    mistakes: tuple[str, ...] = ()
    """The one mistake, or all that give this output."""
    note: str = ""
    """A sentence about a form that costs nothing."""
    far: float | None = None
    """Largest difference from what is right, relative to the largest entry; None where shapes differ."""
    wanted: tuple[int, ...] | None = None
    """The right shape, where the output has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formulas:
    """What the formulas of a function give at some inputs."""

    right: Arrays
    wrong: Mapping[str, Arrays]
    """Mistake -> outputs; one that a mistake cannot make is absent."""
    equivalent: Mapping[str, Arrays] = field(default_factory=dict)
    """Name of another right form -> its outputs."""


Evaluate = Callable[[Arrays, Arrays], Formulas]
"""(inputs, what was found earlier and is to be followed) -> formulas."""
Judge = Callable[[Arrays, Arrays, float], Mapping[str, OutputVerdict]]
"""(inputs, outputs, tolerance) -> verdicts, for a function whose outputs are no fixed numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function that can be judged."""

    needs: tuple[str, ...]
    """Inputs that it cannot do without."""
    may: tuple[str, ...] = ()
    """Inputs that say what a cache holds; where they are absent the right ones are computed."""
    outputs: tuple[str, ...] = ()
    """Empty where outputs are called as inputs are (`by_name`)."""
    by_name: Callable[[Sequence[str]], Sequence[str]] | None = None
    """The outputs for given names of inputs, where they are as many as there are parameters."""
    evaluate: Evaluate | None = None
    judge: Judge | None = None

    def complaint(self, inputs: Sequence[str], outputs: Sequence[str]) -> str:
        """What is wrong with these names, as a phrase; empty if nothing is."""
        missing = [name for name in self.needs if name not in inputs]
        if missing:
            return f"it needs the input {missing[0]!r}"
        known = self.outputs if self.by_name is None else tuple(self.by_name(inputs))
        unknown = [name for name in outputs if name not in known]
        return f"it has no output {unknown[0]!r}; it has {', '.join(known)}" if unknown else ""


def array(value: torch.Tensor) -> Array:
    """A tensor as a float64 array."""
    return value.detach().to(torch.float64).numpy()
