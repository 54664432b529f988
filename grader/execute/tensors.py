"""Safetensors files of strangers: checked to the last offset before a byte of them is stored, and put together.

Only headers are looked at; no value is. What passes can be loaded by the library without surprise. Its content stays
where it is until it is stored: of thousands of small tensors nobody here needs one alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import pydantic_core

from grader.execute.readback import RefusedError
from grader.tensor_blocks import Shape, block_name, index_text, split_name

_WIDTH = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
_HEADER_BYTES = 2 * 1024 * 1024
_MOST_DIMENSIONS = 12
_MOST_KEY = 300
_MOST_NUMBER = 2**40
_FIELDS = 3
_KEPT_BYTES, _KEPT = 16 * 1024, 256
"""Of headers that were looked at: those of classes that are written alike are equal."""


class Tensor(NamedTuple):
    """What a header says of one tensor."""

    dtype: str
    shape: Shape


class Block(NamedTuple):
    """Tensors of one group and type, which are stored one after the other."""

    name: str
    dtype: str
    size: int
    """In bytes."""
    listing: str
    """Its index, as text."""
    spans: tuple[tuple[int, int], ...]
    """Where their content lies in the file, in the order of the index."""


class Layout(NamedTuple):
    """What a header says."""

    tensors: Mapping[str, Tensor]
    """By their keys."""
    blocks: tuple[Block, ...]
    """Of which each tensor lies in one."""


class Tensors(NamedTuple):
    """The tensors of one file."""

    layout: Layout
    content: bytes
    """The whole file."""


def unpack(content: bytes, *, prefix: str, most: int) -> Tensors:
    """The tensors of a file.

    Args:
        content: the whole file.
        prefix: with which every key has to start.
        most: tensors that it may hold.

    Raises:
        RefusedError: if anything about it is not as it has to be.
    """
    text = _header_text(content)
    layout = _layout_kept if len(text) <= _KEPT_BYTES else _layout
    return Tensors(layout(text, len(content) - 8 - len(text), prefix, most), content)


def pack(files: Iterable[Tensors]) -> bytes:
    """A safetensors file of blocks, as `grader.stored_tensors` reads it; equal tensors yield equal bytes.

    Args:
        files: no two of them with tensors of the same group.
    """
    found = [(block, file.content) for file in files for block in file.layout.blocks]
    found.sort(key=lambda pair: (-_WIDTH[pair[0].dtype], pair[0].name))  # keeps values aligned
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    end = 0
    for block, content in found:
        offsets = [end, end := end + block.size]
        header[block.name] = {
            "dtype": block.dtype, "shape": [block.size // _WIDTH[block.dtype]], "data_offsets": offsets,
        }  # fmt: skip
        parts += [content[first:last] for first, last in block.spans]
    header["__metadata__"] = dict(sorted((block.name, block.listing) for block, _ in found))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def _layout(text: bytes, room: int, prefix: str, most: int) -> Layout:
    """What a header says, each part of it plausible.

    Args:
        text: of the header.
        room: bytes that there are for all tensors.
        prefix: with which every key has to start.
        most: tensors that there may be.
    """
    entries = _entries(text)
    if len(entries) > most:
        raise RefusedError(f"{len(entries)} tensors, {most} are allowed")
    for key in entries:
        if not key.startswith(prefix) or len(key) > _MOST_KEY or not key.isprintable():
            raise RefusedError(f"a tensor is called {key[:80]!r}, its name has to start with {prefix!r}")
    tensors: dict[str, Tensor] = {}
    spans: dict[str, tuple[int, int]] = {}
    end = 0
    start = 8 + len(text)
    for begin, size, key, dtype, shape in sorted(_claims(key, entry, room) for key, entry in entries.items()):
        if begin != end:
            raise RefusedError(f"the tensor {key} does not begin where the one before it ends")
        end += size
        tensors[key] = Tensor(dtype, shape)
        spans[key] = (start + begin, start + end)
    if end != room:
        raise RefusedError("there are bytes that belong to no tensor")
    return Layout(tensors, _blocks(tensors, spans))


_layout_kept = lru_cache(maxsize=_KEPT)(_layout)


def _blocks(tensors: Mapping[str, Tensor], spans: Mapping[str, tuple[int, int]]) -> tuple[Block, ...]:
    """The blocks in which tensors are stored that lie in these places of a file."""
    members: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for key in sorted(tensors):
        group, name = split_name(key)
        members.setdefault((group, tensors[key].dtype), []).append((name, key))
    found = []
    for (group, dtype), named in members.items():
        places = [spans[key] for _, key in named]
        size = sum(end - begin for begin, end in places)
        listing = index_text((name, tensors[key].shape) for name, key in named)
        found.append(Block(block_name(group, dtype), dtype, size, listing, _joined(places)))
    return tuple(found)


def _joined(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same places, of which those that follow upon each other are one."""
    found: list[tuple[int, int]] = []
    for begin, end in places:
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return tuple(found)


def _header_text(content: bytes) -> bytes:
    if len(content) < 8:
        raise RefusedError("the file is shorter than its own header")
    size = int.from_bytes(content[:8], "little")
    if size > min(_HEADER_BYTES, len(content) - 8):
        raise RefusedError(f"the header claims {size} bytes")
    return content[8 : 8 + size]


def _entries(text: bytes) -> dict[str, Any]:
    """The entries of a header by key."""
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
    return header


def _claims(key: str, entry: Any, room: int) -> tuple[int, int, str, str, Shape]:
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
