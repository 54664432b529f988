"""Runs a student's code in its own time and turns whatever it raises into data."""

from __future__ import annotations

import re
import signal
import time
from _signal import signal as set_handler  # type: ignore[import-not-found]  # signal.py has it for its own, see below
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from .control import AgentError, Control, TimeUp

_RING_AGAIN_S = 1.0
_RING, _NOT_SET = int(signal.SIGALRM), int(signal.SIG_DFL)
"""Numbers, as `set_handler` takes them: `signal.signal` looks for a name for each handler, in vain and slowly."""
_CELL_FILE = re.compile(r"<cell (\d+)>")
_MESSAGE_CHARS = 500
_LINE_CHARS = 200


def clean_text(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, without what JSON readers refuse (lone surrogates)."""
    cut = text[:limit]
    return cut if cut.isascii() else cut.encode("utf-8", "replace").decode("utf-8")


def cell_file(cell: int) -> str:
    """The file name under which a cell's code is compiled."""
    return f"<cell {cell}>"


class Alarm:
    """Raises `TimeUp` in the main thread after some seconds, and again each second until it is left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = max(seconds, 0.001)
        self._armed = False
        self._handler: Any = _NOT_SET
        self._outer: tuple[float, float] = (0.0, 0.0)
        self._started = 0.0

    def __enter__(self) -> Alarm:
        self._handler = set_handler(_RING, self._ring)
        self._started = time.monotonic()
        self._armed = True
        self._outer = signal.setitimer(signal.ITIMER_REAL, self._seconds, _RING_AGAIN_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        set_handler(_RING, _NOT_SET if self._handler is None else self._handler)
        delay, interval = self._outer
        if delay > 0:
            passed = time.monotonic() - self._started
            signal.setitimer(signal.ITIMER_REAL, max(delay - passed, 0.001), interval)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            raise TimeUp


@dataclass(frozen=True)
class Attempt:
    """How a piece of a student's code ended."""

    status: str
    """`ok`, `raised` or `timeout`."""
    raised: dict[str, Any] | None = None
    """The exception as JSON of `Raised`."""


class Sources:
    """The students' own lines, by cell."""

    def __init__(self) -> None:
        self._lines: dict[int, list[str]] = {}

    def add(self, cell: int, text: str) -> None:
        self._lines[cell] = text.split("\n")

    def line(self, cell: int | None, line: int | None) -> str:
        """A line without its indentation; empty if there is none."""
        lines = self._lines.get(cell, []) if cell is not None else []
        if line is None or not 1 <= line <= len(lines):
            return ""
        return clean_text(lines[line - 1].strip(), _LINE_CHARS)

    def text(self, cell: int, first: int, last: int) -> str:
        """Lines `first` to `last` as they stand."""
        return "\n".join(self._lines.get(cell, [])[first - 1 : last])

    def describe(self, error: BaseException) -> dict[str, Any]:
        """An exception as JSON of `Raised`, with the innermost line that is the student's."""
        try:
            message = str(error)
        except Control:
            raise
        except BaseException:  # noqa: BLE001 - `__str__` is the student's, too
            message = ""
        cell, line = _innermost(error)
        return {
            "type": clean_text(type(error).__name__, 100),
            "message": clean_text(message, _MESSAGE_CHARS),
            "line": line,
            "cell": cell,
            "source": self.line(cell, line),
        }


def _innermost(error: BaseException) -> tuple[int | None, int | None]:
    """Cell and line of the deepest frame of the student's, else of a syntax error in a cell."""
    found: tuple[int | None, int | None] = (None, None)
    trace = error.__traceback__
    while trace is not None:
        match = _CELL_FILE.fullmatch(trace.tb_frame.f_code.co_filename)
        if match:
            found = (int(match.group(1)), trace.tb_lineno)
        trace = trace.tb_next
    if found == (None, None) and isinstance(error, SyntaxError):
        match = _CELL_FILE.fullmatch(str(error.filename))
        if match and isinstance(error.lineno, int):
            return int(match.group(1)), error.lineno
    return found


def attempt(action: Callable[[], object], *, seconds: float, sources: Sources) -> Attempt:
    """How `action` ended; signals other than `TimeUp`, and faults of ours, pass through."""
    try:
        with Alarm(seconds):
            try:
                action()
            except (Control, AgentError):
                raise
            except BaseException as error:  # noqa: BLE001 - what a student's code raises is data, SystemExit included
                return Attempt("raised", sources.describe(error))
            return Attempt("ok")
    except TimeUp:
        return Attempt("timeout")
