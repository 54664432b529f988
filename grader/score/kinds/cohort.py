"""Verdicts on cells that nobody was asked to write: the template's own, so the same for nearly a whole cohort.

The key is everything that the oracle looks at, to the last bit. So nothing is believed about who wrote the cell: one
that was changed, or that computes anything else for whatever reason, is another observation and is judged anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from grader.oracle import CellVerdict, Oracle

_KEPT = 64


def recognised(
    cohort: dict[bytes, CellVerdict], oracle: Oracle, family: str, content: Mapping[str, Any], policy: Mapping[str, str]
) -> CellVerdict:
    """What the oracle says about a cell, asked once for each observation.

    Args:
        cohort: verdicts by digest of the observation; the oldest are dropped.
        oracle: whose verdicts these are.
        family: of the cell.
        content: the observation.
        policy: the instructor's choices.
    """
    digest = hashlib.blake2b(digest_size=16)
    _add(digest, (family, content, policy))
    key = digest.digest()
    if key not in cohort:
        cohort[key] = oracle.recognise_cell(family, content, policy)
        while len(cohort) > _KEPT:
            del cohort[next(iter(cohort))]
    return cohort[key]


def _add(digest: Any, value: Any) -> None:
    """Add a value with its type, its length and, for tensors, their shape: different values add different bytes."""
    if isinstance(value, torch.Tensor):
        digest.update(f"{value.dtype}{[*value.shape]};".encode())
        digest.update(np.ascontiguousarray(value.detach().numpy()))
    elif isinstance(value, str) or not isinstance(value, Mapping | Sequence):
        text = repr(value)
        digest.update(f"{type(value).__name__} {len(text)};{text}".encode())
    elif isinstance(value, Mapping):
        digest.update(f"mapping {len(value)};".encode())
        for name in value:
            _add(digest, name)
            _add(digest, value[name])
    else:
        digest.update(f"sequence {len(value)};".encode())
        for item in value:
            _add(digest, item)
