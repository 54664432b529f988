"""Tensors as a safetensors file, written with the standard library: the kernel's environment has torch only."""

from __future__ import annotations

import ctypes
import struct
from json.encoder import encode_basestring_ascii as _quoted
from typing import NamedTuple

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


class Content(NamedTuple):
    """What a tensor held at one moment."""

    dtype: str
    shape: tuple[int, ...]
    raw: bytes


def content_of(tensor: torch.Tensor) -> Content | None:
    """A copy of what a tensor holds; None if it cannot be stored."""
    dtype = DTYPES.get(tensor.dtype)
    if dtype is None or tensor.layout != torch.strided or tensor.is_meta:
        return None
    return Content(dtype, tuple(tensor.shape), raw_bytes(tensor))


def raw_bytes(tensor: torch.Tensor) -> bytes:
    """The elements of a tensor, in order."""
    plain = tensor if tensor.is_cpu else tensor.detach().cpu()
    if not plain.is_contiguous() or plain.is_neg() or plain.is_conj():
        plain = plain.detach().clone(memory_format=torch.contiguous_format)
    count = plain.nbytes
    return ctypes.string_at(plain.data_ptr(), count) if count else b""


def encode(contents: dict[str, Content]) -> bytes:
    """The file: header length (8 bytes, little endian), JSON header padded with spaces, contents one after another."""
    entries = []
    parts = [b""]
    offset = 0
    for name in sorted(contents):
        dtype, shape, raw = contents[name]
        end = offset + len(raw)
        sizes = ",".join(map(str, shape))
        entries.append(f'{_quoted(name)}:{{"dtype":"{dtype}","shape":[{sizes}],"data_offsets":[{offset},{end}]}}')
        parts.append(raw)
        offset = end
    text = f"{{{','.join(entries)}}}".encode("ascii")
    text += b" " * (-len(text) % 8)
    parts[0] = struct.pack("<Q", len(text)) + text
    return b"".join(parts)
