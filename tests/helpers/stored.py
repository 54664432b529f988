"""Tensors as judges read them, from the bytes of a file that is stored."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from grader.stored_tensors import StoredTensors


def load(content: bytes) -> dict[str, torch.Tensor]:
    """All tensors by name."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        Path(file.name).write_bytes(content)
        return dict(StoredTensors(Path(file.name)))
