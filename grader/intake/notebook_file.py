"""Reads a notebook of any version of the format, valid or not, into one record.

nbformat itself is the measure in the tests, but not used here: it stops at the first cell without a type or an output
without a name, and a student would lose the whole notebook for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.errors import NotebookFormatError
from grader.intake.decoding import decode, unix_lines, well_formed
from grader.intake.entries import shown, size_text
from grader.intake.json_text import parse_json
from grader.intake.stored_outputs import joined, output_texts
from grader.intake.stored_pictures import pictures_in
from grader.limits import IntakeLimits
from grader.records import CellKind, NotebookCell, NotebookRecord

_KINDS = {
    "code": CellKind.CODE,
    "markdown": CellKind.MARKDOWN,
    "heading": CellKind.MARKDOWN,
    "text": CellKind.MARKDOWN,
    "html": CellKind.MARKDOWN,
    "raw": CellKind.OTHER,
    "rawcell": CellKind.OTHER,
}
_EMBEDDED_PICTURE = re.compile(r"data:image/[\w.+-]{1,40};base64,[A-Za-z0-9+/=]*")
_NEWEST_MAJOR = 4
_MAX_COUNT = 2**31


def read_notebook(data: bytes, *, source_name: str, limits: IntakeLimits) -> NotebookRecord:
    """The notebook in the bytes of an .ipynb file.

    Args:
        data: the file's bytes.
        source_name: path inside the hand-in, for the record.
        limits: ceilings for size, cells and characters.

    Raises:
        NotebookFormatError: it is no notebook, too large, or damaged beyond a safe repair.
    """
    if len(data) > limits.notebook_bytes:
        raise NotebookFormatError(
            "notebook-too-large",
            f"The notebook is larger than {size_text(limits.notebook_bytes)}.",
            next_step="Clear the outputs of the notebook and hand it in again.",
        )
    decoded = decode(data)
    parsed = parse_json(decoded.text)
    content = parsed.content if isinstance(parsed.content, dict) else {}
    raw_cells = list(_raw_cells(content))
    if len(raw_cells) > limits.cells:
        raise NotebookFormatError(
            "notebook-too-many-cells",
            f"The notebook has {len(raw_cells):,} cells; at most {limits.cells:,} are read.",
            next_step="Leave out the cells that do not belong to the coursework.",
        )
    notes = [*decoded.notes, *parsed.notes, *_format_notes(content)]
    cells: list[NotebookCell] = []
    for index, raw in enumerate(raw_cells):
        cell, cell_notes = _cell(raw, index, limits)
        cells.append(cell)
        notes.extend(cell_notes)
    if not cells:
        notes.append("The notebook has no cells.")
    return NotebookRecord(
        source_name=shown(source_name), format="ipynb", cells=tuple(cells), notes=tuple(dict.fromkeys(notes))
    )


def _raw_cells(content: dict[str, object]) -> Iterator[object]:
    """The cells wherever the version of the format keeps them."""
    cells, sheets = content.get("cells"), content.get("worksheets")
    if isinstance(cells, list):
        yield from cells
    elif isinstance(sheets, list):
        for sheet in sheets:
            inner = sheet.get("cells") if isinstance(sheet, dict) else None
            yield from inner if isinstance(inner, list) else []
    else:
        raise NotebookFormatError(
            "notebook-no-cells",
            "The file is no notebook: it has no list of cells.",
            next_step="Hand in the .ipynb file that Jupyter or Colab saves.",
        )


def _format_notes(content: dict[str, object]) -> Iterator[str]:
    version = content.get("nbformat")
    if isinstance(version, int) and version < _NEWEST_MAJOR:
        yield f"The notebook is in the old format {version}; it was read as it would be upgraded."
    elif isinstance(version, int) and version > _NEWEST_MAJOR:
        yield f"The notebook says that it is in format {version}, newer than the newest known (4)."
    language = _language(content.get("metadata"))
    if language and not language.lower().startswith(("python", "ipython")):
        yield f'The notebook names the language "{shown(language[:40])}"; it was read as Python.'


def _language(metadata: object) -> str | None:
    """The language that the notebook's metadata name, wherever they do."""
    if not isinstance(metadata, dict):
        return None
    info, kernel = metadata.get("language_info"), metadata.get("kernelspec")
    named = (
        info.get("name") if isinstance(info, dict) else None,
        kernel.get("language") if isinstance(kernel, dict) else None,
    )
    return next((name for name in named if isinstance(name, str) and name), None)


def _cell(raw: object, index: int, limits: IntakeLimits) -> tuple[NotebookCell, list[str]]:
    notes: list[str] = []
    if not isinstance(raw, dict):
        note = f"Cell {index + 1} is not in a form that a notebook has; it was passed over."
        return NotebookCell(index=index, kind=CellKind.OTHER, source=""), [note]
    named = raw.get("cell_type")
    kind = _KINDS.get(named.lower()) if isinstance(named, str) else None
    if kind is None:
        kind = CellKind.CODE if named is None and "outputs" in raw else CellKind.OTHER
        notes.append(f"Cell {index + 1} is of a type that notebooks do not have; it was read as {kind.value}.")
    source, source_notes = _source(raw, index, kind, limits)
    count = raw.get("execution_count", raw.get("prompt_number"))
    counted = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < _MAX_COUNT
    cell = NotebookCell(
        index=index,
        kind=kind,
        source=source,
        execution_count=count if counted else None,
        pictures=pictures_in(raw.get("outputs") if kind is CellKind.CODE else None, raw.get("attachments")),
        outputs=output_texts(raw.get("outputs")) if kind is CellKind.CODE else (),
    )
    return cell, notes + source_notes


def _source(raw: dict[str, object], index: int, kind: CellKind, limits: IntakeLimits) -> tuple[str, list[str]]:
    # Format 3 calls the source of code cells `input`, format 1 `code`.
    value = next((raw[key] for key in ("source", "input", "code") if key in raw), None)
    text = joined(value, separator=_separator(value) if "input" in raw else "")
    if text is None:
        return "", [f"Cell {index + 1} has no readable source; it was read as empty."]
    text = well_formed(unix_lines(text))
    level = raw.get("level")
    if raw.get("cell_type") == "heading" and isinstance(level, int):
        text = f"{'#' * min(max(level, 1), 6)} {' '.join(text.splitlines())}"
    if len(text) <= limits.cell_chars:
        return text, []
    if kind is CellKind.CODE:
        raise NotebookFormatError(
            "notebook-cell-too-long",
            f"The cell has {len(text):,} characters; at most {limits.cell_chars:,} are read.",
            where=f"cell {index + 1}",
            next_step="Keep data out of the code and hand the notebook in again.",
        )
    text = _EMBEDDED_PICTURE.sub("", text)
    note = f"Cell {index + 1} is very long; its embedded pictures were left out"
    cut = len(text) > limits.cell_chars
    return text[: limits.cell_chars], [f"{note}, and its end was cut." if cut else f"{note}."]


def _separator(lines: object) -> str:
    """What stands between lines of the old formats, which some programs wrote without their ends."""
    first = lines[0] if isinstance(lines, list) and lines else "\n"
    return "" if isinstance(first, str) and first.endswith(("\n", "\r")) else "\n"
