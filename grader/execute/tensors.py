"""Safetensors files of strangers: checked to the last offset before a byte of them is stored, and put together.

Only headers are looked at; no value is. What passes can be loaded by the library without surprise.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import pydantic_core

from grader.execute.readback import RefusedError
from grader.tensor_blocks import block_name, index_text, split_name

_WIDTH = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_HEADER_BYTES = 2 * 1024 * 1024
_MOST_DIMENSIONS = 12
_MOST_KEY = 300
_MOST_NUMBER = 2**40
_FIELDS = 3


class Tensor(NamedTuple):
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
    entries, start = _header(content)
    if len(entries) > most:
        raise RefusedError(f"{len(entries)} tensors, {most} are allowed")
    for key in entries:
        if not key.startswith(prefix) or len(key) > _MOST_KEY or not key.isprintable():
            raise RefusedError(f"a tensor is called {key[:80]!r}, its name has to start with {prefix!r}")
    room = len(content) - start
    found = {}
    end = start
    for begin, size, key, dtype, shape in sorted(_claims(key, entry, room) for key, entry in entries.items()):
        if start + begin != end:
            raise RefusedError(f"the tensor {key} does not begin where the one before it ends")
        end += size
        found[key] = Tensor(dtype, shape, content[end - size : end])
    if end != len(content):
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


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """The entries by key, and where the first tensor begins."""
    if len(content) < 8:
        raise RefusedError("the file is shorter than its own header")
    size = int.from_bytes(content[:8], "little")
    if size > min(_HEADER_BYTES, len(content) - 8):
        raise RefusedError(f"the header claims {size} bytes")
    text = content[8 : 8 + size]
    try:
        header = pydantic_core.from_json(text)
    except ValueError as error:
        raise RefusedError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise RefusedError("the header is no mapping")
    header.pop("__metadata__", None)
    # Of a key that is there twice, the reader has kept one entry; inside of a key the quotes would be escaped.
    if text.count(b'"data_offsets"') > len(header):
        raise RefusedError("a key appears twice in the header")
    return header, 8 + size


def _claims(key: str, entry: Any, room: int) -> tuple[int, int, str, str, tuple[int, ...]]:
    """First byte, size, key, type and shape of a tensor, each of them plausible.

    Args:
        key: of the tensor.
        entry: of the header.
        room: bytes that there are for all tensors.
    """
    try:
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (KeyError, TypeError) as error:
        raise RefusedError(f"the entry of {key} is malformed") from error
    if len(entry) != _FIELDS:
        raise RefusedError(f"the entry of {key} is malformed")
    width = _WIDTH.get(dtype) if type(dtype) is str else None
    if width is None:
        raise RefusedError(f"{key} has the type {str(dtype)[:40]!r}")
    if not _whole_numbers(shape) or len(shape) > _MOST_DIMENSIONS:
        raise RefusedError(f"{key} has no plausible shape")
    if not _whole_numbers(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= room:
        raise RefusedError(f"{key} lies outside of the file")
    begin, end = offsets
    if max(shape, default=0) > room or math.prod(shape) * width != end - begin:
        raise RefusedError(f"the shape of {key} does not fit its bytes")
    return begin, end - begin, key, dtype, tuple(shape)


def _whole_numbers(values: Any) -> bool:
    if type(values) is not list:
        return False
    for value in values:  # noqa: SIM110 - a generator would take twice as long, and these lists are thousands
        if type(value) is not int or not 0 <= value < _MOST_NUMBER:
            return False
    return True
