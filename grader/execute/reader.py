"""Reads the records and tensors that a dead kernel left: bounded, strictly, and within what its part may still hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple, ParamSpec, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from grader.evidence import ProbeRun
from grader.execute.claims import Claims, claims_of
from grader.execute.readback import AbsentError, Readback, RefusedError
from grader.execute.tensors import Tensors, unpack
from grader.values import FROM_KERNEL

JSON_BYTES = 6 * 1024 * 1024
"""Of all JSON in a part; its index has to stay below the ceiling of `grader.evidence`."""
_FILE_BYTES = 2 * 1024 * 1024
_MOST_TENSORS = 6_000
_MOST_OBJECTS = 20_000
"""In one file: each takes a hundred times the memory that it takes on disk."""
_KEPT_BYTES, _KEPT_OBJECTS, _KEPT = 16 * 1024, 128, 256
"""Of records of probes that were looked at: those of classes that are written alike are equal."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Allowance:
    """How much a part may still hold, over all its kernels."""

    tensor_bytes: int
    json_bytes: int = JSON_BYTES
    stored_bytes: int = JSON_BYTES
    """Of JSON as it will be stored, where every field is written out."""


def strictly(form: type[T]) -> Callable[[bytes], T]:
    """Makes records of JSON that a kernel has written; of anything else a ValidationError."""
    return partial(TypeAdapter(form).validate_json, strict=True, context=FROM_KERNEL)


_PROBE = strictly(ProbeRun)


class SentRun(NamedTuple):
    """The record of a probe, as it was sent."""

    run: ProbeRun
    stored_bytes: int
    """Of JSON as it will be stored."""
    claims: Claims


def sent_run(content: bytes) -> SentRun:
    """The record of a probe; equal ones are looked at once.

    Raises:
        ValidationError: if it is none.
    """
    is_small = len(content) <= _KEPT_BYTES and content.count(b"{") <= _KEPT_OBJECTS
    return _sent_run_kept(content) if is_small else _sent_run_read(content)


def _sent_run_read(content: bytes) -> SentRun:
    run = _PROBE(content)
    return SentRun(run, stored_bytes(run), claims_of(run))


_sent_run_kept = lru_cache(maxsize=_KEPT)(_sent_run_read)


def stored_bytes(record: BaseModel) -> int:
    """Of a record's JSON as it will be stored, where every field is written out."""
    return len(record.model_dump_json().encode())


class Reader:
    """Reads files within the allowance; what is refused becomes a sentence.

    Args:
        folder: descriptor of the evidence folder.
        allowance: reduced by what is taken.
        refusals: the sentences, to which others are added.
    """

    def __init__(self, folder: int, allowance: Allowance, refusals: list[str]) -> None:
        self._files = Readback(folder, 64 * 1024 * 1024)
        self._allowance = allowance
        self._refusals = refusals

    def refuse(self, why: str) -> None:
        self._refusals.append(f"evidence was not taken: {why}")

    def if_taken(self, take: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T | None:
        """What one of the other methods takes; None if it is not there or refused."""
        try:
            return take(*arguments, **options)
        except AbsentError:
            return None
        except RefusedError as error:
            self.refuse(str(error))
            return None

    def text(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            AbsentError: if it is not there.
            RefusedError: if it is not taken.
        """
        content = self._files.read(name, min(_FILE_BYTES, self._allowance.json_bytes))
        self._allowance.json_bytes -= len(content)
        return content

    def record(self, name: str, form: Callable[[bytes], T]) -> T:
        """The record in a file, which `form` makes of its bytes.

        Raises:
            AbsentError: if it is not there.
            RefusedError: if it is not taken.
        """
        content = self.text(name)
        objects = content.count(b"{") if len(content) > _MOST_OBJECTS else 0  # shorter files have no room for so many
        if objects > _MOST_OBJECTS:
            raise RefusedError(f"{name} has {objects} parts, {_MOST_OBJECTS} are allowed")
        try:
            return form(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise RefusedError(f"{name} is malformed ({first['type']})") from error

    def charge(self, size: int, name: str) -> None:
        """Count what a record takes to store beyond what it took to read: what it leaves out is written out there.

        Raises:
            RefusedError: if that is more than is left.
        """
        if size > self._allowance.stored_bytes:
            raise RefusedError(f"{name} takes {size} bytes to store, {self._allowance.stored_bytes} are left")
        self._allowance.stored_bytes -= size

    def tensors(self, name: str, prefix: str) -> Tensors | None:
        """The tensors in a file; None if it is not there.

        Raises:
            RefusedError: if they are not as they have to be, or too large.
        """
        try:
            content = self._files.read(name, self._allowance.tensor_bytes)
        except AbsentError:
            return None
        found = unpack(content, prefix=prefix, most=_MOST_TENSORS)
        self._allowance.tensor_bytes -= len(content)
        return found
