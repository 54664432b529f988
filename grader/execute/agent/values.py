"""Values as evidence: JSON of `Value`, with tensors collected beside it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from typing import Any

import torch

from .control import Refused
from .guard import clean_text
from .modules import dtype_name, facts_text
from .tensor_file import Content, content_of, raw_bytes

_NODES = 2_000
_DEPTH = 8
_TEXT_CHARS = 2_000
_ENTRY_BYTES = 100
"""What a tensor takes in a file beside its content, about."""
_NOT_STORED = "0"
Held = tuple[torch.dtype, torch.Size, bytes]
"""What a tensor held at one moment, whether or not it can be stored."""


def flat_tensors(value: Any, depth: int = _DEPTH) -> Iterator[torch.Tensor]:
    """The tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth and isinstance(value, (tuple, list)):
        for item in value:
            yield from flat_tensors(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in list(value.values()):
            yield from flat_tensors(item, depth - 1)


def is_array(value: object) -> bool:
    """True for a NumPy array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray)


def array_to_tensor(value: Any) -> torch.Tensor:
    """A copy of a NumPy array.

    Raises:
        TypeError: if torch has no such dtype.
    """
    return torch.from_numpy(value.copy(order="C"))


class Recorder:
    """Collects what one run of a probe yields; tensors under keys that begin with `prefix`."""

    def __init__(self, prefix: str, room: int) -> None:
        self.tensors: dict[str, Content] = {}
        self._prefix = prefix
        self._room = room
        self._nodes = 0
        self._traced: dict[Content, str] = {}

    def keep(self, name: str, tensor: torch.Tensor) -> str:
        """Keep a copy of a tensor; its key.

        Raises:
            Refused: if it does not fit, or cannot be stored.
        """
        content = content_of(tensor)
        if content is None:
            raise Refused("tensors")
        return self._put(name, content)

    def _put(self, name: str, content: Content) -> str:
        key = f"{self._prefix}/{name}"
        if key not in self.tensors:
            self._room -= len(content.raw) + _ENTRY_BYTES
            if self._room < 0:
                raise Refused("tensors")
            self.tensors[key] = content
        return key

    def keep_by_content(self, content: Content | None) -> str:
        """Keep each distinct content once; its identifier, a number that begins with 1, or 0 for what has none.

        Raises:
            Refused: if it does not fit.
        """
        if content is None:
            return _NOT_STORED
        identifier = self._traced.get(content)
        if identifier is None:
            identifier = self._traced[content] = str(len(self._traced) + 1)
            self._put(f"t/{identifier}", content)
        return identifier

    def value(self, name: str, value: Any, depth: int = _DEPTH) -> dict[str, Any]:
        """JSON of `Value`; tensors are kept under `name`, those inside tuples under `name/0` and so on.

        Raises:
            Refused: if it does not fit.
        """
        self._nodes += 1
        if isinstance(value, torch.Tensor):
            return self._tensor("tensor", name, value)
        if is_array(value):
            try:
                return self._tensor("array", name, array_to_tensor(value))
            except TypeError:
                return _other(value)
        if isinstance(value, torch.nn.Module):
            return {"kind": "object", "facts": facts_text(value)}
        if isinstance(value, (tuple, list, dict)) and depth and len(value) + self._nodes <= _NODES:
            return self._container(name, value, depth)
        return _scalar(value)

    def _tensor(self, kind: str, name: str, tensor: torch.Tensor) -> dict[str, Any]:
        content = content_of(tensor)
        if content is None:
            return {"kind": "other", "text": f"tensor of {dtype_name(tensor.dtype)}"}
        key = self._put(name, content)
        return {"kind": kind, "key": key, "shape": content.shape, "dtype": dtype_name(tensor.dtype)}

    def _container(self, name: str, value: Any, depth: int) -> dict[str, Any]:
        if isinstance(value, dict):
            items = list(value.values())
            names = [clean_text(str(key), 100) if isinstance(key, (str, int)) else "?" for key in value]
        else:
            items, names = list(value), []
        records = [self.value(f"{name}/{place}", item, depth - 1) for place, item in enumerate(items)]
        kind = "dict" if isinstance(value, dict) else "list" if isinstance(value, list) else "tuple"
        return {"kind": kind, "items": records, "names": names}


def _scalar(value: Any) -> dict[str, Any]:
    if value is None:
        return {"kind": "none"}
    if isinstance(value, str):
        return {"kind": "text", "text": clean_text(str(value), _TEXT_CHARS)}
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, bool) or (type(value) is int and abs(value) < 2**63):
        return {"kind": "scalar", "scalar": value}
    if isinstance(value, float):
        if math.isfinite(value):
            return {"kind": "scalar", "scalar": float(value)}
        return {"kind": "scalar", "text": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    return _other(value)


def _other(value: Any) -> dict[str, Any]:
    return {"kind": "other", "text": clean_text(type(value).__name__, 100)}


def snapshot(values: list[Any]) -> list[Held]:
    """What tensors and arrays hold, to be compared later."""
    tensors = [array_to_tensor(value) if is_array(value) else value for value in flat_arguments(values)]
    return [(tensor.dtype, tensor.shape, raw_bytes(tensor)) for tensor in tensors]


def whole_numbers(value: Any, most: int) -> list[int]:
    """The whole numbers, 0 or more, of a list or an array, at most so many; of a tuple that holds one the first part.

    Raises:
        TypeError: if it is no such thing.
    """
    if isinstance(value, tuple) and value and (is_array(value[0]) or isinstance(value[0], (list, torch.Tensor))):
        value = value[0]
    if is_array(value) or isinstance(value, torch.Tensor):
        value = value.reshape(-1)[:most].tolist()
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"a list of whole numbers was expected, not {type(value).__name__}")
    found = []
    for item in value[:most]:
        number = item.item() if is_array(item) or hasattr(item, "item") else item
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if type(number) is not int or not 0 <= number < 2**31:
            raise TypeError(f"a whole number was expected, not {type(item).__name__}")
        found.append(number)
    return found


def flat_arguments(value: Any, depth: int = _DEPTH) -> Iterator[Any]:
    """The tensors and NumPy arrays among arguments, in order."""
    if isinstance(value, torch.Tensor) or is_array(value):
        yield value
    elif depth and isinstance(value, (tuple, list)):
        for item in value:
            yield from flat_arguments(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from flat_arguments(item, depth - 1)


def changed_positions(values: list[Any], before: list[Held]) -> list[int]:
    """Positions of what no longer holds what it held."""
    now = snapshot(values)
    pairs = enumerate(before[: len(now)])
    return [place for place, old in pairs if old != now[place]]
