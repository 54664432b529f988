"""The text in the outputs that a notebook was saved with; pictures and pages are left out."""

from __future__ import annotations

import re

from grader.intake.decoding import well_formed

MAX_CHARS = 64 * 1024
"""Ceiling for the stored outputs of one cell."""

_COLOURS = re.compile(r"\x1b\[[0-9;?]{0,32}[A-Za-z]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def output_texts(outputs: object) -> tuple[str, ...]:
    """The outputs as text, in order, cut at the ceiling for the cell.

    Args:
        outputs: whatever stands in a cell of any version of the format under `outputs`.
    """
    texts: list[str] = []
    room = MAX_CHARS
    for output in outputs if isinstance(outputs, list) else []:
        text = _text_of(output, room) if isinstance(output, dict) else ""
        if not text:
            continue
        if len(text) > room:
            texts.append(f"{text[:room]}… (cut here)")
            break
        texts.append(text)
        room -= len(text)
    return tuple(texts)


def joined(value: object, *, separator: str = "") -> str | None:
    """A text that the format allows as a string or as a list of lines; None for anything else.

    Args:
        value: as found in the file.
        separator: what stands between lines.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    return separator.join(line for line in value if isinstance(line, str))


def _text_of(output: dict[str, object], room: int) -> str:
    if output.get("output_type") in ("error", "pyerr"):
        name, value = output.get("ename"), output.get("evalue")
        return _plain(f"{name if isinstance(name, str) else 'Error'}: {value if isinstance(value, str) else ''}", room)
    data = output.get("data")
    found = data.get("text/plain") if isinstance(data, dict) else None
    return _plain(joined(output.get("text") if found is None else found) or "", room)


def _plain(text: str, room: int) -> str:
    """The text without colours and control characters; no more of it is looked at than can be kept."""
    return well_formed(_CONTROLS.sub("", _COLOURS.sub("", text[: 2 * room + 2])))
