"""What an attack says about itself: a file each in `tests/hostile/attacks`, with an `ATTACK` of one of these kinds."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from helpers.hostile_batch import Graded

FOLDER = Path(__file__).resolve().parents[1] / "hostile" / "attacks"
LEVELS = ("sealed", "bubblewrap")
"""Levels of isolation, the strongest first."""
ONE_BY_ONE = """
import os

def end():
    open("/evidence/journal.jsonl", "w").close()
    os._exit(1)

ended = end()
"""
"""A cell that ends its kernel and its traces: probes are then asked for one by one, after all cells have run."""
AIMS = ("marks", "the host", "other hand-ins", "the grader", "whoever reads the page")


@dataclass(frozen=True, kw_only=True)
class Attack:
    """What all attacks say. The first line of a file's docstring is the attack's title."""

    aims_at: str
    """One of `AIMS`."""
    holds: str
    """A sentence: what is prevented, or flagged."""
    levels: tuple[str, ...] = LEVELS
    """Levels at which it has to hold."""


@dataclass(frozen=True, kw_only=True)
class Denied(Attack):
    """A cell among right answers. It defines `attack()`, which comes back only if it got what it wanted."""

    code: str
    raises: tuple[str, ...]
    """One of these exceptions ends it, in the student's own code."""


@dataclass(frozen=True, kw_only=True)
class Ending(Attack):
    """A cell among right answers whose `attack()` ends its kernel: that costs the statement and nothing else."""

    code: str
    ends: tuple[str, ...] = ("killed",)
    """One of these is the status of the statement."""


@dataclass(frozen=True, kw_only=True)
class HandIn(Attack):
    """A hand-in of its own, over honest answers that earn what they earn without it."""

    base: str = "wrong"
    """Whose answers: "right" or "wrong"."""
    room: str = ""
    """Attacks with the same word here do not touch each other: where a kernel is dear, one hand-in may try them all."""
    first: str = ""
    """A cell before the answers."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Question -> the cell that stands there instead of the honest one."""
    last: str = ""
    """A cell behind the answers."""
    layered: bool = False
    """True if it aims at a model and its stand-ins."""
    flags: tuple[str, ...] = ()
    """Flags that send it to a person."""
    waits: tuple[str, ...] = ()
    """Questions that wait for a person, besides those that do so without the attack."""
    earns: tuple[str, ...] = ()
    """Questions that may earn marks because the answer computes what was asked, in a way that has to be flagged."""
    loses: tuple[str, ...] = ()
    """Questions that cost the hand-in its own marks."""
    shown: Callable[[Graded], None] = lambda graded: None
    """Further assertions about the graded hand-in."""


@dataclass(frozen=True, kw_only=True)
class Neighbours(Attack):
    """Two hand-ins that run at the same time; `attack()` of the second reaches for the first."""

    victim: str
    code: str
    raises: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FileName(Attack):
    """A hand-in whose file is called like this; what is in it is right."""

    name: bytes
    student: str
    """What its row, folder and page are called."""


@dataclass(frozen=True, kw_only=True)
class Content(Attack):
    """A hand-in whose file holds these bytes."""

    make: Callable[[], bytes]
    suffix: str = ".ipynb"
    refused: str = ""
    """Code with which it is refused; empty if it is graded."""
    base: str = "right"
    """What it earns if it is graded: what these answers do."""
    shown: Callable[[Graded], None] = lambda graded: None


@dataclass(frozen=True, kw_only=True)
class Answer(Attack):
    """Answers that are read and never run."""

    answers: Mapping[str, str]
    outcomes: Mapping[str, tuple[str, ...]]
    """Question -> how it may end."""


@dataclass(frozen=True, kw_only=True)
class Payload(Attack):
    """What a kernel leaves in its folder in place of evidence."""

    craft: Callable[[Path], None]
    """Changes the folder with the evidence of wrong answers."""
    refusal: str = ""
    """A pattern that a sentence about what was not taken has; empty if all is taken, and judged."""
    status: str = "refused"
    """Of the probe `softmax` afterwards."""
    flags: tuple[str, ...] = ()
    """Flags that send the hand-in to a person."""
    waits: tuple[str, ...] = ()
    """Questions that wait for a person."""


Kind = TypeVar("Kind", bound=Attack)


@cache
def attacks() -> dict[str, Attack]:
    """All attacks by the names of their files, in order."""
    return {path.stem: _load(path) for path in sorted(FOLDER.glob("*.py"))}


def attacks_of(kind: type[Kind]) -> dict[str, Kind]:
    """Those of one kind."""
    return {name: attack for name, attack in attacks().items() if isinstance(attack, kind)}


def title_of(name: str) -> str:
    """The first line of the file's docstring."""
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return source.split('"""')[1].strip().split("\n")[0]


def _load(path: Path) -> Attack:
    spec = importlib.util.spec_from_file_location(f"attack_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    attack = module.ATTACK
    assert isinstance(attack, Attack), path
    return attack
