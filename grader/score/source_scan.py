"""What the source says that no mark depends on: forbidden names and tampering, flagged for a person with the line.

Only the notebook's text is read, never run; aliases of imports are followed, reflection is not. The evidence is asked,
too: a forbidden library class inside a constructed object is found whatever the source looked like.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.coursework import StudentVersion, normalise
from grader.evidence import Evidence, Facts, Value
from grader.records import NotebookRecord, cell_name
from grader.score.source_text import statements

_MOST = 20
"""Findings in one notebook; a person who has seen twenty needs no more."""
_GUARDED = ("torch", "builtins", "sys", "IPython")
"""Modules that an answer has no reason to write to."""
_REFLECTION = (
    "gc",
    "ctypes",
    "sys._getframe",
    "sys.settrace",
    "sys.setprofile",
    "inspect.currentframe",
    "inspect.stack",
)
_HARMLESS = ("sys.path", "sys.stdout", "sys.stderr", "torch.backends")
"""Settings that honest notebooks change."""
_ORDINARY = ("gc", "gc.collect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something for a person to look at."""

    flag: str
    """`forbidden:<dotted name>` or `tampering:<dotted name>`."""
    note: str
    """Where it is, in words."""


def scan(evidence: Evidence, forbids: tuple[str, ...], template: StudentVersion) -> list[Finding]:
    """Forbidden names and tampering in a submission, at most twenty; what the template itself does is left out."""
    given = {(use.kind, use.name, use.text) for use in _uses(template.notebook, forbids)}
    found: dict[str, Finding] = {}
    for use in _uses(evidence.notebook, forbids):
        if (use.kind, use.name, use.text) not in given:
            flag = f"{use.kind}:{use.name}"
            verb = "uses" if use.kind == "forbidden" else "reaches into"
            note = f"{cell_name(use.cell).capitalize()}, line {use.line} {verb} `{use.name}`; a person will look at it."
            found.setdefault(flag, Finding(flag=flag, note=note))
    for name, holder in _library_classes(evidence, forbids):
        note = f"An object of your `{holder}` holds `{name}`; a person will look at it."
        found.setdefault(f"forbidden:{name}", Finding(flag=f"forbidden:{name}", note=note))
    return list(found.values())[:_MOST]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    kind: str
    name: str
    cell: int
    line: int
    text: str
    """The line itself without spacing, to tell the student's own from the template's."""


def _uses(notebook: NotebookRecord, forbids: tuple[str, ...]) -> Iterator[_Use]:
    aliases = {"__builtins__": "builtins"}
    lines = {cell.index: cell.source.split("\n") for cell in notebook.cells}
    for statement in statements(notebook):
        for kind, name, line in _in_statement(statement.node, aliases, forbids):
            source = lines[statement.cell]
            text = normalise(source[line - 1]) if 0 < line <= len(source) else ""
            yield _Use(kind=kind, name=name, cell=statement.cell, line=line, text=text)


def _in_statement(root: ast.stmt, aliases: dict[str, str], forbids: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(root):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for imported in _imported(node, aliases, forbids):
                yield from _judged(imported, node.lineno, forbids)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            aliases.pop(node.name, None)  # the student's own definition hides the import
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            name = _dotted(node, aliases)
            if name is not None:
                yield from _judged(name, node.lineno, forbids)
        else:
            written = _written_to(node, aliases)
            if written is not None:
                yield "tampering", *written


def _imported(node: ast.Import | ast.ImportFrom, aliases: dict[str, str], forbids: tuple[str, ...]) -> Iterator[str]:
    """The dotted names that an import brings in; their aliases are remembered."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                aliases[alias.asname] = alias.name
            else:
                aliases[alias.name.split(".")[0]] = alias.name.split(".")[0]
            yield alias.name
    else:
        for alias in node.names:
            full = f"{node.module}.{alias.name}" if node.module else alias.name
            if alias.name == "*":
                brought = [name for name in forbids if name.rpartition(".")[0] == node.module]
                aliases.update({name.rpartition(".")[2]: name for name in brought})
            else:
                aliases[alias.asname or alias.name] = full
            yield full


def _judged(name: str, line: int, forbids: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    for forbidden in forbids:
        if name == forbidden or name.startswith(f"{forbidden}."):
            yield "forbidden", forbidden, line
    for reflection in _REFLECTION:
        inside = name == reflection or name.startswith(f"{reflection}.")
        if inside and name not in _ORDINARY:
            yield "tampering", reflection, line


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """A chain of attributes as the dotted name that it means; None if it does not start at an imported name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in aliases:
        return None
    return ".".join([aliases[node.id], *reversed(parts)])


def _written_to(node: ast.AST, aliases: dict[str, str]) -> tuple[str, int] | None:
    """What of a guarded module an assignment, a deletion or `setattr` writes to, and the line; None if nothing."""
    name: str | None = None
    if isinstance(node, ast.Attribute):
        name = _dotted(node, aliases)
    elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        name = _dotted(node.value, aliases)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        name = _dotted(node.args[0], aliases) if node.func.id in ("setattr", "delattr") else None
    if name is None or not _is_guarded(name):
        return None
    return name, getattr(node, "lineno", 1)


def _is_guarded(name: str) -> bool:
    if any(name == harmless or name.startswith(f"{harmless}.") for harmless in _HARMLESS):
        return False
    return any(name == module or name.startswith(f"{module}.") for module in _GUARDED)


def _library_classes(evidence: Evidence, forbids: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Forbidden library classes inside objects that the student's own classes constructed: (dotted name, class)."""
    short = {name.rsplit(".", 1)[-1]: name for name in forbids}
    if not short or not evidence.has("student"):
        return
    for run in evidence.part("student").record.probes:
        for facts in _facts(run.values.values()):
            for module in facts.modules:
                name = short.get(module.class_name.rsplit(".", 1)[-1])
                if module.library and module.name and name is not None:
                    yield name, facts.class_name


def _facts(values: Iterable[Value]) -> Iterator[Facts]:
    for value in values:
        if value.facts is not None:
            yield value.facts
