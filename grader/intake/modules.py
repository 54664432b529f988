"""Joins the Python files of a hand-in, and a notebook beside them, to one notebook: imports among them are resolved.

Everything is done on text, line by line and within the limits of reading: nothing is parsed as Python or imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from grader.intake.slugs import natural_key
from grader.records import CellKind, NotebookCell, NotebookRecord

MAX_JOINED = 30
"""Files that are joined at most."""

_FROM = re.compile(
    r"^(?P<indent>[ \t]*)from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]*"
    r"(?:\((?P<many>[^()]{0,4000})\)|(?P<few>[^\n(#;]{1,2000}))[^\n]*$",
    re.M,
)
_IMPORT = re.compile(r"^(?P<indent>[ \t]*)import[ \t]+(?P<modules>[\w., \t]{1,1000})(?:#[^\n]*)?$", re.M)
_DEFINED = re.compile(r"^(?:class|def|async[ \t]+def)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]{0,200})?=(?!=)", re.M)
_OPENS = re.compile(r"^(?:@|class[ \t]|def[ \t]|async[ \t]+def[ \t])")
_MAIN = re.compile(r"^if[ \t]*\(?[ \t]*__name__[ \t]*==[ \t]*(['\"])__main__\1")


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file of a hand-in."""

    path: str
    notebook: NotebookRecord

    @cached_property
    def code(self) -> str:
        """All its code."""
        return "\n".join(cell.source for cell in self.notebook.cells if cell.kind is CellKind.CODE)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What it defines at the top level."""
        found = (first or second for first, second in _DEFINED.findall(self.code))
        return tuple(dict.fromkeys(name for name in found if name))

    @cached_property
    def imported(self) -> tuple[str, ...]:
        """Modules that it imports, as it calls them."""
        return tuple(dict.fromkeys(_modules_in(self.code)))

    @property
    def is_script(self) -> bool:
        """True for a .py file."""
        return self.notebook.format == "py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The files as one notebook."""

    notebook: NotebookRecord
    paths: tuple[str, ...]
    """Of all files that are in it, in order."""
    cells: tuple[tuple[int, int], ...]
    """First and last cell of each, counted from 1."""


def join(
    chosen: Module, others: Sequence[Module], wanted: frozenset[str], markers: Sequence[str], *, most_cells: int
) -> Joined | None:
    """The chosen file with those scripts that belong to it; None if there are none, or if that is too much.

    A script belongs to it if it defines names that the coursework asks for and that are not there yet, or if one of
    them imports the other.

    Args:
        chosen: the notebook or script that fits best.
        others: the other scripts, the best first.
        wanted: names that the coursework asks for.
        markers: texts around answers; a file that holds one is not split.
        most_cells: how many cells a notebook may have.
    """
    taken = _belonging(chosen, [one for one in others if one.is_script], wanted)
    if len(taken) == 1:
        return None
    ordered = _ordered(chosen, taken)
    known = {one.path: one.names for one in taken if one.is_script}
    cells: list[tuple[CellKind, str, NotebookCell | None]] = []
    behind_main = False
    places: list[tuple[int, int]] = []
    for one in ordered:
        before = len(cells)
        for cell in one.notebook.cells:
            if not one.is_script:
                source = _resolved(cell.source, one.path, known) if cell.kind is CellKind.CODE else cell.source
                cells.append((cell.kind, source, cell))
            elif cell.kind is CellKind.CODE:
                parts = list(_parts(_resolved(cell.source, one.path, known), markers))
                behind_main = behind_main or any(kind is CellKind.OTHER for kind, _ in parts)
                cells += [(kind, source, None) for kind, source in parts]
            else:
                cells.append((cell.kind, cell.source, None))
        places.append((before + 1, len(cells)))
    if len(cells) > most_cells:
        return None
    notes = list(dict.fromkeys(note for one in ordered for note in one.notebook.notes if not _says_script(note)))
    if behind_main:
        notes.append('What stands behind `if __name__ == "__main__"` was read and not run.')
    record = NotebookRecord(
        source_name=chosen.notebook.source_name,
        format=chosen.notebook.format,
        cells=tuple(_numbered(cells)),
        notes=tuple(notes),
    )
    return Joined(notebook=record, paths=tuple(one.path for one in ordered), cells=tuple(places))


def _says_script(note: str) -> bool:
    return note.startswith("This is a Python script")


def _numbered(cells: Iterable[tuple[CellKind, str, NotebookCell | None]]) -> Iterator[NotebookCell]:
    for index, (kind, source, before) in enumerate(cells):
        yield NotebookCell(
            index=index,
            kind=kind,
            source=source,
            execution_count=None if before is None else before.execution_count,
            outputs=() if before is None else before.outputs,
        )


def _belonging(chosen: Module, others: Sequence[Module], wanted: frozenset[str]) -> list[Module]:
    taken = [chosen]
    there = wanted & set(chosen.names)
    for one in others:
        if (wanted & set(one.names)) - there and len(taken) < MAX_JOINED:
            taken.append(one)
            there |= wanted & set(one.names)
    grown = True
    while grown and len(taken) < MAX_JOINED:
        grown = False
        for one in others:
            if any(one is other for other in taken):
                continue
            if any(_imports(other, one) or (one.is_script and _imports(one, other)) for other in taken):
                taken.append(one)
                grown = True
                break
    return taken


def _ordered(chosen: Module, taken: Sequence[Module]) -> list[Module]:
    """Modules before what imports them; a notebook comes last, since it uses them."""
    left = sorted(taken, key=lambda one: (not one.is_script, natural_key(one.path)))
    ordered: list[Module] = []
    while left:
        free = [one for one in left if not any(_imports(one, other) for other in left if other is not one)]
        following = free[0] if free else left[0]
        ordered.append(following)
        left = [one for one in left if one is not following]
    return ordered


def _imports(one: Module, other: Module) -> bool:
    return other.is_script and any(_is(module, other.path) for module in one.imported)


def _modules_in(code: str) -> Iterator[str]:
    for found in _FROM.finditer(code):
        if found["module"].strip("."):
            yield found["module"]
        else:
            yield from (name for name, _ in _aliases(found["many"] or found["few"] or ""))
    for found in _IMPORT.finditer(code):
        yield from (name for name, _ in _aliases(found["modules"]))


def _aliases(text: str) -> list[tuple[str, str]]:
    """The (name, bound name) pairs of an import."""
    pairs = []
    for part in re.sub(r"#[^\n]*", "", text).split(","):
        words = part.split()
        if len(words) == 1:
            pairs.append((words[0], words[0]))
        elif len(words) == 3 and words[1] == "as":
            pairs.append((words[0], words[2]))
    return pairs


def _is(module: str, path: str) -> bool:
    """True if a module's name means a file of the hand-in: the end of its path, from whatever folder."""
    stem = re.sub(r"(/__init__)?\.py$", "", path, flags=re.IGNORECASE)
    dotted = module.strip(".").replace(".", "/")
    return bool(dotted) and (stem == dotted or stem.endswith(f"/{dotted}"))


def _resolved(source: str, importer: str, known: Mapping[str, Sequence[str]]) -> str:
    """The source without imports of the hand-in's own files: their names are there already; lines keep their places."""

    def names_of(module: str) -> Sequence[str] | None:
        fitting = [path for path in known if path != importer and _is(module, path)]
        beside = [path for path in fitting if path.rpartition("/")[0] == importer.rpartition("/")[0]]
        return known[(beside or fitting)[0]] if fitting else None

    def for_from(found: re.Match[str]) -> str:
        pairs = _aliases(found["many"] or found["few"] or "")
        if not found["module"].strip("."):
            lines = [_namespace(bound, names_of(name) or ()) for name, bound in pairs if names_of(name) is not None]
        elif names_of(found["module"]) is None:
            return found[0]
        else:
            lines = [f"{bound} = {name}" for name, bound in pairs if name != bound]
        return _same_height(found["indent"] + ("; ".join(lines) or "pass"), found[0])

    def for_import(found: re.Match[str]) -> str:
        pairs = _aliases(found["modules"])
        if not any(names_of(name) is not None for name, _ in pairs):
            return found[0]
        lines = []
        for name, bound in pairs:
            own = names_of(name)
            if own is None:
                lines.append(f"import {name}" + (f" as {bound}" if bound != name else ""))
            else:
                lines.append(_namespace(bound.rpartition(".")[2], own))
        return found["indent"] + "; ".join(lines)

    return _IMPORT.sub(for_import, _FROM.sub(for_from, source))


def _namespace(bound: str, names: Sequence[str]) -> str:
    """An object with the names of a module, under its own."""
    listed = ", ".join(f"{name}={name}" for name in names[:200])
    return f'{bound} = __import__("types").SimpleNamespace({listed})'


def _same_height(line: str, before: str) -> str:
    return line + "\n" * before.count("\n")


def _parts(source: str, markers: Sequence[str]) -> Iterator[tuple[CellKind, str]]:
    """A script's code split at its top-level definitions; what it does as a script stands apart, not to be run."""
    if any(marker in source for marker in markers):
        yield CellKind.CODE, source
        return
    kind, lines = CellKind.CODE, list[str]()
    inside = quoted = False
    for line in source.split("\n"):
        at_top = not quoted and line[:1] not in ("", " ", "\t", ")", "]", "}", "#")
        quoted ^= (line.count('"""') + line.count("'''")) % 2 == 1
        if at_top and (_MAIN.match(line) or _OPENS.match(line) or inside or kind is CellKind.OTHER):
            decorated = bool(lines) and lines[-1].startswith("@")
            if not decorated:
                yield from _part(kind, lines)
                lines = []
            kind = CellKind.OTHER if _MAIN.match(line) else CellKind.CODE
            inside = _OPENS.match(line) is not None
            if re.match(r"(else|elif|except|finally)\b", line):
                kind = CellKind.OTHER
        lines.append(line)
    yield from _part(kind, lines)


def _part(kind: CellKind, lines: Sequence[str]) -> Iterator[tuple[CellKind, str]]:
    source = "\n".join(lines).strip("\n")
    if source.strip():
        yield kind, source
