"""A worker looks for garbage when a submission has left much of it, and not between those that leave little."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from grader.score.worker_limits import settle, tidy


class Ring:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    gc.collect()
    settle()
    yield
    gc.unfreeze()
    gc.enable()


def left_over(rings: int) -> weakref.ref[Ring]:
    """The first of some rings that nobody holds any more."""
    made = [Ring() for _ in range(rings)]
    return weakref.ref(made[0])


def test_little_garbage_is_left_where_it_is() -> None:
    ring = left_over(100)
    tidy()
    assert ring() is not None


def test_much_garbage_is_found() -> None:
    ring = left_over(100_000)
    assert ring() is not None
    tidy()
    assert ring() is None


def test_what_is_in_use_is_not_looked_at_again() -> None:
    held = [[] for _ in range(100_000)]
    tidy()
    assert gc.get_count()[0] < 50_000
    assert not any(one is held for one in gc.get_objects())
