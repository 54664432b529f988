"""The evidence folder: a journal line before and after each unit, and files that appear whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import tensor_file
from .control import Refused

_JSON_BYTES = 6 * 1024 * 1024
"""Of all JSON of one kernel; the host merges it into an index with a ceiling of its own."""


_SPARE_BYTES = 256 * 1024
"""Kept back for the short records that say that something did not fit."""


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def encode_json(value: object) -> bytes:
    """Strict JSON: no NaN, ASCII only."""
    return _ENCODER.encode(value).encode("ascii")


class Sink:
    """Where evidence goes; bounded by `limit` bytes, all files together."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = str(folder)
        self._spare = min(_SPARE_BYTES, limit // 4)
        self._room = limit - self._spare
        self._json_room = min(_JSON_BYTES, self._room)
        self._short: dict[str, bytes] = {}
        """What was written last of the short records."""

    @property
    def room(self) -> int:
        """Bytes that can still be written."""
        return self._room

    def journal(self, entry: dict[str, Any]) -> None:
        """Append a line that survives the death of this process."""
        line = encode_json(entry) + b"\n"
        self._write_out("journal.jsonl", line, os.O_APPEND)

    def _write_out(self, name: str, content: bytes, how: int) -> None:
        # Opened anew each time: what a student's code does to descriptors must not lead evidence elsewhere.
        descriptor = os.open(f"{self._folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o666)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)

    def write_json(self, name: str, value: object) -> None:
        """Write `<name>.json`.

        Raises:
            Refused: if it does not fit.
        """
        content = encode_json(value)
        if len(content) > min(self._room, self._json_room):
            raise Refused(f"{name}.json")
        self._json_room -= len(content)
        self._write(f"{name}.json", content)

    def write_short_json(self, name: str, value: object) -> None:
        """Write a short `<name>.json`, or write it anew, out of what was kept back; nothing once that is spent."""
        content = encode_json(value)
        before = self._short.get(name, b"")
        growth = len(content) - len(before)
        if content != before and growth <= self._spare:
            self._spare -= growth
            self._short[name] = content
            self._replace(f"{name}.json", content)

    def write_tensors(self, name: str, tensors: dict[str, tensor_file.Content]) -> None:
        """Write `<name>.safetensors`.

        Raises:
            Refused: if it does not fit.
        """
        content = tensor_file.encode(tensors)
        if len(content) > self._room:
            raise Refused(f"{name}.safetensors")
        self._write(f"{name}.safetensors", content)

    def _write(self, name: str, content: bytes) -> None:
        self._room -= len(content)
        self._replace(name, content)

    def _replace(self, name: str, content: bytes) -> None:
        self._write_out(f".{name}.new", content, os.O_TRUNC)
        os.replace(f"{self._folder}/.{name}.new", f"{self._folder}/{name}")  # noqa: PTH105 - paths are slow to make
