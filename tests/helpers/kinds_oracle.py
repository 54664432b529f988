"""An oracle that says what a test tells it to, about a field that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Text:
    """A named mistake."""

    id: str
    title: str
    formula: str = "y = 2x"
    what_you_did: str = ""
    next_step: str = ""
    effect: str = "wrong"


@dataclass(frozen=True, kw_only=True)
class CellSaid:
    """A verdict on a cell."""

    status: str
    mistakes: tuple[str, ...] = ()
    convention: str = ""
    notes: tuple[str, ...] = ()
    formula: str | None = "plain.known"
    layout: Any = None
    nearest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelSaid:
    """A verdict on a run."""

    status: str
    mistakes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    by: str = "replay"
    notes: tuple[str, ...] = ()
    as_made: bool = False


MISTAKES = ("plain.halved", "plain.doubled", "stack.skips", "stack.mean", "stack.turned")


@dataclass
class FakeOracle:
    """Answers by two functions of what it is shown, and keeps that."""

    cell: Callable[[Mapping[str, Any]], CellSaid] = lambda observation: CellSaid(status="exact")
    model: Callable[[Mapping[str, Any]], ModelSaid] = lambda observation: ModelSaid(status="exact")
    state: bool = True
    seen: list[Mapping[str, Any]] = field(default_factory=list)
    cells_seen: list[Mapping[str, Any]] = field(default_factory=list)

    known_policies: Mapping[str, Any] = field(default_factory=dict)

    version = "1"

    def families(self) -> Sequence[str]:
        return ("plain", "other")

    def architectures(self) -> Sequence[str]:
        return ("tower",)

    def policies(self) -> Mapping[str, Any]:
        return self.known_policies

    def cell_sizes(self, family: str) -> tuple[int, int]:
        return (5, 3)

    def has_cell_state(self, family: str) -> bool:
        return self.state

    def recognise_cell(self, family: str, observation: Mapping[str, Any], policy: Mapping[str, str]) -> CellSaid:
        self.seen.append(observation)
        return self.cell(observation)

    def judge_model(
        self,
        architecture: str,
        observation: Mapping[str, Any],
        cells: Mapping[str, Any],
        policy: Mapping[str, str],
    ) -> ModelSaid:
        self.seen.append(observation)
        self.cells_seen.append(cells)
        return self.model(observation)

    def describe(self, mistake: str) -> Text:
        if mistake not in MISTAKES:
            raise KeyError(mistake)
        name = mistake.split(".")[1]
        return Text(
            id=mistake,
            title=f"title of {name}",
            what_you_did=f"You {name} it.",
            next_step=f"Try without {name}.",
        )

    def nearest_mistakes(self, prefix: str) -> Sequence[str]:
        return tuple(name for name in MISTAKES if name.startswith(prefix))
