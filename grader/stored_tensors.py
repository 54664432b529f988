"""Tensors of a safetensors file, one at a time: judges look at a part of what is stored, and most of it at none.

A tensor has an entry of its own, or lies in a block (`grader.tensor_blocks`). The file is read whole and never trusted:
its header is JSON, and each entry is checked when it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pydantic_core
import torch
from numpy.typing import NDArray

from grader.errors import EvidenceError
from grader.tensor_blocks import KEPT_CHARS, Piece, Shape, pieces_of, spans, split_name

HEADER_BYTES = 16 * 1024 * 1024
"""Ceiling for the list of tensors."""
_LENGTH_BYTES = 8
_TYPES: dict[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""The types that are ever stored as evidence."""
_DOUBLE = "F64"


class _Place(NamedTuple):
    """Where a tensor lies."""

    dtype: str
    shape: Shape
    begin: int
    """First byte, from the start of the data."""
    end: int


class _Block(NamedTuple):
    dtype: str
    width: int
    """Bytes of an element."""
    begin: int
    """First byte, from the start of the data."""
    pieces: dict[str, Piece]
    text: str
    """Its index."""

    def spans(self, names: tuple[str, ...], shapes: tuple[Shape, ...]) -> tuple[tuple[int, int], ...] | None:
        """Where some tensors lie, in elements from its start; None if one is not there or has another shape."""
        return spans(self.text, names, shapes) if len(self.text) <= KEPT_CHARS else None


class StoredTensors(Mapping[str, torch.Tensor]):
    """The tensors of a file by name; an empty mapping where there is no file.

    Raises:
        EvidenceError: where the file or an entry of it cannot be read; nothing is read before it is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[str, torch.Tensor] = {}
        self._groups: dict[str, tuple[_Block, ...]] = {}

    @cached_property
    def _content(self) -> tuple[dict[str, Any], dict[str, Any], bytearray, int]:
        """The entries, the indices of blocks, all bytes, and where the data begins."""
        if not self._path.exists():
            return {}, {}, bytearray(), 0
        try:
            raw = self._bytes()
            length = int.from_bytes(raw[:_LENGTH_BYTES], "little")
            start = _LENGTH_BYTES + length
            if len(raw) < _LENGTH_BYTES or length > HEADER_BYTES or start > len(raw):
                raise ValueError("the header is cut off")
            header = pydantic_core.from_json(bytes(raw[_LENGTH_BYTES:start]))
        except (OSError, ValueError) as error:
            raise self._unreadable() from error
        if not isinstance(header, dict):
            raise self._unreadable()
        metadata = header.pop("__metadata__", None)
        indices = metadata if isinstance(metadata, dict) else {}
        return header, {name: text for name, text in indices.items() if name in header}, raw, start

    def _bytes(self) -> bytearray:
        """The whole file, read into memory that tensors may share."""
        with self._path.open("rb", buffering=0) as stream:
            raw = bytearray(self._path.stat().st_size)
            count = stream.readinto(raw)
        return raw if count == len(raw) else raw[:count]

    def _unreadable(self) -> EvidenceError:
        return EvidenceError("evidence-malformed", "the tensors cannot be read", where=self._path.name)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        entries, indices, _, _ = self._content
        yield from (name for name in entries if name not in indices)
        for block in indices:
            group = block.rpartition("*")[0]
            yield from (group + name for name in self._block(block).pieces)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._place(name) is not None

    def __getitem__(self, name: str) -> torch.Tensor:
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def find(self, name: str) -> torch.Tensor | None:
        """The tensor of that name, None if there is none: what `get` gives, without an error on the way."""
        found = self._made.get(name)
        if found is None:
            place = self._place(name)
            if place is not None:
                found = self._made[name] = self._tensor(place)
        return found

    def _tensor(self, place: _Place) -> torch.Tensor:
        dtype, count = _TYPES[place.dtype], math.prod(place.shape)
        if count == 0:
            return torch.empty(place.shape, dtype=dtype)
        if place.dtype == _DOUBLE and self._numbers is not None and place.begin % 8 == 0:
            return torch.from_numpy(self._numbers[place.begin // 8 : place.end // 8].reshape(place.shape))
        _, _, raw, start = self._content
        return torch.frombuffer(raw, dtype=dtype, count=count, offset=start + place.begin).reshape(place.shape)

    def _place(self, name: str) -> _Place | None:
        """Where a tensor lies, whatever was written there; None if there is none of that name."""
        entries, indices, _, _ = self._content
        if name in entries and name not in indices:
            return self._entry(entries[name])
        group, inner = split_name(name)
        for block in self._group(group):
            piece = block.pieces.get(inner)
            if piece is not None:
                begin, width = block.begin, block.width
                return _Place(block.dtype, piece.shape, begin + width * piece.begin, begin + width * piece.end)
        return None

    def _group(self, group: str) -> tuple[_Block, ...]:
        """The blocks of a group, one for each type."""
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = tuple(self._block(name) for name in self._block_names.get(group, ()))
        return found

    @cached_property
    def _block_names(self) -> dict[str, list[str]]:
        """The names of the blocks of each group, in the order of their types."""
        found: dict[str, list[str]] = {}
        for name in self._content[1]:
            group, star, dtype = name.rpartition("*")
            if star and dtype in _TYPES:
                found.setdefault(group, []).append(name)
        order = list(_TYPES)
        for names in found.values():
            names.sort(key=lambda name: order.index(name.rpartition("*")[2]))
        return found

    def _block(self, name: str) -> _Block:
        entries, indices, _, _ = self._content
        whole = self._entry(entries[name])
        try:
            pieces = pieces_of(indices[name])
        except (TypeError, ValueError) as error:
            raise self._unreadable() from error
        last = pieces[next(reversed(pieces))].end if pieces else 0
        if not name.endswith(f"*{whole.dtype}") or whole.shape != (last,):
            raise self._unreadable()
        return _Block(whole.dtype, _TYPES[whole.dtype].itemsize, whole.begin, pieces, indices[name])

    def _entry(self, entry: Any) -> _Place:
        """What an entry of the header says."""
        try:
            name, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            width = _TYPES[name].itemsize
            whole = all(type(size) is int and size >= 0 for size in (*shape, begin, end))
        except (KeyError, TypeError, ValueError) as error:
            raise self._unreadable() from error
        _, _, raw, start = self._content
        if not whole or end - begin != width * math.prod(shape) or start + end > len(raw):
            raise self._unreadable()
        return _Place(name, tuple(shape), begin, end)

    @cached_property
    def _numbers(self) -> NDArray[np.float64] | None:
        """All data as one array of doubles; None if it does not begin on a boundary."""
        _, _, raw, start = self._content
        if start % 8:
            return None
        return np.frombuffer(raw, dtype="<f8", count=(len(raw) - start) // 8, offset=start)

    def joined(self, names: Sequence[str | None], shapes: Sequence[Sequence[int]]) -> torch.Tensor | None:
        """The numbers of several tensors one after the other, in double precision and without looking at each alone.

        None if one is not there, cannot be read, has another shape, or is not stored in double precision: then ask for
        them singly.
        """
        numbers = self._numbers
        if numbers is None or not names or None in names:
            return None
        wanted = [name for name in names if name is not None]
        sizes = tuple(tuple(shape) for shape in shapes)
        try:
            found = self._joint_spans(wanted, sizes) or self._single_spans(wanted, sizes)
        except EvidenceError:
            return None
        if found is None:
            return None
        return torch.from_numpy(np.concatenate([numbers[begin:end] for begin, end in found]))

    def _joint_spans(self, names: Sequence[str], shapes: tuple[Shape, ...]) -> list[tuple[int, int]] | None:
        """Where tensors of one block of doubles lie, in doubles; None if they are not of one."""
        group = split_name(names[0])[0]
        blocks = self._group(group)
        if len(blocks) != 1 or blocks[0].dtype != _DOUBLE or any(not name.startswith(group) for name in names):
            return None
        found = blocks[0].spans(tuple(name[len(group) :] for name in names), shapes)
        first = blocks[0].begin // 8
        return None if found is None or blocks[0].begin % 8 else [(first + b, first + e) for b, e in found]

    def _single_spans(self, names: Sequence[str], shapes: tuple[Shape, ...]) -> list[tuple[int, int]] | None:
        found = []
        for name, shape in zip(names, shapes, strict=True):
            place = self._place(name)
            if place is None or place.dtype != _DOUBLE or place.shape != shape or place.begin % 8:
                return None
            found.append((place.begin // 8, place.end // 8))
        return found
