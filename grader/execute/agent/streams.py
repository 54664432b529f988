"""What a student's code prints: passed on up to a ceiling, then dropped."""

from __future__ import annotations

import io
from typing import Any


class BoundedStream(io.TextIOBase):
    """A text stream in front of another one.

    One object serves all cells, since logging handlers and the like keep a reference to it for ever.
    """

    def __init__(self, target: Any) -> None:
        super().__init__()
        self.target = target
        self.dropped = False
        """True once something was dropped since `allow`."""
        self.written = False
        """True once something was passed on since `allow`."""
        self._room = 0

    def allow(self, room: int) -> None:
        """Let so many bytes through from now on."""
        self._room = room
        self.dropped = self.written = False

    def mute(self) -> None:
        """Let nothing through."""
        self._room = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class declares a plain attribute
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        if size <= self._room:
            self._room -= size
            self.written = True
            self.target.write(text)
        else:
            self._room = 0
            self.dropped = True
        return len(text)

    def flush(self) -> None:
        if not self.target.closed:
            self.target.flush()

    def close(self) -> None:
        """Stay open: a student may close `sys.stdout`, the kernel may not lose it."""
