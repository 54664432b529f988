"""What a notebook file calls a cell: ids and tags that programs keep while people move, copy and edit cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST_LABELS = 8
LABEL_CHARS = 64
_LABEL = re.compile(r"[\w.:/@+-][\w.:/@+ -]*")


def cell_labels(cell: dict[str, object]) -> tuple[str, ...]:
    """The cell's id, the id that an assignment tool gave it, and its tags, each once; odd ones are left out.

    Args:
        cell: a cell of any version of the format, as JSON.
    """
    kept: dict[str, None] = {}
    for label in _labels(cell):
        if isinstance(label, str) and len(label) <= LABEL_CHARS and _LABEL.fullmatch(label):
            kept[label] = None
        if len(kept) == MOST_LABELS:
            break
    return tuple(kept)


def _labels(cell: dict[str, object]) -> Iterator[object]:
    yield cell.get("id")
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        return
    yield metadata.get("id")
    assignment = metadata.get("nbgrader")
    if isinstance(assignment, dict):
        yield assignment.get("grade_id")
    tags = metadata.get("tags")
    if isinstance(tags, list):
        yield from tags[: 4 * MOST_LABELS]
