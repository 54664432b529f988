"""A picture made of lines, dashes, filled shapes and text, and its PNG, with nothing but NumPy and zlib.

Edges are smoothed by steps of a palette, so that the file stays small. It holds pixels only: no text, no date.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from strokes import Point, width, written

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
STEPS = 6
"""From white to a colour."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Canvas:
    """A white sheet; x grows to the right and y downwards, in pixels."""

    def __init__(self, wide: int, high: int, colours: Sequence[Colour]) -> None:
        self.pixels: Pixels = np.zeros((high, wide), dtype=np.uint8)
        self.colours = tuple(colours)

    def line(self, points: Iterable[Point], colour: int | None, thick: float) -> None:
        """Draw along points, with round ends; colour None wipes."""
        for (x0, y0), (x1, y1) in pairwise(points):
            window, xs, ys = self._window((x0, x1), (y0, y1), thick)
            along_x, along_y = x1 - x0, y1 - y0
            length = along_x**2 + along_y**2
            part = np.clip(((xs - x0) * along_x + (ys - y0) * along_y) / length, 0, 1) if length else 0.0
            distance = np.hypot(xs - x0 - part * along_x, ys - y0 - part * along_y)
            self._paint(window, thick / 2 + 0.5 - distance, colour)

    def dashes(self, points: Sequence[Point], colour: int, thick: float, pattern: Sequence[float]) -> None:
        """Draw along points by turns of line and gap; no pattern is a whole line."""
        for piece in _pieces(points, pattern) if pattern else [points]:
            self.line(piece, colour, thick)

    def shape(self, corners: Sequence[Point], colour: int | None) -> None:
        """Fill a convex shape whose corners go clockwise as one sees them; colour None wipes."""
        window, xs, ys = self._window([x for x, _ in corners], [y for _, y in corners], 1)
        inside = np.full(np.broadcast_shapes(xs.shape, ys.shape), np.inf)
        for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
            away = ((x1 - x0) * (ys - y0) - (y1 - y0) * (xs - x0)) / math.hypot(x1 - x0, y1 - y0)
            inside = np.minimum(inside, away)
        self._paint(window, inside + 0.5, colour)

    def text(
        self, text: str, at: Point, colour: int | None, *, size: float, thick: float, turned: bool = False
    ) -> None:
        """Write a line of text around a point; `size` is the height of a capital, `turned` makes it run upwards."""
        scale = size / 7
        for stroke in written(text):
            moved = [((x - width(text) / 2) * scale, (3.5 - y) * scale) for x, y in stroke]
            self.line([(at[0] + (y if turned else x), at[1] + (-x if turned else y)) for x, y in moved], colour, thick)

    def png(self) -> bytes:
        """The picture as a file."""
        high, wide = self.pixels.shape
        palette = [(255, 255, 255)] + [
            tuple(round(255 + (part - 255) * step / STEPS) for part in colour)
            for colour in self.colours
            for step in range(1, STEPS + 1)
        ]
        rows = np.concatenate([np.zeros((high, 1), dtype=np.uint8), self.pixels], axis=1)
        size = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)
        return packed(size, bytes(part for colour in palette for part in colour), zlib.compress(rows.tobytes(), 9))

    def _window(
        self, xs: Sequence[float], ys: Sequence[float], margin: float
    ) -> tuple[tuple[slice, slice], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The part of the sheet around some points, and the middles of its pixels."""
        high, wide = self.pixels.shape
        left, right = max(0, math.floor(min(xs) - margin)), min(wide, math.ceil(max(xs) + margin) + 1)
        top, bottom = max(0, math.floor(min(ys) - margin)), min(high, math.ceil(max(ys) + margin) + 1)
        return (
            (slice(top, bottom), slice(left, right)),
            np.arange(left, right)[None, :] + 0.5,
            np.arange(top, bottom)[:, None] + 0.5,
        )

    def _paint(self, window: tuple[slice, slice], cover: npt.NDArray[np.float64], colour: int | None) -> None:
        """Cover pixels by parts between 0 and 1; a pixel that has more of a colour already keeps it at the edges."""
        steps = np.rint(np.clip(cover, 0, 1) * STEPS).astype(np.uint8)
        there = self.pixels[window]
        if colour is None:
            there[steps > STEPS // 2] = 0
            return
        base = colour * STEPS
        old = np.where(there > 0, (there - 1) % STEPS + 1, 0)
        same = (there > base) & (there <= base + STEPS)
        wins = (steps > 0) & np.where(same, steps > old, (steps >= old) | (steps > STEPS // 2))
        there[wins] = base + steps[wins]


def packed(size: bytes, palette: bytes, compressed: bytes) -> bytes:
    """A PNG of these three parts."""
    parts = ((b"IHDR", size), (b"PLTE", palette), (b"IDAT", compressed), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def shown(png: bytes) -> tuple[bytes, bytes, bytes]:
    """Size, palette and pixels of a PNG that `Canvas.png` made, whatever library compressed it.

    Raises:
        ValueError: if it is no such file.
    """
    chunks, at = [], len(_SIGNATURE)
    while png.startswith(_SIGNATURE) and at + 12 <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    if [name for name, _ in chunks] != [b"IHDR", b"PLTE", b"IDAT", b"IEND"]:
        raise ValueError("not a PNG of size, palette and pixels only")
    try:
        return chunks[0][1], chunks[1][1], zlib.decompress(chunks[2][1])
    except zlib.error as error:
        raise ValueError(f"the pixels of the PNG cannot be read: {error}") from error


def _pieces(points: Sequence[Point], pattern: Sequence[float]) -> Iterator[list[Point]]:
    """The parts of a line that a pattern of lengths (line, gap, line, gap, ...) draws."""
    turn, left = 0, pattern[0]
    piece = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length, done = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - done > left:
            done += left
            cut = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if turn % 2 == 0:
                yield [*piece, cut]
            piece = [cut]
            turn += 1
            left = pattern[turn % len(pattern)]
        left -= length - done
        piece.append((x1, y1))
    if turn % 2 == 0:
        yield piece
