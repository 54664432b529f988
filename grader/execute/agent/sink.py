"""The evidence folder: a journal line before and after each unit, and files that appear whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from . import tensor_file
from .control import Refused

_JSON_BYTES = 6 * 1024 * 1024
"""Of all JSON of one kernel; the host merges it into an index with a ceiling of its own."""


_SPARE_BYTES = 256 * 1024
"""Kept back for the short records that say that something did not fit."""


def encode_json(value: object) -> bytes:
    """Strict JSON: no NaN, ASCII only."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


class Sink:
    """Where evidence goes; bounded by `limit` bytes, all files together."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._spare = min(_SPARE_BYTES, limit // 4)
        self._room = limit - self._spare
        self._json_room = min(_JSON_BYTES, self._room)
        self._short: dict[str, int] = {}

    @property
    def room(self) -> int:
        """Bytes that can still be written."""
        return self._room

    def journal(self, entry: dict[str, Any]) -> None:
        """Append a line that survives the death of this process."""
        line = encode_json(entry) + b"\n"
        with (self._folder / "journal.jsonl").open("ab") as file:
            file.write(line)

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
        growth = len(content) - self._short.get(name, 0)
        if growth <= self._spare:
            self._spare -= growth
            self._short[name] = len(content)
            self._replace(f"{name}.json", content)

    def write_tensors(self, name: str, tensors: dict[str, torch.Tensor]) -> None:
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
        scratch = self._folder / f".{name}.new"
        scratch.write_bytes(content)
        scratch.replace(self._folder / name)
