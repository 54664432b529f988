"""What was computed for one submission and will do for others, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
_EACH = 100
"""What an entry weighs by itself."""


class Kept(Generic[T]):
    """Values by key; the longest unused go first.

    Args:
        most: numbers that are kept at most.
        weigh: how many numbers a value has.
    """

    def __init__(self, most: int, weigh: Callable[[T], int]) -> None:
        self._most = most
        self._weigh = weigh
        self._held = 0
        self._found: OrderedDict[Hashable, tuple[T]] = OrderedDict()

    def get(self, key: Hashable) -> tuple[T] | None:
        """What was put under the key; None if nothing was, or if it is gone."""
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
        return found

    def put(self, key: Hashable, value: T) -> None:
        """Keep a value in place of what was under its key."""
        earlier = self._found.pop(key, None)
        if earlier is not None:
            self._held -= _EACH + self._weigh(earlier[0])
        self._found[key] = (value,)
        self._held += _EACH + self._weigh(value)
        while self._held > self._most:
            self._held -= _EACH + self._weigh(self._found.popitem(last=False)[1][0])
