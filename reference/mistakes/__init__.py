"""The catalogue of named mistakes. Every module of this package is read: an entry written anywhere in it is known."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from reference.mistakes.catalogue import CellMistake, Collision, FunctionMistake, Mistake, ModelMistake

__all__ = [
    "CellMistake",
    "Collision",
    "FunctionMistake",
    "Mistake",
    "ModelMistake",
    "all_mistakes",
    "cell_mistakes",
    "collisions",
    "function_mistakes",
    "model_mistakes",
]

Entry = Mistake | CellMistake | ModelMistake | FunctionMistake


@cache
def _values() -> tuple[object, ...]:
    """Every module-level value of every module of this package, in the order in which it is written."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return tuple(value for module in modules for value in vars(module).values())


@cache
def _entries() -> tuple[Entry, ...]:
    return tuple(dict.fromkeys(value for value in _values() if isinstance(value, Entry)))


def _mistake(entry: Entry) -> Mistake:
    return entry if isinstance(entry, Mistake) else entry.mistake


@cache
def all_mistakes() -> Mapping[str, Mistake]:
    """Every named mistake by identifier.

    Raises:
        ValueError: if two entries share an identifier.
    """
    return MappingProxyType(_unique([_mistake(entry) for entry in _entries()]))


def _unique(mistakes: list[Mistake]) -> dict[str, Mistake]:
    found: dict[str, Mistake] = {}
    for mistake in mistakes:
        if mistake.id in found:
            raise ValueError(f"two mistakes are called {mistake.id!r}; wanted one entry for each identifier")
        found[mistake.id] = mistake
    return found


@cache
def cell_mistakes(prefix: str) -> tuple[CellMistake, ...]:
    """The step formulas of a family of identifiers: `lstm`, `gru` or `rnn`."""
    return tuple(entry for entry in _entries() if isinstance(entry, CellMistake) and entry.mistake.family == prefix)


@cache
def model_mistakes(architecture: str) -> tuple[ModelMistake, ...]:
    """The deviations of an architecture: `stacked` or `bidirectional`."""
    found = [entry for entry in _entries() if isinstance(entry, ModelMistake)]
    if architecture == "stacked":
        return tuple(entry for entry in found if entry.mistake.family == "model")
    return tuple(entry for entry in found if not entry.stacked_only)


@cache
def function_mistakes(prefix: str) -> tuple[FunctionMistake, ...]:
    """The deviations of a family of other functions: `uva`, `adam`, `count` and such."""
    return tuple(entry for entry in _entries() if isinstance(entry, FunctionMistake) and entry.mistake.family == prefix)


@cache
def collisions() -> tuple[Collision, ...]:
    """Every known collision: entries of a tuple `COLLISIONS` in any module of this package."""
    lists = [value for value in _values() if isinstance(value, tuple)]
    return tuple(dict.fromkeys(item for value in lists for item in value if isinstance(item, Collision)))
