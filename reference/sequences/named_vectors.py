"""Finds the vectors of a time gate by the names that the question gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from reference.recognition.layout import BlockRef
from reference.sequences.evidence import SequenceEvidence
from reference.sequences.families import SequenceFamily

_SPELLINGS: Mapping[str, str] = {
    "tau": r"(.*[._])?(log_?)?tau(_.*)?",
    "r_on": r"(.*[._])?(r_?on|ratio_?on|ron)(_.*)?",
    "s": r"(.*[._])?(s|shift|phase_?shift)(_.*)?",
}
"""What a name may be, whatever the case, to stand for a vector."""


def named_vectors(
    family: SequenceFamily, seen: SequenceEvidence
) -> tuple[dict[str, BlockRef | Tensor], tuple[str, ...]]:
    """The vectors by name, and what stands in the way of finding them."""
    n = seen.hidden_size
    found: dict[str, BlockRef | Tensor] = {}
    notes: list[str] = []
    for wanted in family.vectors:
        pattern = re.compile(_SPELLINGS[wanted], re.IGNORECASE)
        fitting = [name for name, value in seen.parameters.items() if pattern.fullmatch(name) and value.size in (1, n)]
        numbers = [value for name, value in seen.attributes.items() if pattern.fullmatch(name)]
        if len(fitting) == 1 and seen.parameters[fitting[0]].size == n:
            found[wanted] = whole_vector(fitting[0])
        elif not fitting and len(numbers) == 1:
            found[wanted] = torch.full((n,), numbers[0], dtype=torch.float64)
        else:
            notes.append(f"no parameter or number called {wanted}, one for each unit, was found")
    return found, tuple(notes)


def whole_vector(name: str) -> BlockRef:
    """A parameter with one number for each unit, whatever its shape."""
    return BlockRef(parameter=name, view="column", interleaved=False, gate=0, gates=1, segments=("1",), segment=0)
