"""marks.json: the marks of a run, written and read back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from grader.errors import EvidenceError
from grader.limits import MIB
from grader.records import RunMarks

_NO_ROWS = '"submissions": []'
MARKS_BYTES = 256 * MIB
"""Ceiling for marks.json: 2,000 submissions of 60 checks need about 80 MiB."""


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


def read_marks_json(path: Path) -> RunMarks:
    """The marks of a run, as `marks_json` wrote them.

    Raises:
        EvidenceError: if the file is missing, too large, malformed or of another schema.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MARKS_BYTES + 1)
    except OSError as error:
        raise EvidenceError(
            "marks-missing", f"cannot read {path.name}", where=path.name, next_step="grader score RUN"
        ) from error
    if len(content) > MARKS_BYTES:
        raise EvidenceError("marks-too-large", f"the file has more than {MARKS_BYTES} bytes", where=path.name)
    try:
        return RunMarks.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise EvidenceError(
            "marks-malformed",
            f"{'.'.join(str(part) for part in first['loc']) or 'the file'}: {first['msg']}",
            where=path.name,
            next_step="grader score RUN writes it again",
        ) from error


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
