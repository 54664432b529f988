"""Judges one run of a model: replay first, then recorded data flow; then the same with each named deviation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from torch import Tensor

from reference.mistakes import ModelMistake, model_mistakes
from reference.models.build import NoReplayError, Replay, recorded_network, replay_of
from reference.models.dataflow import Flow, follow
from reference.models.deviations import DETACHED, STRAIGHT, Output, deviations, straight_output
from reference.models.evidence import EXACT, ROUNDED, ModelEvidence, ModelEvidenceError, read_evidence
from reference.models.gradients import gradients_agree
from reference.models.layers import FailedCallError, NotRecordedError
from reference.models.network import Network, NotApplicableError
from reference.models.straight import is_straight, key_of_run
from reference.recognition.verdicts import CellVerdict, ModelVerdict

ARCHITECTURES = ("stacked", "bidirectional")
SHARED = ("model.same_cell_reused", "bidir.rev_uses_fwd_cells")
"""What a right loop computes where the model's lists hold one cell several times."""

By = Literal["replay", "data flow"]


def judge(
    architecture: str,
    observation: Mapping[str, Any],
    cells: Mapping[str, CellVerdict | None],
    policy: Mapping[str, str],
) -> ModelVerdict:
    """Judge one run of a model.

    Raises:
        ValueError: if the architecture is unknown.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"architecture must be one of {', '.join(ARCHITECTURES)}; found {architecture!r}")
    with np.errstate(all="ignore"):  # evidence may hold numbers of any size; what overflows agrees with nothing
        if is_straight(architecture, observation, cells):
            return ModelVerdict(status="exact", by="replay")
        try:
            seen = read_evidence(observation, tuple(cells), bidirectional=architecture == "bidirectional")
        except ModelEvidenceError as error:
            return ModelVerdict(status="unrecognised", by="data flow", notes=(str(error),))
        return _Case(architecture=architecture, seen=seen, cells=cells, policy=policy).verdict()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    architecture: str
    seen: ModelEvidence
    cells: Mapping[str, CellVerdict | None]
    policy: Mapping[str, str]

    def verdict(self) -> ModelVerdict:
        if self.seen.outputs is None:
            return self._raised(recorded_network(self.seen), follow(self.seen))
        note: tuple[str, ...] = ()
        try:
            replay = replay_of(self.seen, self.cells)
        except NoReplayError as error:
            note = (f"not replayed: {error}",)
        else:
            if replay.has_constants and self.seen.precision == EXACT:
                return replace(self, seen=replace(self.seen, precision=ROUNDED)).verdict()
            found = self._by_replay(replay)
            if found is not None:
                return found
        found = self._by_data_flow(recorded_network(self.seen), note)
        return found or self._unexplained(follow(self.seen), note, certain=not note)

    def _by_replay(self, replay: Replay) -> ModelVerdict | None:
        key = self._key
        if self.seen.complete and self._agrees(straight_output(replay.network, key)):
            return self._right(Network.output, replay)
        outputs = deviations(self.architecture, replay.network, key)
        for names, deviation, forward in self._loops_as_made():
            if self._agrees(outputs[deviation]):
                return self._as_made(self._right(forward, replay), names)
        hits = self._hits(outputs)
        return self._named(hits, "replay", (), replay) if hits else None

    @property
    def _key(self) -> Hashable:
        """All that a replay depends on: the input is rounded where the run had no more digits, and which layer comes
        last may hang on the calls.
        """
        key = key_of_run(self.architecture, self.seen.raw, self.cells)
        last = self.seen.classifier.name if self.seen.classifier is not None else None
        return None if key is None else (key, last, self.seen.raw.get("dtype") == "float32")

    def _by_data_flow(self, network: Network, note: tuple[str, ...]) -> ModelVerdict | None:
        if self.seen.complete and self._agrees(straight_output(network, None)):
            if self.seen.gradients:
                note = (*note, "gradients were not compared")
            return ModelVerdict(status="exact", by="data flow", notes=note)
        outputs = deviations(self.architecture, network, None)
        for names, deviation, _ in self._loops_as_made():
            if self._agrees(outputs[deviation]):
                return self._as_made(ModelVerdict(status="exact", by="data flow", notes=note), names)
        hits = self._hits(outputs)
        return self._named(hits, "data flow", note) if hits else None

    def _loops_as_made(self) -> list[tuple[tuple[str, ...], str, Callable[[Network], Tensor]]]:
        """How a right loop runs where the model holds other cells than it was asked for; none if it holds those.

        Each with the names of what is wrong then, and that of the deviation that computes the same.
        """
        if self.seen.complete:
            return []
        entries = [entry for entry in model_mistakes(self.architecture) if entry.mistake.id in SHARED]
        one = ("model.only_first_layer",) if len(self.seen.cells) == 1 < self.seen.layers else ()
        shared = [((entry.mistake.id,), entry.mistake.id, entry.forward) for entry in entries]
        return [(one, STRAIGHT, Network.output), *shared]

    def _as_made(self, found: ModelVerdict, names: tuple[str, ...]) -> ModelVerdict:
        """The fault of the constructor, not of the loop, unless the gradients say more."""
        if found.status != "exact":
            return found
        return replace(found, as_made=True, mistakes=names, edges=follow(self.seen).edges)

    def _agrees(self, found: Output) -> bool:
        wanted = self.seen.output_numbers
        if found is None or wanted is None or found.shape != wanted.shape:
            return False
        scale = max(1.0, float(np.abs(wanted).max()))
        return float(np.abs(found - wanted).max()) <= self.seen.precision.value * scale

    def _hits(self, outputs: Mapping[str, Output]) -> list[ModelMistake]:
        """The deviations that give the recorded outputs; what earns full marks comes first."""
        entries = sorted(model_mistakes(self.architecture), key=lambda entry: entry.mistake.effect == "wrong")
        return [entry for entry in entries if entry.mistake.id != DETACHED and self._agrees(outputs[entry.mistake.id])]

    def _right(self, forward: Callable[[Network], Tensor], replay: Replay) -> ModelVerdict:
        if not gradients_agree(forward, replay, self.seen):
            notes = ("the outputs agree, the gradients do not",)
            return ModelVerdict(status="mistake", mistakes=(DETACHED,), by="replay", notes=notes)
        return ModelVerdict(status="exact", by="replay")

    def _named(
        self,
        hits: Sequence[ModelMistake],
        by: By,
        note: tuple[str, ...],
        replay: Replay | None = None,
    ) -> ModelVerdict:
        if hits[0].mistake.effect == "equivalent":
            notes = (*note, hits[0].mistake.title)
            if replay is not None and not gradients_agree(hits[0].forward, replay, self.seen):
                return ModelVerdict(status="mistake", mistakes=(DETACHED,), by=by, notes=notes)
            return ModelVerdict(status="equivalent", by=by, notes=notes)
        names = tuple(entry.mistake.id for entry in hits)
        status: Literal["mistake", "ambiguous"] = "mistake" if len(names) == 1 else "ambiguous"
        return ModelVerdict(status=status, mistakes=names, edges=follow(self.seen).edges, by=by, notes=note)

    def _raised(self, recorded: Network, flow: Flow) -> ModelVerdict:
        names = flow.mistakes or self._only_way_to_failure(recorded)
        if not self.seen.complete and not flow.mistakes:
            # Straight as far as it came: it cannot go further without the cells that are not there.
            return ModelVerdict(status="blocked", as_made=True, edges=flow.edges, by="data flow")
        return ModelVerdict(
            status="mistake" if names else "unrecognised", mistakes=names, edges=flow.edges, by="data flow"
        )

    def _only_way_to_failure(self, recorded: Network) -> tuple[str, ...]:
        """The deviation that makes the call that failed, if it is the only one and the straight loop makes none."""
        cells = {cell.name for cell in (*self.seen.cells, *self.seen.reverse_cells)}
        wanted = self.seen.family.outputs
        if not any(call.module in cells and len(call.outputs) < wanted for call in self.seen.calls):
            return ()  # what failed is no call of a cell
        if self._reaches_failure(recorded, Network.output):
            return ()
        entries = model_mistakes(self.architecture)
        reached = [entry.mistake.id for entry in entries if self._reaches_failure(recorded, entry.forward)]
        return tuple(reached) if len(reached) == 1 else ()

    def _reaches_failure(self, recorded: Network, forward: Callable[[Network], Tensor]) -> bool:
        try:
            forward(recorded)
        except FailedCallError:
            return True
        except (NotApplicableError, NotRecordedError, RuntimeError, IndexError, ValueError):
            return False
        return False

    def _unexplained(self, flow: Flow, note: tuple[str, ...], *, certain: bool) -> ModelVerdict:
        """No known loop gives these outputs: the edges may still name the fault."""
        if flow.mistakes:
            return ModelVerdict(status="mistake", mistakes=flow.mistakes, edges=flow.edges, by="data flow", notes=note)
        # Only where the student's own cells were replayed are the outputs known to be wrong.
        wrong = certain and bool(flow.edges) and bool(self.seen.calls)
        return ModelVerdict(status="unnamed" if wrong else "unrecognised", edges=flow.edges, by="data flow", notes=note)
