"""What the source says that no mark depends on: forbidden names and tampering, flagged for a person with the line.

Only the notebook's text is read, never run. Aliases of imports are followed, and reflection as far as names are put
together from constants. The evidence is asked, too: a forbidden library class inside a constructed object, or among the
ancestors of its class, is found whatever the source looked like.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal
from weakref import WeakKeyDictionary

from grader.coursework import StudentVersion, normalise
from grader.evidence import Evidence
from grader.records import CellKind, NotebookRecord, cell_name
from grader.score.source_text import CELL_CHARS, parsed

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
    "_grader_agent",
)
_HARMLESS = ("sys.path", "sys.stdout", "sys.stderr", "torch.backends")
"""Settings that honest notebooks change."""
_ORDINARY = ("gc", "gc.collect")
_OURS = re.compile(r"_grader_agent|GRADER_(?:JOB|EVIDENCE)|(?<![^\s\"'(])/(?:evidence|job|agent|sockets)(?=/|$)")
"""Names of ours in a kernel that no answer has a reason to write down: the agent, and the places of a sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something for a person to look at."""

    flag: str
    """`forbidden:<dotted name>` or `tampering:<dotted name>`."""
    note: str
    """Where it is, in words."""


def scan(evidence: Evidence, forbids: tuple[str, ...], template: StudentVersion) -> list[Finding]:
    """Forbidden names and tampering in a submission, at most twenty; what the template itself does is left out."""
    given = _given(template, forbids)
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


_GIVEN: WeakKeyDictionary[StudentVersion, dict[tuple[str, ...], set[tuple[str, str, str]]]] = WeakKeyDictionary()


def _given(template: StudentVersion, forbids: tuple[str, ...]) -> set[tuple[str, str, str]]:
    """What the template itself does; found out once for a template."""
    known = _GIVEN.setdefault(template, {})
    if forbids not in known:
        known[forbids] = {(use.kind, use.name, use.text) for use in _uses(template.notebook, forbids)}
    return known[forbids]


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
    for cell in notebook.cells:
        if cell.kind is not CellKind.CODE or len(cell.source) > CELL_CHARS:
            continue
        for kind, name, line in _in_cell(cell.source, aliases, forbids):
            lines = cell.source.split("\n")
            text = normalise(lines[line - 1]) if 0 < line <= len(lines) else ""
            yield _Use(kind=kind, name=name, cell=cell.index, line=line, text=text)


def _in_cell(source: str, aliases: dict[str, str], forbids: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    for mention in _mentions(source):
        if mention.node is not None:
            for imported in _imported(mention.node, aliases, forbids):
                yield from ((*broken, mention.line) for broken in _judged(imported, forbids))
        elif mention.verb == "names":
            yield "tampering", mention.root, mention.line
        elif mention.verb == "imports":
            yield from ((*broken, mention.line) for broken in _judged(mention.root, forbids))
        elif mention.verb == "defines":
            aliases.pop(mention.root, None)  # the student's own definition hides the import
        elif mention.root in aliases:
            name = ".".join((aliases[mention.root], *mention.attributes))
            if mention.verb == "reads":
                yield from ((*broken, mention.line) for broken in _judged(name, forbids))
            elif _is_guarded(name):
                yield "tampering", name, mention.line


@dataclass(frozen=True, slots=True)
class _Mention:
    """A place in a cell where a name is imported, defined, read or written to, or a name of ours stands in a text."""

    verb: Literal["imports", "defines", "reads", "writes", "names"]
    line: int
    root: str = ""
    attributes: tuple[str, ...] = ()
    node: ast.Import | ast.ImportFrom | None = None
    """The import statement; None where a function imports the module `root`."""


@lru_cache(maxsize=512)
def _mentions(source: str) -> tuple[_Mention, ...]:
    """All of them, whatever the names mean; kept, since most cells are the template's."""
    found = []
    for statement in parsed(source):
        for node in nodes(statement):
            look = _LOOKS.get(type(node))
            mention = None if look is None else look(node)
            if mention is not None:
                found.append(mention)
    return tuple(found)


def nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """A statement and all below it, in the order of `ast.walk`, without contexts and operators, which hold nothing."""
    waiting: deque[ast.AST] = deque([statement])
    while waiting:
        node = waiting.popleft()
        yield node
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, list):
                waiting.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST) and value._fields:
                waiting.append(value)


def _import(node: ast.Import | ast.ImportFrom) -> _Mention:
    return _Mention("imports", node.lineno, node=node)


def _definition(node: ast.ClassDef | ast.FunctionDef) -> _Mention:
    return _Mention("defines", node.lineno, node.name)


def _name(node: ast.Name) -> _Mention | None:
    return _Mention("reads", node.lineno, node.id) if isinstance(node.ctx, ast.Load) else None


def _attribute(node: ast.Attribute) -> _Mention | None:
    return _chain("reads" if isinstance(node.ctx, ast.Load) else "writes", node, node.lineno)


def _subscript(node: ast.Subscript) -> _Mention | None:
    return _from_namespace(node) if isinstance(node.ctx, ast.Load) else _chain("writes", node.value, node.lineno)


def _text(node: ast.Constant) -> _Mention | None:
    found = _OURS.search(node.value) if isinstance(node.value, str) else None
    return found and _Mention("names", node.lineno, found.group())


def _call(node: ast.Call) -> _Mention | None:
    """What a call by which names are read, written or imported is about."""
    if not node.args:
        return None
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("setattr", "delattr"):
        return _chain("writes", node.args[0], node.lineno)
    if called in ("__import__", "import_module"):
        module = _constant_text(node.args[0])
        return None if module is None else _Mention("imports", node.lineno, module)
    if called == "getattr" and len(node.args) > 1:
        return _member(node.args[0], node.args[1], node.lineno)
    return None


def _from_namespace(node: ast.Subscript) -> _Mention | None:
    """`vars(module)["name"]` and `module.__dict__["name"]`."""
    holder = node.value
    if isinstance(holder, ast.Attribute) and holder.attr == "__dict__":
        return _member(holder.value, node.slice, node.lineno)
    if isinstance(holder, ast.Call) and getattr(holder.func, "id", "") == "vars" and holder.args:
        return _member(holder.args[0], node.slice, node.lineno)
    return None


def _member(owner: ast.expr, name: ast.expr, line: int) -> _Mention | None:
    text = _constant_text(name)
    found = None if text is None else _chain("reads", owner, line)
    return found and replace(found, attributes=(*found.attributes, *str(text).split(".")))


def _constant_text(node: ast.expr, depth: int = 20) -> str | None:
    """A text that is written down, in one piece or several; None if it has to be computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    parts: list[str | None] = []
    if depth and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [_constant_text(node.left, depth - 1), _constant_text(node.right, depth - 1)]
    elif depth and isinstance(node, ast.JoinedStr):
        parts = [_constant_text(part, depth - 1) for part in node.values]
    elif depth and isinstance(node, ast.FormattedValue):
        parts = [_constant_text(node.value, depth - 1)]
    return None if not parts or None in parts else "".join(part for part in parts if part)


def _chain(verb: Literal["reads", "writes"], node: ast.expr, line: int) -> _Mention | None:
    """A chain of attributes of a name; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return _Mention(verb, line, node.id, tuple(reversed(parts))) if isinstance(node, ast.Name) else None


_LOOKS: Mapping[type[ast.AST], Callable[[Any], _Mention | None]] = {
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.ClassDef: _definition,
    ast.FunctionDef: _definition,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Constant: _text,
    ast.Call: _call,
}


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


@lru_cache(maxsize=2048)
def _judged(name: str, forbids: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """What reading a dotted name is: (kind, what of it) for each rule that it breaks."""
    broken = [("forbidden", one) for one in forbids if name == one or name.startswith(f"{one}.")]
    if name not in _ORDINARY:
        broken += [("tampering", one) for one in _REFLECTION if name == one or name.startswith(f"{one}.")]
    return tuple(broken)


@lru_cache(maxsize=2048)
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
        for value in run.values.values():
            if (facts := value.facts) is not None:
                yield from ((short[held], facts.class_name) for held in facts.library_parts if held in short)
