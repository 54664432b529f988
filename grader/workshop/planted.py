"""Mutants and alternatives: text files of a coursework that say how a hand-in differs from the model solution.

`mutants/*.txt` plants mistakes, `alternatives/*.txt` writes right answers otherwise. A file is a sequence of blocks;
what stands above the first one is a comment:

    @@ oracle.id in 1b                   the mistake and the question that it is planted in
    code                                 goes between the markers of that question

    @@ some words in 1a: more words      without a dot: caught, but no mistake of the oracle's
    @ loses: 1a 6, 1b                    exactly these questions lose marks, 1a exactly six; or `nothing`
    @ named: another.id                  what the diagnosis says instead; or `nothing`
    @ because: reason                    has to follow `named`
    @ also: 2e an.id                     named there, too, though nothing is lost
    @ replace in CELL                    a text that occurs once in a cell of the model solution,
    old text
    @ with                               and what stands there instead
    new text

    @@ some words                        an alternative
    @ shows: oracle.id                   the equivalent form that it is an example of
    @ convention: 1d some words          what the verdict says about the form that it has recognised
    @ in 1a                              code between the markers of a question; mutants may have it, too
    code
    @ cell before CELL                   a cell of its own
    code

This module reads the text and knows no coursework; `grader.workshop.planting` makes hand-ins of what it returns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from grader.errors import RubricError

Kind = Literal["mutants", "alternatives"]
NOTHING = "nothing"
_HEADING = re.compile(r"(?P<name>[^:]+?) in (?P<question>[\w.\-]+)(?:: *(?P<note>.+))?")
_OPTION = re.compile(r"(?P<key>[a-z]+): *(?P<value>.*)")
_EDIT = re.compile(r"(?:in (?P<question>[\w.\-]+)|(?P<place>replace in|cell before) (?P<cell>[\w.\-]+)|(?P<with>with))")
_MARKS = re.compile(r"\d+(\.\d+)?")
_OPTIONS: Mapping[Kind, tuple[str, ...]] = {
    "mutants": ("loses", "named", "because", "also"),
    "alternatives": ("shows", "convention"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One difference from the model solution."""

    what: Literal["answer", "replace", "insert"]
    target: str
    """A question for `answer`, else the id of a cell; `insert` puts a new cell before it."""
    text: str
    old: str = ""
    """What `replace` replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One block: a mutant or an alternative."""

    kind: Kind
    title: str
    """The heading; unique among the blocks of its kind."""
    name: str
    """The mistake's identifier, or words."""
    where: str
    """File and line."""
    edits: tuple[Edit, ...]
    question: str = ""
    """Where a mutant is planted; empty for an alternative."""
    loses: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Question -> marks, None for whatever it is; a mutant that says nothing loses in its question."""
    named: tuple[str, ...] = ()
    """What the diagnosis in its question says."""
    also: tuple[tuple[str, str], ...] = ()
    """(question, mistake) named elsewhere."""
    shows: tuple[str, ...] = ()
    """Equivalent forms of the oracle's that an alternative is an example of."""
    conventions: tuple[tuple[str, str], ...] = ()
    """(question, words of the verdict's convention)."""


def read_planted(folder: Path, kind: Kind) -> tuple[Planted, ...]:
    """The blocks of all files of a coursework's folder `mutants` or `alternatives`, in order.

    Raises:
        RubricError: with file and line where a block cannot be read.
    """
    found: dict[str, Planted] = {}
    for path in sorted((folder / kind).glob("*.txt")):
        for line, text in _blocks(path):
            planted = _Block(kind, f"{folder.name}/{kind}/{path.name}:{line}", text).planted()
            if planted.title in found:
                raise RubricError(
                    "planted-twice",
                    f'"{planted.title}" stands at {found[planted.title].where}, too',
                    where=planted.where,
                    next_step="add words after a colon to tell them apart" if kind == "mutants" else "rename one",
                )
            found[planted.title] = planted
    return tuple(found.values())


def _blocks(path: Path) -> list[tuple[int, str]]:
    """(line, text) of each block, without the `@@`."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError("planted-malformed", f"cannot be read: {error}", where=str(path)) from error
    starts = [number for number, line in enumerate(lines) if line.startswith("@@ ")]
    if not starts:
        raise RubricError(
            "planted-malformed", "there is no block in the file", where=str(path), next_step='begin one with "@@ "'
        )
    ends = [*starts[1:], len(lines)]
    return [
        (start + 1, "\n".join(lines[start:end]).removeprefix("@@ ")) for start, end in zip(starts, ends, strict=True)
    ]


class _Block:
    """Reads one block line by line."""

    def __init__(self, kind: Kind, where: str, text: str) -> None:
        self._kind = kind
        self._where = where
        self._heading, *self._lines = text.split("\n")
        self._options: dict[str, str] = {}
        self._edits: list[Edit] = []
        self._first: Edit | None = None
        """That of the heading, the only one that may have no code."""

    def planted(self) -> Planted:
        """The block as a record."""
        title = " ".join(self._heading.split())
        heading = _HEADING.fullmatch(title)
        if self._kind == "mutants" and heading is None:
            raise self._malformed(f'"{title}" does not say where it is planted', 'write "@@ MISTAKE in QUESTION"')
        question = heading["question"] if heading is not None and self._kind == "mutants" else ""
        self._read(question)
        if not self._edits:
            raise self._malformed(f'"{title}" changes nothing', "add the code that differs from the model solution")
        if self._kind == "alternatives":
            return Planted(
                kind=self._kind,
                title=title,
                name=title,
                where=self._where,
                edits=tuple(self._edits),
                shows=tuple(self._list("shows")),
                conventions=tuple(self._pairs("convention", several=False)),
            )
        assert heading is not None
        return Planted(
            kind=self._kind,
            title=title,
            name=heading["name"],
            where=self._where,
            edits=tuple(self._edits),
            question=question,
            loses=self._loses(question),
            named=self._named(heading["name"]),
            also=tuple(self._pairs("also", several=True)),
        )

    def _read(self, question: str) -> None:
        """Options first, then edits; text before the first `@ ...` belongs to the question of the heading."""
        edit = self._first = Edit(what="answer", target=question, text="")
        text: list[str] = []
        for line in self._lines:
            if not line.startswith("@ "):
                text += [] if line.startswith("@#") else [line]
                continue
            rest = line.removeprefix("@ ").strip()
            option, begun = _OPTION.fullmatch(rest), _EDIT.fullmatch(rest)
            if begun is not None:
                edit = self._begin(begun, edit, text)
                text = []
            elif option is not None and option["key"] in _OPTIONS[self._kind]:
                self._option(option["key"], option["value"].strip(), early=not self._edits and not _code(text))
            else:
                raise self._unknown(rest)
        self._end(edit, text)

    def _begin(self, begun: re.Match[str], last: Edit, text: Sequence[str]) -> Edit:
        """End one edit and begin the next."""
        if begun["with"] is not None:
            if last.what != "replace" or last.old or not _code(text):
                raise self._malformed('"@ with" stands alone', 'write "@ replace in CELL" and the old text above it')
            return Edit(what="replace", target=last.target, text="", old=_code(text))
        self._end(last, text)
        if begun["question"] is not None:
            return Edit(what="answer", target=begun["question"], text="")
        what: Literal["replace", "insert"] = "replace" if begun["place"] == "replace in" else "insert"
        return Edit(what=what, target=begun["cell"], text="")

    def _end(self, edit: Edit, text: Sequence[str]) -> None:
        code = _code(text)
        if edit.what == "replace" and not edit.old:
            raise self._malformed('"@ replace in" has no "@ with"', "write what stands there instead below it")
        if edit.what != "replace" and not code and edit is not self._first:
            raise self._malformed(f'there is no code for "{edit.target}"', "write `pass` to leave a region empty")
        if edit.what == "replace" or (code and edit.target):
            self._edits.append(Edit(what=edit.what, target=edit.target, text=code, old=edit.old))
        elif code:
            raise self._malformed(f'"{code.splitlines()[0]}" belongs to no question', 'write "@ in QUESTION" above it')

    def _option(self, key: str, value: str, *, early: bool) -> None:
        if not early:
            raise self._malformed(f'"@ {key}:" stands below code', "options come first")
        if key in self._options or not value:
            problem = "stands there twice" if key in self._options else "says nothing"
            raise self._malformed(f'"@ {key}:" {problem}', "give it once, with a value")
        self._options[key] = value

    def _list(self, key: str) -> list[str]:
        return [part.strip() for part in self._options.get(key, "").split(",") if part.strip()]

    def _pairs(self, key: str, *, several: bool) -> list[tuple[str, str]]:
        """`QUESTION words`; several of them between commas."""
        parts = self._list(key) if several else [self._options[key]] if key in self._options else []
        pairs = [part.partition(" ")[::2] for part in parts]
        if not all(words.strip() for _, words in pairs):
            raise self._malformed(f'"@ {key}: {self._options[key]}" lacks a part', f'write "@ {key}: QUESTION WORDS"')
        return [(question, words.strip()) for question, words in pairs]

    def _loses(self, question: str) -> dict[str, Decimal | None]:
        parts = self._list("loses")
        if parts == [NOTHING]:
            return {}
        return dict(self._loss(part) for part in parts) or {question: None}

    def _loss(self, part: str) -> tuple[str, Decimal | None]:
        question, _, marks = part.partition(" ")
        if marks and not _MARKS.fullmatch(marks):
            raise self._malformed(f'"{marks}" is no number of marks', 'write "@ loses: 1b 6"')
        return question, Decimal(marks) if marks else None

    def _named(self, name: str) -> tuple[str, ...]:
        if "named" not in self._options:
            if "because" in self._options:
                raise self._malformed('"@ because:" explains nothing', 'it belongs to "@ named:"')
            return (name,) if "." in name else ()
        if "because" not in self._options:
            raise self._malformed('"@ named:" has no reason', 'say in "@ because:" why another name is right')
        names = self._list("named")
        return () if names == [NOTHING] else tuple(names)

    def _malformed(self, what: str, next_step: str) -> RubricError:
        return RubricError("planted-malformed", what, where=self._where, next_step=next_step)

    def _unknown(self, rest: str) -> RubricError:
        known = [*(f"{key}:" for key in _OPTIONS[self._kind]), "in", "replace in", "with", "cell before"]
        near = get_close_matches(rest.split(" ")[0], known, n=1)
        advice = f'did you mean "@ {near[0]}"?' if near else f"known are {', '.join(f'@ {word}' for word in known)}"
        return self._malformed(f'"@ {rest}" is not understood in {self._kind}', advice)


def _code(lines: Sequence[str]) -> str:
    """Text without the empty lines around it."""
    return "\n".join(lines).strip("\n")
