"""The catalogue of named mistakes. Every module of this package is read: an entry written anywhere in it is known."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from reference.mistakes.catalogue import CellMistake, Mistake, ModelMistake

__all__ = ["CellMistake", "Mistake", "ModelMistake", "all_mistakes", "cell_mistakes", "model_mistakes"]

Entry = Mistake | CellMistake | ModelMistake


@cache
def _entries() -> tuple[Entry, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Entry)]
    return tuple(dict.fromkeys(found))


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
