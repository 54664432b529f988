"""Safetensors files of strangers: checked to the last offset before a byte of them is stored, and put together.

Only headers are looked at; no value is. What passes can be loaded by the library without surprise.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.execute.readback import RefusedError
from grader.tensor_blocks import block_name, index_text, split_name

_WIDTH = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_HEADER_BYTES = 2 * 1024 * 1024
_MOST_DIMENSIONS = 12
_MOST_KEY = 300
_ENTRY = {"dtype", "shape", "data_offsets"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor as bytes."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def unpack(content: bytes, *, prefix: str, most: int) -> dict[str, Tensor]:
    """The tensors of a file.

    Args:
        content: the whole file.
        prefix: with which every key has to start.
        most: tensors that it may hold.

    Raises:
        RefusedError: if anything about it is not as it has to be.
    """
    header, body = _header(content)
    entries = {key: entry for key, entry in header.items() if key != "__metadata__"}
    if len(entries) > most:
        raise RefusedError(f"{len(entries)} tensors, {most} are allowed")
    found = {}
    end = 0
    for key, entry in sorted(entries.items(), key=lambda item: _begin(item[1])):
        if not key.startswith(prefix) or len(key) > _MOST_KEY or not key.isprintable():
            raise RefusedError(f"a tensor is called {key[:80]!r}, its name has to start with {prefix!r}")
        tensor, begin = _tensor(key, entry, body)
        if begin != end:
            raise RefusedError(f"the tensor {key} does not begin where the one before it ends")
        end = begin + len(tensor.content)
        found[key] = tensor
    if end != len(body):
        raise RefusedError("there are bytes that belong to no tensor")
    return found


def pack(tensors: Mapping[str, Tensor]) -> bytes:
    """A safetensors file of blocks, as `grader.stored_tensors` reads it; equal tensors yield equal bytes."""
    blocks: dict[str, list[tuple[str, Tensor]]] = {}
    for key in sorted(tensors):
        group, name = split_name(key)
        blocks.setdefault(block_name(group, tensors[key].dtype), []).append((name, tensors[key]))
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for block in sorted(blocks, key=lambda name: (-_WIDTH[blocks[name][0][1].dtype], name)):  # keeps values aligned
        pieces = blocks[block]
        dtype, content = pieces[0][1].dtype, b"".join(piece.content for _, piece in pieces)
        end = offset + len(content)
        header[block] = {"dtype": dtype, "shape": [len(content) // _WIDTH[dtype]], "data_offsets": [offset, end]}
        parts.append(content)
        offset = end
    header["__metadata__"] = {
        block: index_text((name, piece.shape) for name, piece in pieces) for block, pieces in sorted(blocks.items())
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def _header(content: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(content) < 8:
        raise RefusedError("the file is shorter than its own header")
    size = int.from_bytes(content[:8], "little")
    if size > min(_HEADER_BYTES, len(content) - 8):
        raise RefusedError(f"the header claims {size} bytes")
    try:
        header = json.loads(content[8 : 8 + size], object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise RefusedError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise RefusedError("the header is no mapping")
    return header, memoryview(content)[8 + size :]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _begin(entry: Any) -> int:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    return int(offsets[0]) if isinstance(offsets, list) and offsets and _whole_numbers(offsets) else -1


def _tensor(key: str, entry: Any, body: memoryview) -> tuple[Tensor, int]:
    if not isinstance(entry, dict) or set(entry) != _ENTRY:
        raise RefusedError(f"the entry of {key} is malformed")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _WIDTH:
        raise RefusedError(f"{key} has the type {str(dtype)[:40]!r}")
    if not _whole_numbers(shape) or len(shape) > _MOST_DIMENSIONS:
        raise RefusedError(f"{key} has no plausible shape")
    if not _whole_numbers(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= len(body):
        raise RefusedError(f"{key} lies outside of the file")
    if max(shape, default=0) > len(body) or math.prod(shape) * _WIDTH[dtype] != offsets[1] - offsets[0]:
        raise RefusedError(f"the shape of {key} does not fit its bytes")
    return Tensor(dtype=dtype, shape=tuple(shape), content=bytes(body[offsets[0] : offsets[1]])), offsets[0]


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**40 for value in values)
