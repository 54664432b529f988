"""Calls in a hand-in's source that draw, and what they say about axes; read from the syntax tree, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.score.source_text import CELL_CHARS, parsed

_DRAWING = {
    "plot", "scatter", "bar", "barh", "hist", "boxplot", "errorbar", "fill_between", "imshow", "matshow", "pcolormesh",
    "contour", "contourf", "semilogx", "semilogy", "loglog", "step", "stem", "violinplot", "heatmap", "lineplot",
    "scatterplot", "barplot", "histplot", "line",
}  # fmt: skip
_SETTING = {"xlabel": "x", "ylabel": "y", "title": "title"}
_LABELLING = _SETTING | {f"set_{name}": axis for name, axis in _SETTING.items()}
_MOST_NODES = 50_000
_LABEL_CHARS = 60
MARKDOWN_PICTURE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{1,300}\)|<img\b[^<>]{0,300}>|data:image/", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What the source of a cell draws."""

    lines: tuple[int, ...]
    """Lines with calls that draw."""
    labels: tuple[tuple[str, str], ...]
    """(`x`, `y` or `title`, text) where they are written down; a text that is computed is shown as such."""


def drawing_in(source: str) -> Drawing:
    """The calls of a cell that draw."""
    lines: list[int] = []
    labels: list[tuple[str, str]] = []
    for call in _calls(source) if len(source) <= CELL_CHARS else ():
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in _DRAWING and isinstance(call.func, ast.Attribute):
            lines.append(call.lineno)
        if name in _LABELLING and call.args:
            labels.append((_LABELLING[name], _said(call.args[0])))
        if name in _DRAWING | {"set"}:
            labels += [(_SETTING[one.arg], _said(one.value)) for one in call.keywords if one.arg in _SETTING]
    return Drawing(lines=tuple(dict.fromkeys(lines)), labels=tuple(dict.fromkeys(labels)))


def _calls(source: str) -> Iterator[ast.Call]:
    left = _MOST_NODES
    for statement in parsed(source):
        waiting: list[ast.AST] = [statement]
        while waiting and left > 0:
            node = waiting.pop()
            left -= 1
            if isinstance(node, ast.Call):
                yield node
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def _said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())[:_LABEL_CHARS]
    return "(computed)"
