"""The chart: accuracy against iterations, one curve a letter. Nothing here knows which model a letter stands for.

Colours, dashes and markers follow the order of the letters, and so does the order of drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from canvas import Canvas
from strokes import Point

WIDE, HIGH = 840, 520
LEFT, RIGHT, TOP, BOTTOM = 96, 816, 22, 436
"""Edges of the plot."""
COLOURS = ((0, 114, 178), (204, 77, 0), (0, 140, 100), (34, 34, 34), (205, 205, 205))
"""Of the first, second and third letter; of ink and of the grid."""
INK, GRID = 3, 4
DASHES: tuple[tuple[float, ...], ...] = ((), (15, 9), (1, 8))
NAMES = ("solid line with circles", "dashed line with squares", "dotted line with triangles")
"""How the curves look, in words."""
_BETWEEN_MARKERS = 90
_MARKER = 6.5

Curve = Sequence[tuple[int, float]]
"""Iterations, ascending, and the accuracy at each in per cent."""


def place(iteration: float, accuracy: float, last: float) -> Point:
    """Where a value lies on the sheet, if the horizontal axis ends at `last`."""
    return LEFT + (RIGHT - LEFT) * iteration / last, BOTTOM - (BOTTOM - TOP) * accuracy / 100


def marked(number: int, iterations: Iterable[int]) -> list[int]:
    """Where a curve has its markers: shifted against those of the others, so that none hides another."""
    shift = _BETWEEN_MARKERS * (number + 1) // len(DASHES) % _BETWEEN_MARKERS
    return [iteration for iteration in iterations if iteration % _BETWEEN_MARKERS == shift]


def chart(curves: Mapping[str, Curve]) -> bytes:
    """The picture as a PNG; the letters' order decides how each curve looks.

    Raises:
        ValueError: if there are more curves than kinds of line, or they do not begin and end together.
    """
    if not 1 <= len(curves) <= len(DASHES):
        raise ValueError(f"a chart has 1 to {len(DASHES)} curves, not {len(curves)}")
    ends = {(curve[0][0], curve[-1][0]) for curve in curves.values()}
    if len(ends) != 1 or min(ends)[0] != 0 or min(ends)[1] <= 0:
        raise ValueError("all curves must begin at iteration 0 and end at the same one")
    last = min(ends)[1]
    canvas = Canvas(WIDE, HIGH, COLOURS)
    _axes(canvas, last)
    placed = [[place(*value, last) for value in curve] for curve in curves.values()]
    for number, points in enumerate(placed):
        canvas.dashes(points, number, 3.6 if number == 2 else 2.6, DASHES[number])
    for number, curve in enumerate(curves.values()):
        for iteration in marked(number, dict(curve)):
            _marker(canvas, number, place(iteration, dict(curve)[iteration], last))
    for number, label in enumerate(curves):
        _name(canvas, label, number, placed)
    _legend(canvas, list(curves))
    return canvas.png()


def _axes(canvas: Canvas, last: int) -> None:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if last <= 6 * step)
    for accuracy in range(0, 101, 20):
        x, y = place(0, accuracy, last)
        canvas.line([(x, y), (RIGHT, y)], GRID, 1)
        canvas.line([(x - 6, y), (x, y)], INK, 1.6)
        canvas.text(str(accuracy), (x - 30, y), INK, size=15, thick=1.9)
    for iteration in range(0, last + 1, step):
        x, y = place(iteration, 0, last)
        canvas.line([(x, y), (x, TOP)], GRID, 1)
        canvas.line([(x, y), (x, y + 6)], INK, 1.6)
        canvas.text(str(iteration), (x, y + 22), INK, size=15, thick=1.9)
    canvas.line([(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)], INK, 1.6)
    canvas.text("Iteration", ((LEFT + RIGHT) / 2, HIGH - 22), INK, size=17, thick=2.1)
    canvas.text("Validation accuracy (%)", (24, (TOP + BOTTOM) / 2), INK, size=17, thick=2.1, turned=True)


def _marker(canvas: Canvas, number: int, at: Point) -> None:
    x, y = at
    r = _MARKER
    if number == 0:
        canvas.line([at, at], number, 2 * r)
    elif number == 1:
        canvas.shape([(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)], number)
    else:
        canvas.shape([(x, y - 1.3 * r), (x + 1.3 * r, y + r), (x - 1.3 * r, y + r)], number)


def _name(canvas: Canvas, label: str, number: int, placed: Sequence[Sequence[Point]]) -> None:
    """Write a letter beside its curve, where the other curves are farthest away."""

    def room(spot: Point) -> float:
        others = [point for other, points in enumerate(placed) if other != number for point in points]
        return min(((spot[0] - x) ** 2 + (spot[1] - y) ** 2) ** 0.5 for x, y in others) if others else 0.0

    spots = [
        (x, y + side * 30)
        for x, y in placed[number]
        for side in (-1, 1)
        if LEFT + 20 < x < RIGHT - 20 and TOP + 16 < y + side * 30 < BOTTOM - 20
    ]
    if not spots:
        return
    own = placed[number]

    def clear(spot: Point) -> bool:
        return min(((spot[0] - x) ** 2 + (spot[1] - y) ** 2) ** 0.5 for x, y in own) > 25

    spot = max([spot for spot in spots if clear(spot)] or spots, key=lambda spot: (round(room(spot), 3), -spot[0]))
    canvas.text(label, spot, None, size=19, thick=9)
    canvas.text(label, spot, number, size=19, thick=3)


def _legend(canvas: Canvas, labels: Sequence[str]) -> None:
    """The letters with their lines, above the horizontal axis, where accuracy is below chance."""
    wide, y = 130, BOTTOM - 38
    left = RIGHT - 24 - wide * len(labels)
    frame = [(left - 10, y - 22), (RIGHT - 14, y - 22), (RIGHT - 14, y + 22), (left - 10, y + 22), (left - 10, y - 22)]
    canvas.shape(frame[:-1], None)
    canvas.line(frame, GRID, 1.4)
    for number, label in enumerate(labels):
        x = left + 8 + wide * number
        canvas.dashes([(x, y), (x + 66, y)], number, 3.6 if number == 2 else 2.6, DASHES[number])
        _marker(canvas, number, (x + 33, y))
        canvas.text(label, (x + 88, y), INK, size=17, thick=2.4)
