"""marks.json: the marks of a run for other programs; the grader itself reads them from the store."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from grader.records import RunMarks

_NO_ROWS = '"submissions": []'


def marks_json(marks: RunMarks) -> Iterator[str]:
    """The marks as JSON text, piece by piece; marks are numbers, and half characters, which no file can hold, are
    replaced.
    """
    head, place, rest = _text(marks.model_copy(update={"submissions": ()})).rpartition(_NO_ROWS)
    # One row at a time: as Python objects all of them take ten times the memory of the text.
    yield head + (place[:-1] if marks.submissions else place)
    for number, row in enumerate(marks.submissions):
        yield (",\n  " if number else "\n  ") + _text(row).replace("\n", "\n  ")
    yield f"\n ]{rest}\n" if marks.submissions else f"{rest}\n"


def _text(record: BaseModel) -> str:
    return to_json(_writable(record.model_dump(mode="python")), indent=1, inf_nan_mode="constants").decode()


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _writable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(item) for item in value]
    return value
