"""Tensors of a safetensors file, one at a time: judges look at a part of what is stored, and most of it at none.

The file is read whole and never trusted: its header is JSON, and each entry is checked when it is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pydantic_core
import torch
from numpy.typing import NDArray

from grader.errors import EvidenceError

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


class StoredTensors(Mapping[str, torch.Tensor]):
    """The tensors of a file by name; an empty mapping where there is no file.

    Raises:
        EvidenceError: where the file or an entry of it cannot be read; nothing is read before it is needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: dict[str, torch.Tensor] = {}

    @cached_property
    def _content(self) -> tuple[dict[str, Any], bytearray, int]:
        """The header, all bytes, and where the data begins."""
        if not self._path.exists():
            return {}, bytearray(), 0
        try:
            raw = bytearray(self._path.read_bytes())
            length = int.from_bytes(raw[:_LENGTH_BYTES], "little")
            start = _LENGTH_BYTES + length
            if len(raw) < _LENGTH_BYTES or length > HEADER_BYTES or start > len(raw):
                raise ValueError("the header is cut off")
            header = pydantic_core.from_json(bytes(raw[_LENGTH_BYTES:start]))
        except (OSError, ValueError) as error:
            raise self._unreadable() from error
        if not isinstance(header, dict):
            raise self._unreadable()
        header.pop("__metadata__", None)
        return header, raw, start

    def _unreadable(self) -> EvidenceError:
        return EvidenceError("evidence-malformed", "the tensors cannot be read", where=self._path.name)

    def __len__(self) -> int:
        return len(self._content[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._content[0])

    def __contains__(self, name: object) -> bool:
        return name in self._content[0]

    def __getitem__(self, name: str) -> torch.Tensor:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._tensor(self._content[0][name])
        return found

    def _tensor(self, entry: Any) -> torch.Tensor:
        name, shape, begin = self._place(entry)
        dtype, count = _TYPES[name], math.prod(shape)
        if count == 0:
            return torch.empty(shape, dtype=dtype)
        _, raw, start = self._content
        return torch.frombuffer(raw, dtype=dtype, count=count, offset=start + begin).reshape(shape)

    def _place(self, entry: Any) -> tuple[str, list[int], int]:
        """Type, shape and first byte of an entry, whatever was written there."""
        try:
            name, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            width = _TYPES[name].itemsize
            whole = all(type(size) is int and size >= 0 for size in (*shape, begin, end))
        except (KeyError, TypeError, ValueError) as error:
            raise self._unreadable() from error
        _, raw, start = self._content
        if not whole or end - begin != width * math.prod(shape) or start + end > len(raw):
            raise self._unreadable()
        return name, shape, begin

    @cached_property
    def _numbers(self) -> NDArray[np.float64] | None:
        """All data as one array of doubles; None if it does not begin on a boundary."""
        _, raw, start = self._content
        if start % 8:
            return None
        return np.frombuffer(raw, dtype="<f8", count=(len(raw) - start) // 8, offset=start)

    def joined(self, names: Sequence[str | None], shapes: Sequence[Sequence[int]]) -> torch.Tensor | None:
        """The numbers of several tensors one after the other, in double precision and without looking at each alone.

        None if one is not there, has another shape, or is not stored in double precision: then ask for them singly.
        """
        (header, raw, start), numbers = self._content, self._numbers
        if numbers is None:
            return None
        most = len(raw) - start
        parts = []
        for name, shape in zip(names, shapes, strict=True):
            entry = None if name is None else header.get(name)
            if not isinstance(entry, dict) or entry.get("dtype") != _DOUBLE or entry.get("shape") != list(shape):
                return None
            span = entry.get("data_offsets")
            if not isinstance(span, list) or len(span) != 2 or type(span[0]) is not int or type(span[1]) is not int:
                return None
            begin, end = span
            if not 0 <= begin <= end <= most or begin % 8 or end - begin != 8 * math.prod(shape):
                return None
            parts.append(numbers[begin // 8 : end // 8])
        return torch.from_numpy(np.concatenate(parts)) if parts else None
