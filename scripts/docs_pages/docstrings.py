"""Docstrings of the reference, taken apart: sentences, the seven headings, and what is raised."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass, field

HEADINGS = ("Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes")
_HEADING = re.compile(rf"({'|'.join(HEADINGS)})(?:\s+(\S.*))?$")
_SECTION = re.compile(r"(Args|Returns|Raises|Yields):$")


@dataclass
class Docstring:
    """A docstring in pieces; a piece is its lines, without the indent that they share."""

    summary: str = ""
    paragraphs: list[str] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Docstring:
    """A docstring in pieces."""
    found = Docstring()
    lines = inspect.cleandoc(text).split("\n")
    found.summary = lines[0]
    place: list[str] = []  # the lines of the paragraph that is being read
    target: tuple[dict[str, str], str] | None = None

    def close() -> None:
        nonlocal place, target
        body = textwrap.dedent("\n".join(place)).strip("\n")
        if target is not None:
            target[0][target[1]] = body
        elif body:
            found.paragraphs.append(body)
        place, target = [], None

    for line in lines[1:]:
        heading, section = _HEADING.match(line), _SECTION.match(line)
        if heading:
            close()
            target = (found.headings, heading.group(1))
            place = [" " * heading.start(2) + heading.group(2)] if heading.group(2) else []
        elif section:
            close()
            target = (found.sections, section.group(1))
        elif line.strip() and not line.startswith(" ") and target is not None:
            close()
            place = [line]
        elif line.strip() or (target is not None and place):
            place.append(line)
        else:
            close()
    close()
    return found


def fields(source: str, name: str) -> dict[str, str]:
    """Name -> sentence of every field of a class that has one, in order."""
    (node,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name]
    found = {}
    for first, second in zip(node.body, node.body[1:], strict=False):
        documented = isinstance(second, ast.Expr) and isinstance(second.value, ast.Constant)
        if isinstance(first, ast.AnnAssign) and isinstance(first.target, ast.Name) and documented:
            found[first.target.id] = str(second.value.value)
    return found


def signature(source: str, name: str) -> str:
    """How a function, or a class, is called, as it stands in the source."""
    tree = ast.parse(source)
    (node,) = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name]
    if isinstance(node, ast.ClassDef):
        made = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        return _called(name, made[0], skip=1) if made else ""
    return _called(name, node)


def _called(name: str, node: ast.FunctionDef, skip: int = 0) -> str:
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    shown = [_argument(one, default) for one, default in zip(plain, defaults, strict=True)][skip:]
    if arguments.kwonlyargs:
        shown.append(f"*{arguments.vararg.arg}" if arguments.vararg else "*")
        shown += [_argument(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    returns = "" if skip or node.returns is None else f" -> {_annotation(node.returns)}"
    line = f"{name}({', '.join(shown)}){returns}"
    if len(line) <= 110:
        return line
    return "\n".join([f"{name}(", *(f"    {one}," for one in shown), f"){returns}"])


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {_annotation(argument.annotation)}" if argument.annotation is not None else ""
    return f"{argument.arg}{annotation}" + (f" = {_annotation(default)}" if default is not None else "")


def _annotation(node: ast.expr) -> str:
    return ast.unparse(node).replace("'", '"')
