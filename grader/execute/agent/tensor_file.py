"""Tensors as a safetensors file, written with the standard library: the kernel's environment has torch only."""

from __future__ import annotations

import ctypes
import json
import struct
from typing import Any

import torch

DTYPES: dict[torch.dtype, str] = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What can be stored."""


def raw_bytes(tensor: torch.Tensor) -> bytes:
    """The content of a contiguous CPU tensor."""
    count = tensor.numel() * tensor.element_size()
    return ctypes.string_at(tensor.data_ptr(), count) if count else b""


def size_of(tensor: torch.Tensor) -> int:
    """Bytes of its content."""
    return tensor.numel() * tensor.element_size()


def encode(tensors: dict[str, torch.Tensor]) -> bytes:
    """The file: header length (8 bytes, little endian), JSON header padded with spaces, contents one after another."""
    header: dict[str, Any] = {}
    contents: list[bytes] = []
    offset = 0
    for name in sorted(tensors):
        content = raw_bytes(tensors[name])
        header[name] = {
            "dtype": DTYPES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [offset, offset + len(content)],
        }
        contents.append(content)
        offset += len(content)
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(contents)
