"""What a function of the student's had computed when it raised, under the names by which it would have returned it."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from .values import flat_arguments, is_array

_MOST = 200
"""Names of a frame, and keys of a dictionary, that are looked at."""


def kept_when_it_raised(error: BaseException, target: Any, names: list[str], given: list[Any]) -> dict[str, Any]:
    """Name -> what the function held under it, in a variable or in a dictionary of its own.

    What it was given is left out: only what it has made itself is a result.

    Args:
        error: as it came out of the function.
        target: the function; of anything else nothing is known.
        names: that are asked for; underscores and case do not count.
        given: its arguments.
    """
    if not isinstance(target, FunctionType):
        return {}
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code is not target.__code__:
        trace = trace.tb_next
    if trace is None:
        return {}
    wanted = {_form(name) for name in names}
    theirs = {id(one) for one in flat_arguments(given)}
    found: dict[str, Any] = {}
    for name, value in _held(trace.tb_frame.f_locals):
        if _form(name) in wanted and is_array(value) and id(value) not in theirs:
            found.setdefault(name, value)
    return found


def _held(variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names and values of a frame, then those in its dictionaries."""
    some = list(variables.items())[:_MOST]
    yield from some
    for _, value in some:
        if type(value) is dict:
            yield from [(key, one) for key, one in list(value.items())[:_MOST] if type(key) is str]


def _form(name: str) -> str:
    return name.replace("_", "").casefold()
