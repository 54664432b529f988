"""The executed notebook: the student's own cells with what they printed here, as plain text and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grader.records import CellKind, NotebookCell, NotebookRecord

_KINDS = {CellKind.CODE: "code", CellKind.MARKDOWN: "markdown", CellKind.OTHER: "raw"}


def executed_notebook(notebook: NotebookRecord, outputs: Mapping[int, Sequence[Mapping[str, Any]]]) -> bytes:
    """A notebook of format 4.5 as JSON.

    Args:
        notebook: the hand-in.
        outputs: by the index of a cell, its outputs (streams, errors and plain text; already within limits).
    """
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}},
        "cells": [_cell(cell, outputs.get(cell.index)) for cell in notebook.cells],
    }
    return json.dumps(document, ensure_ascii=True, indent=1, sort_keys=True).encode()


def _cell(cell: NotebookCell, outputs: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": f"cell-{cell.index}",
        "cell_type": _KINDS[cell.kind],
        "metadata": {},
        "source": cell.source,
    }
    if cell.kind is CellKind.CODE:
        found["execution_count"] = None
        found["outputs"] = [dict(output) for output in outputs or ()]
    return found
