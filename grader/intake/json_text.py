"""Parses the JSON of a notebook, and repairs it where only one reading is possible."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from grader.errors import NotebookFormatError

_MAX_CONTAINERS = 2_000_000
"""Lists and objects in one file; each costs some hundred bytes of memory for two on disk."""
_MAX_INTEGER_DIGITS = 300
_MAX_REPAIRED_CHARS = 8_000_000
"""Longer files are only searched for complete cells: repairs cost seconds and memory for each further million."""
_MAX_RECOVERED_CELLS = 10_000
_MAX_COMMAS = 20
"""Missing commas that are put back before the file counts as something else than a notebook."""

_STRING = r'"(?:[^"\\]|\\.)*+"'
# The last text may lack its end; were it not taken whole, each quote in it would be tried anew.
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*+[\]}])', re.S)
_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_STRING_OR_BRACKET = re.compile(rf'({_STRING})|([\[{{])|([\]}}])|(")', re.S)
_NEXT_SIDE = {
    ("outside", "<<<<<<<"): "ours",
    ("ours", "|||||||"): "base",
    ("ours", "======="): "theirs",
    ("base", "======="): "theirs",
    ("theirs", ">>>>>>>"): "outside",
}
_CELLS = re.compile(r'"cells"\s*:\s*\[')


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What the JSON says, and how it had to be read."""

    content: object
    notes: tuple[str, ...] = ()


def parse_json(text: str) -> Parsed:
    """The content of the text, repaired if need be.

    Raises:
        NotebookFormatError: the text is no JSON and cannot be repaired without guessing.
    """
    if not text.strip(" \t\r\n\0"):
        raise NotebookFormatError(
            "notebook-empty-file",
            "The file is empty.",
            next_step="Save the notebook again, look into the file, and hand it in again.",
        )
    if text.count("[") + text.count("{") > _MAX_CONTAINERS:
        raise NotebookFormatError(
            "notebook-too-complex",
            f"The file holds more than {_MAX_CONTAINERS:,} lists and objects.",
            next_step="Clear the outputs of the notebook and hand it in again.",
        )
    try:
        return Parsed(content=_load(text, strict=True))
    except json.JSONDecodeError as error:
        return _repair(text, error)


def _load(text: str, *, strict: bool) -> object:
    try:
        return json.loads(text, strict=strict, parse_int=_integer, parse_constant=_no_number)
    except RecursionError as error:
        raise NotebookFormatError(
            "notebook-too-deep",
            "Lists and objects in the file lie in each other too deep to be read.",
            next_step="Save the notebook again with Jupyter and hand it in again.",
        ) from error


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_INTEGER_DIGITS else None


def _no_number(_: str) -> None:
    """NaN and the infinities are no JSON; nothing that is read here needs them."""


def _repair(text: str, first: json.JSONDecodeError) -> Parsed:
    steps: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("line breaks or other control characters inside texts were accepted", lambda broken: broken),
        ('where git had left conflict marks, the first side ("ours") was taken', _without_conflicts),
        ("backslashes that began no known escape were read as backslashes", _with_good_escapes),
        ("commas before a closing bracket were left out", _without_trailing_commas),
        ("missing commas between lines were put back", _with_missing_commas),
    )
    done: list[str] = []
    for number, (said, step) in enumerate(steps if len(text) <= _MAX_REPAIRED_CHARS else steps[:1]):
        changed = step(text)
        if number and changed == text:
            continue
        if number:
            done.append(said)
        text = changed
        try:
            content = _load(text, strict=False)
        except json.JSONDecodeError:
            continue
        return Parsed(
            content=content, notes=(f"The file was damaged and could be repaired: {'; '.join(done or [said])}.",)
        )
    recovered = _cells_before_the_cut(text)
    if recovered:
        note = f"The file is cut off: its complete cells ({len(recovered)}) were read, the rest is missing."
        return Parsed(content={"cells": recovered, "metadata": {}, "nbformat": 4}, notes=(note,))
    raise NotebookFormatError(
        "notebook-broken-json",
        f"The file is damaged and no notebook program can open it: {first.msg}.",
        where=f"line {first.lineno}, column {first.colno}",
        next_step="Open the file in Jupyter, mend or export it again, and hand it in again.",
    ) from first


def _without_conflicts(text: str) -> str:
    """Keeps what git put between `<<<<<<<` and `=======`; unchanged if the marks do not pair up."""
    if "<<<<<<<" not in text:
        return text
    kept: list[str] = []
    side = "outside"
    for line in text.split("\n"):
        following = _NEXT_SIDE.get((side, line[:7]))
        if following is not None:
            side = following
        elif side in ("outside", "ours"):
            kept.append(line)
    return "\n".join(kept) if side == "outside" else text


def _with_good_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda found: found.group() if found.group(1) else "\\\\", text)


def _without_trailing_commas(text: str) -> str:
    return _STRING_OR_TRAILING_COMMA.sub(lambda found: found.group(1) or "", text)


def _with_missing_commas(text: str) -> str:
    """Puts a comma where one value ends a line and the next line begins another: nothing else could stand there."""
    for _ in range(_MAX_COMMAS):
        try:
            _load(text, strict=False)
        except json.JSONDecodeError as error:
            before = text[: error.pos].rstrip()
            between = text[len(before) : error.pos]
            if not (
                "\n" in between and before.endswith(('"', "}", "]")) and text.startswith(('"', "{", "["), error.pos)
            ):
                return text
            text = f"{before},{text[len(before) :]}"
        else:
            return text
    return text


def _cells_before_the_cut(text: str) -> list[object]:
    """The complete cells of a file that ends in the middle of one; empty if it is broken otherwise."""
    start = _CELLS.search(text)
    if start is None:
        return []
    decoder = json.JSONDecoder(strict=False, parse_int=_integer, parse_constant=_no_number)
    cells: list[object] = []
    position = start.end()
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position == len(text):
            return cells
        try:
            cell, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError:
            # After the last cell it is the notebook itself that may lack its end.
            opened_at = text.find("{") if text.startswith("]", position) else position
            return cells if _ends_open(text, opened_at) else []
        cells.append(cell)
        if len(cells) > _MAX_RECOVERED_CELLS:
            return []


def _ends_open(text: str, start: int) -> bool:
    """True if what begins at `start` is never closed."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text, start):
        if found.group(4):
            return True
        depth += bool(found.group(2)) - bool(found.group(3))
        if depth <= 0 and not found.group(1):
            return False
    return depth > 0
