"""Every definition of a name that the rubric asks about, the overridden ones included."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

AT_MOST = 3
"""Definitions kept of one name: the latest ones."""
_NOTHING = object()


@dataclass
class _Known:
    value: Any
    cell: int
    line: int
    source: str
    """Text of a class or function; empty for what was assigned."""


class Definitions:
    """What the subjects were bound to, in order of execution."""

    def __init__(self, subjects: tuple[str, ...], namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._known: dict[str, list[_Known]] = {name: [] for name in subjects}
        self._latest: dict[str, Any] = {name: namespace.get(name, _NOTHING) for name in subjects}

    def look(self, node: ast.stmt, cell: int, text: str) -> None:
        """Take note of subjects that the statement just run, `text`, has bound anew.

        The same text once more, as from a copied cell, is the same definition with a fresh object.
        """
        for name, known in self._known.items():
            value = self._namespace.get(name, _NOTHING)
            if value is _NOTHING or value is self._latest[name]:
                continue
            self._latest[name] = value
            source = text if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else ""
            same = next((entry for entry in known if source and entry.source == source), None)
            if same is not None:
                same.value = value
                continue
            known.append(_Known(value, cell, node.lineno, source))
            del known[:-AT_MOST]

    def of(self, name: str) -> list[Any]:
        """The objects that a name was bound to."""
        return [entry.value for entry in self._known.get(name, [])]

    def as_json(self) -> list[dict[str, Any]]:
        """JSON of `Definition`s, in order of execution within each name."""
        return [
            {"name": name, "cell": entry.cell, "line": entry.line}
            for name, known in self._known.items()
            for entry in known
        ]
