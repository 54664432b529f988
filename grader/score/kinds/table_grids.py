"""Tables in a text -> grids of cells: Markdown, HTML, LaTeX, frames of characters, columns set apart by spaces or tabs.

Nothing here is a parser of those languages: a table is taken for what it looks like, within bounds, and every pass over
the text is linear in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.score.kinds.printed_numbers import only_number

TEXT_CHARS = 40_000
LINE_CHARS = 1_000
MOST_GRIDS = 12
MOST_ROWS = 120
MOST_COLUMNS = 40
CELL_CHARS = 120
_TAG = re.compile(r"<(/?)(table|tr|td|th)\b[^<>]{0,300}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_TABULAR = re.compile(r"\\begin\{(?:tabular|array|longtable|tabularx)\*?\}")
_END_TABULAR = re.compile(r"\\end\{(?:tabular|array|longtable|tabularx)\*?\}")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|centering|small)\b"
    r"|\\(?:cline|cmidrule)(?:\([a-z]{0,4}\))?\{[^{}]{0,20}\}"
)
_SPANNING = re.compile(r"\\multi(?:column|row)\{[^{}]{0,20}\}\{[^{}]{0,20}\}")
_STYLE = re.compile(r"\\(?:textbf|textit|mathbf|mathrm|text|emph|underline|num)\b")
_BAR = re.compile(r"(?<!\\)[|│┃║]")
_FRAME = re.compile(r"^[\s|│┃║:+\-=_─━═┌┐└┘├┤┬┴┼╔╗╚╝╠╣╦╩╬╒╕╘╛╞╡╤╧╪]+$")
_TRAILING = re.compile(r"\s(\S+)\s*$")
_GAP = re.compile(r"\t|[ \u00a0]{2,}")
_LABELLED = re.compile(r"[:=] {0,3}[-+−]?[0-9.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The cells of one table, row by row; rows need not have the same length."""

    rows: tuple[tuple[str, ...], ...]
    place: str
    """Where it stands, for a person: "cell 4" or "output of cell 4"."""


def grids_in(text: str, place: str) -> list[Grid]:
    """The tables of a text, within bounds; a table is at least two rows with a number somewhere."""
    found: list[Grid] = []
    for rows in _tables(text[:TEXT_CHARS]):
        kept = tuple(tuple(_clean(cell) for cell in row[:MOST_COLUMNS]) for row in rows[:MOST_ROWS])
        kept = tuple(row for row in kept if any(row))
        if len(kept) > 1 and any(is_number(cell) for row in kept for cell in row):
            found.append(Grid(rows=kept, place=place))
        if len(found) >= MOST_GRIDS:
            break
    return found


def is_number(cell: str) -> bool:
    """True if a cell holds a number and nothing else but an error bar or a word in brackets."""
    return only_number(number_part(cell)) is not None


def number_part(cell: str) -> str:
    """A cell without error bars and words in brackets: "49.85 ± 0.3 (best)" -> "49.85"."""
    return re.split(r"±|\+/-|\\pm|[(\[]", cell, maxsplit=1)[0].strip(" *$~≈\t")


def _clean(cell: str) -> str:
    """A cell without marks of emphasis and commands of style."""
    text = _STYLE.sub("", _SPANNING.sub("", cell[: 4 * CELL_CHARS].replace("{,}", ",")))
    text = re.sub(r"\\([%&_#$])", r"\1", text)
    return " ".join(text.translate(_EMPHASIS).split())[:CELL_CHARS]


_EMPHASIS = str.maketrans(dict.fromkeys("*`{}$", " "))


def _tables(text: str) -> Iterator[list[list[str]]]:
    rest: list[str] = []
    if "<" in text:
        yield from _html(text)
        text = html.unescape(_ANY_TAG.sub(" ", _TAG.sub("\n", text)))[:TEXT_CHARS] if _TAG.search(text) else text
    if "\\begin" in text:
        yield from _latex(text)
    for line in text.split("\n"):
        rest.append(line[:LINE_CHARS])
    yield from _lines(rest)


def _html(text: str) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    start: int | None = None
    for tag in _TAG.finditer(text):
        closing, name = bool(tag.group(1)), tag.group(2).lower()
        if start is not None and rows:
            rows[-1].append(html.unescape(_ANY_TAG.sub(" ", text[start : tag.start()]))[: 4 * CELL_CHARS])
            start = None
        if name == "table":
            if rows:
                yield rows
            rows = []
        elif name == "tr" and not closing:
            rows.append([])
        elif name in ("td", "th") and not closing:
            start = tag.end()
    if rows:
        yield rows


def _latex(text: str) -> Iterator[list[list[str]]]:
    for opening in list(_TABULAR.finditer(text))[:MOST_GRIDS]:
        closing = _END_TABULAR.search(text, opening.end())
        body = text[opening.end() : closing.start() if closing else len(text)]
        body = re.sub(r"^\s*(?:\[[a-z]\])?\{[^{}]{0,80}\}", "", body)
        lines = re.split(r"\\\\(?:\[[^\]]{0,20}\])?|\\tabularnewline", body)
        yield [re.split(r"(?<!\\)&", _RULES.sub(" ", line)) for line in lines[:MOST_ROWS]]


def _lines(lines: Iterable[str]) -> Iterator[list[list[str]]]:
    """Blocks of lines: those with bars between cells, and those with spaces."""
    barred: list[list[str]] = []
    plain: list[str] = []
    for line in [*lines, ""]:
        frame = bool(line.strip()) and _FRAME.match(line) is not None
        bars = bool(_BAR.search(line)) and not frame
        if barred and not bars and not frame:
            yield barred
            barred = []
        if plain and (bars or not line.strip()):
            yield from _spaced(plain)
            plain = []
        if bars:
            cells = [cell.replace("\\|", "|") for cell in _BAR.split(line.strip())]
            barred.append(cells[1 if not cells[0].strip() else 0 : -1 if not cells[-1].strip() else None])
        elif not frame and line.strip():
            plain.append(line)


def _spaced(lines: list[str]) -> Iterator[list[list[str]]]:
    """Columns set apart by tabs, two spaces or commas, or by single spaces between numbers at the end of a line."""
    lines = lines[:MOST_ROWS]
    if 2 * sum(_LABELLED.search(line) is not None for line in lines) >= len(lines):
        yield from _labelled(lines)
    rows = [_cells(line) for line in lines]
    width = max((sum(map(is_number, row)) for row in rows), default=0)
    yield [_words(row, width) if len(row) == 1 else row for row in rows]


def _cells(line: str) -> list[str]:
    gapped = [part.strip() for part in _GAP.split(line.strip())]
    if len(gapped) > 1:
        loose = [part for cell in gapped[1:] for part in _loose(cell)]
        return gapped if "\t" in line else [*(_loose(gapped[0]) if len(gapped) == 2 else gapped[:1]), *loose]
    for sign in (",", ";"):
        parts = [part.strip() for part in line.split(sign)]
        if len(parts) > 1 and (sum(map(is_number, parts)) > len(parts) // 2 or all(len(p.split()) < 3 for p in parts)):
            return parts
    return _loose(line)


def _loose(line: str) -> list[str]:
    """A text and the numbers after it, each a cell; a line without numbers is one cell."""
    numbers: list[str] = []
    rest = " " + line.strip()
    while len(numbers) < MOST_COLUMNS and (last := _TRAILING.search(rest[-CELL_CHARS:])) is not None:
        if not is_number(last.group(1)):
            break
        numbers.insert(0, last.group(1))
        rest = rest[: len(rest) - len(last.group(0))]
    return [*([rest.strip()] if rest.strip() else []), *numbers]


def _words(row: list[str], width: int) -> list[str]:
    """A heading whose words are set apart by single spaces, if there are as many as columns (the first may be more)."""
    words = row[0].split()
    return words if len(words) in (width, width + 1) and width > 1 else row


def _labelled(lines: list[str]) -> Iterator[list[list[str]]]:
    """Lines such as "first: train 90.19, test = 143.03" as a table, with a row a line."""
    names: list[str] = []
    rows: list[tuple[str, dict[str, str]]] = []
    for line in (" ".join(line.split()) for line in lines):
        head, colon, rest = line.partition(":")
        body, label = (rest, head) if colon and not is_number(rest.split(",")[0]) else (line, "")
        values: dict[str, str] = {}
        for part in re.split(r"[,;|]\s", body)[:MOST_COLUMNS]:
            pieces = re.split(r"\s*[:=]\s*|\s+(?=\S+$)", part.strip(), maxsplit=1)
            if len(pieces) == 2 and pieces[0] and is_number(pieces[1]):
                values[pieces[0]] = pieces[1]
        names += [name for name in values if name not in names]
        if values:
            rows.append((label, values))
    if rows and len(names) <= MOST_COLUMNS:
        yield [["", *names], *([label, *(values.get(name, "") for name in names)] for label, values in rows)]
