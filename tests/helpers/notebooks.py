"""Builders of notebooks as bytes, so that tests say what is in a notebook and not how the format writes it."""

from __future__ import annotations

import json
from typing import Any


def code_cell(source: str, *, count: int | None = None, outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A code cell of format 4."""
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": count,
        "source": source,
        "outputs": outputs or [],
    }


def markdown_cell(source: str) -> dict[str, Any]:
    """A markdown cell of format 4."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(cells: list[tuple[str, str]], **metadata: Any) -> dict[str, Any]:
    """A notebook of format 4.4 as a dictionary.

    Args:
        cells: pairs of cell type ("code", "markdown", anything) and source, in order.
        metadata: entries of the notebook's metadata, for example `kernelspec={...}`.
    """
    made = [
        code_cell(source) if kind == "code" else {**markdown_cell(source), "cell_type": kind} for kind, source in cells
    ]
    return {"cells": made, "metadata": dict(metadata), "nbformat": 4, "nbformat_minor": 4}


def notebook_bytes(cells: list[tuple[str, str]], **metadata: Any) -> bytes:
    """The same notebook as the bytes of an .ipynb file, indented as Jupyter writes it."""
    return as_bytes(notebook(cells, **metadata))


def as_bytes(content: dict[str, Any]) -> bytes:
    """A notebook dictionary (changed by the test) as the bytes of an .ipynb file."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
