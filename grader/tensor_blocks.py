"""How many small tensors lie in one large one: a *block* in a safetensors file, with its index in the metadata.

A part of a submission holds thousands of tensors of a few numbers each, and a list of them all takes longer to read
than their content. So those of one probe, of one type and of one purpose lie one after the other in a block. Its index
names them without the probe; those who write their classes alike have equal indices, and each is read once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import pydantic_core

TRACED = "t/"
"""With which the names of tensors begin that were recorded on their way through a model; few are ever looked at."""
KEPT_CHARS = 64 * 1024
"""Length up to which an index is parsed once; honest ones are shorter."""
_KEPT = 1024
_MOST_NUMBERS = 2**40


Shape = tuple[int, ...]


class Piece(NamedTuple):
    """A tensor inside a block."""

    shape: Shape
    begin: int
    """In elements, from the start of the block."""
    end: int


def split_name(key: str) -> tuple[str, str]:
    """The group of a tensor and its name within: "p@0/t/1f" is "1f" of the group "p@0/t/"."""
    probe, slash, name = key.partition("/")
    if name.startswith(TRACED):
        return probe + slash + TRACED, name[len(TRACED) :]
    return probe + slash, name


def block_name(group: str, dtype: str) -> str:
    """The name of the block that holds a group's tensors of one type."""
    return f"{group}*{dtype}"


def index_text(shapes: Iterable[tuple[str, Shape]]) -> str:
    """The index of a block: names within the group and shapes, in the order of their content."""
    return json.dumps({name: list(shape) for name, shape in shapes}, separators=(",", ":"))


def pieces_of(text: str) -> dict[str, Piece]:
    """What an index says.

    Raises:
        ValueError: if it is no index.
    """
    return _pieces_kept(text) if len(text) <= KEPT_CHARS else _pieces(text)


def _pieces(text: str) -> dict[str, Piece]:
    shapes: Any = pydantic_core.from_json(text)
    if not isinstance(shapes, dict):
        raise ValueError("an index is a mapping")
    found: dict[str, Piece] = {}
    end = 0
    for name, shape in shapes.items():
        if not isinstance(shape, list) or any(type(size) is not int or not 0 <= size < _MOST_NUMBERS for size in shape):
            raise ValueError(f"{name[:80]} has no plausible shape")
        begin, end = end, end + math.prod(shape)
        found[name] = Piece(tuple(shape), begin, end)
    return found


_pieces_kept = lru_cache(maxsize=_KEPT)(_pieces)


@lru_cache(maxsize=_KEPT)
def spans(text: str, names: tuple[str, ...], shapes: tuple[Shape, ...]) -> tuple[tuple[int, int], ...] | None:
    """Where some tensors of a block lie, in elements; None if one is not there or has another shape.

    Raises:
        ValueError: if the text is no index.
    """
    pieces = pieces_of(text)
    found = [pieces.get(name) for name in names]
    if any(piece is None or piece.shape != shape for piece, shape in zip(found, shapes, strict=True)):
        return None
    return tuple((piece.begin, piece.end) for piece in found if piece is not None)
