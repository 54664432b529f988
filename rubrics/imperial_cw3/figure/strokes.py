"""A small alphabet drawn with a pen: the signs that the figure needs, each as lines and arcs.

Units: a capital is 7 high, a small letter 5; y grows upwards from the line on which letters stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

Point = tuple[float, float]
Stroke = tuple[Point, ...]


def arc(x: float, y: float, wide: float, high: float, first: float, last: float) -> Stroke:
    """Part of an ellipse around (x, y), with its radii, from one angle to another in degrees, counter-clockwise."""
    steps = max(4, round(abs(last - first) / 15))
    angles = [math.radians(first + (last - first) * step / steps) for step in range(steps + 1)]
    return tuple((x + wide * math.cos(angle), y + high * math.sin(angle)) for angle in angles)


_BOWL = arc(2.1, 2.5, 2.1, 2.5, 0, 360)
SIGNS: dict[str, tuple[float, tuple[Stroke, ...]]] = {
    " ": (2.6, ()),
    "0": (4.4, (arc(2.2, 3.5, 2.2, 3.5, 0, 360),)),
    "1": (4.4, (((0.7, 5.6), (2.4, 7), (2.4, 0)),)),
    "2": (4.4, ((*arc(2.2, 4.9, 2.1, 2.1, 165, -35), (0, 0), (4.4, 0)),)),
    "3": (4.4, (arc(2.1, 5.25, 1.9, 1.75, 150, -90), arc(2.1, 1.85, 2.2, 1.85, 90, -150))),
    "4": (4.6, (((3.4, 0), (3.4, 7), (0, 2), (4.6, 2)),)),
    "5": (4.4, (((4, 7), (0.7, 7), (0.4, 3.8)), arc(2.1, 2.3, 2.3, 2.3, 140, -140))),
    "6": (4.4, (arc(2.2, 2.2, 2.2, 2.2, 0, 360), ((0, 2.2), (0.5, 4.6), (1.7, 6.3), (3.3, 7)))),
    "7": (4.4, (((0, 7), (4.4, 7), (1.5, 0)),)),
    "8": (4.4, (arc(2.2, 5.3, 1.8, 1.7, 0, 360), arc(2.2, 1.8, 2.2, 1.8, 0, 360))),
    "9": (4.4, (arc(2.2, 4.8, 2.2, 2.2, 0, 360), ((4.4, 4.8), (3.9, 2.4), (2.7, 0.7), (1.1, 0)))),
    "A": (5.2, (((0, 0), (2.6, 7), (5.2, 0)), ((0.9, 2.4), (4.3, 2.4)))),
    "B": (
        4.6,
        (
            ((0, 0), (0, 7), (2.5, 7), *arc(2.5, 5.35, 1.8, 1.65, 90, -90), (0, 3.7)),
            ((2.5, 3.7), *arc(2.6, 1.85, 2, 1.85, 90, -90), (0, 0)),
        ),
    ),
    "C": (5, (arc(2.9, 3.5, 2.9, 3.5, 50, 310),)),
    "D": (5, (((0, 0), (0, 7), (1.8, 7), *arc(1.8, 3.5, 3.2, 3.5, 90, -90), (0, 0)),)),
    "E": (4.2, (((4.2, 7), (0, 7), (0, 0), (4.2, 0)), ((0, 3.6), (3.6, 3.6)))),
    "F": (4.2, (((4.2, 7), (0, 7), (0, 0)), ((0, 3.6), (3.6, 3.6)))),
    "I": (0.6, (((0.3, 0), (0.3, 7)),)),
    "V": (5.2, (((0, 7), (2.6, 0), (5.2, 7)),)),
    "a": (4.2, (_BOWL, ((4.2, 5), (4.2, 0)))),
    "c": (3.9, (arc(2.1, 2.5, 2.1, 2.5, 45, 315),)),
    "d": (4.2, (_BOWL, ((4.2, 7.2), (4.2, 0)))),
    "e": (4.2, (((0, 2.5), *arc(2.1, 2.5, 2.1, 2.5, 0, 315)),)),
    "i": (0.6, (((0.3, 0), (0.3, 5)), ((0.3, 6.8), (0.3, 6.9)))),
    "l": (0.6, (((0.3, 0), (0.3, 7.2)),)),
    "n": (3.8, (((0, 0), (0, 5)), (*arc(1.9, 3.1, 1.9, 1.9, 180, 0), (3.8, 0)))),
    "o": (4.2, (_BOWL,)),
    "r": (2.4, (((0, 0), (0, 5)), arc(2.2, 2.9, 2.2, 2.1, 180, 80))),
    "t": (2.6, (((1.1, 6.6), (1.1, 1.3), *arc(2.3, 1.2, 1.2, 1.2, 180, 285)), ((0, 5), (2.6, 5)))),
    "u": (3.8, (((0, 5), *arc(1.9, 1.9, 1.9, 1.9, 180, 360)), ((3.8, 5), (3.8, 0)))),
    "y": (4, (((0, 5), (2.1, 0)), ((4, 5), (1.7, -1.2), (1, -2), (0.1, -2)))),
    "(": (1.6, (arc(3.4, 2.9, 3.2, 5, 130, 230),)),
    ")": (1.6, (arc(-1.8, 2.9, 3.2, 5, 50, -50),)),
    "%": (7, (arc(1.4, 5.5, 1.4, 1.5, 0, 360), arc(5.6, 1.5, 1.4, 1.5, 0, 360), ((5.6, 7), (1.4, 0)))),
}
_GAP = 1.5


def width(text: str) -> float:
    """How wide a line of text is.

    Raises:
        ValueError: if a sign of it is not in the alphabet.
    """
    unknown = sorted(set(text) - SIGNS.keys())
    if unknown:
        raise ValueError(f'"{"".join(unknown)}" is not in the alphabet of strokes.py; draw it there')
    return sum(SIGNS[sign][0] + _GAP for sign in text) - _GAP if text else 0.0


def written(text: str) -> Iterator[Stroke]:
    """The strokes of a line of text that begins at (0, 0)."""
    width(text)
    at = 0.0
    for sign in text:
        wide, strokes = SIGNS[sign]
        for stroke in strokes:
            yield tuple((at + x, y) for x, y in stroke)
        at += wide + _GAP
