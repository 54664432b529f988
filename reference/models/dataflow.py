"""Follows recorded tensors from call to call and says, in sentences, where a model departs from the reference loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from reference.models.derived import Named, of_directions, of_input, of_scores, of_states, words_for
from reference.models.evidence import SINGLE, ModelEvidence, Module
from reference.models.layers import Key, RecordedCall, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a tensor was first seen."""

    kind: str
    """input, hidden, cell or output."""
    layer: int = 0
    """From 1; negative in the backward direction."""
    step: int = 0
    """Call number from 1; for the input the time step."""

    def words(self) -> str:
        """The origin as a student would call it."""
        if self.kind == "input":
            return f"the input at step {self.step}"
        direction = "backward " if self.layer < 0 else ""
        state = "cell state" if self.kind == "cell" else "hidden state"
        return f"the {state} of {direction}layer {abs(self.layer)} after call {self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Departures found: sentences, and identifiers where an edge alone names the mistake."""

    edges: tuple[str, ...]
    mistakes: tuple[str, ...]


class _Follower:
    def __init__(self, seen: ModelEvidence) -> None:
        self.seen = seen
        self.origins: dict[Key, list[Origin]] = {}
        self.keys: dict[int, tuple[Tensor, Key]] = {}
        """By identity, with the tensor, which keeps that from being used again: calls hand on what others returned."""
        self.edges: list[str] = []
        self.mistakes: list[str] = []
        for step, x in enumerate(seen.x.unbind(1), start=1):
            self._note(x, Origin(kind="input", step=step))

    def _note(self, value: Tensor, origin: Origin) -> None:
        self.origins.setdefault(self._key(value), []).append(origin)

    def _of(self, value: Tensor) -> list[Origin]:
        return self.origins.get(self._key(value), [])

    def _key(self, value: Tensor) -> Key:
        known = self.keys.get(id(value))
        if known is None:
            known = self.keys[id(value)] = value, key_of(value)
        return known[1]

    def follow(self) -> Flow:
        if not self.seen.calls:
            return Flow(edges=(), mistakes=())
        directions: list[tuple[Sequence[Module], int]] = [(self.seen.cells, 1)]
        if self.seen.reverse_cells:
            directions.append((self.seen.reverse_cells, -1))
        for cells, sign in directions:
            for depth, cell in enumerate(cells, start=1):
                for step, call in enumerate(self._calls(cell), start=1):
                    for kind, value in zip(("hidden", "cell"), call.outputs, strict=False):
                        self._note(value, Origin(kind=kind, layer=sign * depth, step=step))
        for cells, sign in directions:
            self._count(cells, sign)
            for depth, cell in enumerate(cells, start=1):
                self._follow_layer(cell, sign * depth)
        self._follow_classifier()
        return Flow(edges=tuple(dict.fromkeys(self.edges)), mistakes=tuple(dict.fromkeys(self.mistakes)))

    def _calls(self, cell: Module) -> list[RecordedCall]:
        return [call for call in self.seen.calls if call.module == cell.name]

    def _say(self, sentence: str, mistake: str | None = None) -> None:
        self.edges.append(sentence)
        if mistake is not None:
            self.mistakes.append(mistake)

    def _count(self, cells: Sequence[Module], sign: int) -> None:
        direction = "backward cell" if sign < 0 else "cell"
        if len(cells) != self.seen.layers:
            self._say(f"{len(cells)} {direction}(s) found for {self.seen.layers} layers")
        if self.seen.outputs is None:
            return
        layers: dict[int, list[int]] = {}
        for depth, cell in enumerate(cells, start=1):
            layers.setdefault(len(self._calls(cell)), []).append(depth)
        for calls, depths in sorted(layers.items()):
            several = "are" if len(depths) > 1 else "is"
            if calls == 0:
                first_only = 1 not in depths
                self._say(
                    f"{_layers(depths, sign)} {several} never called", "model.only_first_layer" if first_only else None
                )
            elif calls != self.steps:
                self._say(f"{_layers(depths, sign)} {several} called {calls} times for {self.steps} steps")

    def _follow_layer(self, cell: Module, layer: int) -> None:
        calls = self._calls(cell)
        previous: RecordedCall | None = None
        for step, call in enumerate(calls[: self.steps], start=1):
            if not call.inputs:
                continue
            if self._odd_input(call.inputs[0], layer, step, len(calls)):
                break
            if self._odd_state(call.inputs[1:], previous, layer, step):
                break
            previous = call
        again = calls[self.steps : self.steps + 1]
        if layer == 1 and self.seen.reverse_cells and again and again[0].inputs:
            self._follow_again(again[0].inputs[0])

    def _follow_again(self, value: Tensor) -> None:
        """The first forward cell goes on after the last step: perhaps it does the other direction, too."""
        if Origin(kind="input", step=self.steps) in self._of(value):
            self._say("layer 1 reads the input once more, from its end", "bidir.rev_uses_fwd_cells")

    def _odd_input(self, value: Tensor, layer: int, step: int, calls: int) -> bool:
        origins = self._of(value)
        time = self.steps + 1 - step if layer < 0 else step
        below = layer + 1 if layer < 0 else layer - 1
        wanted = Origin(kind="input", step=time) if abs(layer) == 1 else Origin(kind="hidden", layer=below, step=step)
        if wanted in origins:
            return False
        name = _layer(layer)
        if not origins:
            derived = words_for(value, self._made_of(below), self._tolerance) if step == 1 else None
            if derived is None and calls != self.steps:
                return False
            found_words = derived or "a tensor that is neither the input nor a state"
            self._say(f"{name}, call {step}: reads {found_words}, not {wanted.words()}")
            return True
        found = origins[0]
        if found.kind == "input" and abs(layer) > 1:
            self._say(f"{name} reads the input, not {_layer(below)}", "model.layers_not_stacked")
            return True
        if found.kind == "input":
            turned = "bidir.rev_input_not_reversed" if layer < 0 and found.step == step else None
            mistake = "model.reversed_input" if layer > 0 and found.step == self.steps + 1 - step else turned
        else:
            mistake = "bidir.rev_stack_fed_fwd_outputs" if found.layer > 0 > layer else _taken_for_hidden(found)
        self._say(f"{name}, call {step}: reads {found.words()}, not {wanted.words()}", mistake)
        return True

    def _made_of(self, layer: int) -> Iterator[Named]:
        """What could be made of the hidden states of a layer, or of the input below the first one."""
        if layer == 0:
            yield from of_input(self.seen)
        else:
            yield from of_states(_layer(layer), self._states(layer))

    def _states(self, layer: int) -> list[Tensor]:
        """The hidden states of a layer by call; none if it was never called."""
        cells = self.seen.reverse_cells if layer < 0 else self.seen.cells
        if abs(layer) > len(cells):
            return []
        return [call.outputs[0] for call in self._calls(cells[abs(layer) - 1]) if call.outputs]

    @property
    def _tolerance(self) -> float:
        return 1e-5 if self.seen.precision is SINGLE else 1e-9

    def _odd_state(self, state: Sequence[Tensor], previous: RecordedCall | None, layer: int, step: int) -> bool:
        name = _layer(layer)
        if previous is None:
            if not _any(state):
                return False
            origins = self._of(state[0])
            if origins:
                below = abs(origins[0].layer) == abs(layer) - 1 and origins[0].kind == "hidden"
                self._say(
                    f"{name} starts from {origins[0].words()}, not from zeros",
                    "model.state_carried_between_layers" if below else None,
                )
            else:
                self._say(f"{name} does not start from zeros")
            return True
        wanted = previous.outputs
        if len(state) == len(wanted) and all(
            self._key(one) == self._key(other) for one, other in zip(state, wanted, strict=True)
        ):
            return False
        zero = not _any(state)
        if zero and _any(wanted):
            self._say(f"{name} starts from zeros at every step", "model.hidden_reset_each_step")
        elif not zero:
            self._say(f"{name}, call {step}: does not get the state of call {step - 1}")
        return not zero or bool(wanted)

    def _follow_classifier(self) -> None:
        classifier = self.seen.classifier
        if classifier is None or self.seen.outputs is None:
            return
        calls = [call for call in self.seen.calls if call.module == classifier.name]
        if not calls:
            self._say(f"the classifier {classifier.name} is never called", "model.no_fc")
            return
        last = calls[-1]
        if len(calls) > 1:
            self._say(f"the classifier is called {len(calls)} times")
        if last.outputs and key_of(last.outputs[0]) != key_of(self.seen.outputs):
            found = words_for(self.seen.outputs, of_scores(last.outputs[0]), self._tolerance)
            self._say(f"what is returned is {found or 'not what the classifier computed'}")
        if not last.inputs:
            return
        value, n = last.inputs[0], self.seen.hidden_size
        forward = Origin(kind="hidden", layer=self.seen.layers, step=self.steps)
        backward = Origin(kind="hidden", layer=-self.seen.layers, step=self.steps)
        if not self.seen.reverse_cells:
            self._reads("the classifier", value, forward)
        elif value.dim() == 2 and value.shape[1] == 2 * n:
            self._reads("the classifier's first half", value[:, :n], forward)
            self._reads("the classifier's second half", value[:, n:], backward)
        else:
            self._reads_no_halves(value, forward, backward)

    def _reads_no_halves(self, value: Tensor, forward: Origin, backward: Origin) -> None:
        """The classifier of two directions reads something that is not as wide as both."""
        ends = [self._states(origin.layer)[-1:] for origin in (forward, backward)]
        joined = of_directions((forward.words(), ends[0][0]), (backward.words(), ends[1][0])) if all(ends) else ()
        found = words_for(value, joined, self._tolerance)
        origins = self._of(value)
        what = found or (origins[0].words() if origins else f"a tensor of shape {tuple(value.shape)}")
        self._say(f"the classifier reads {what}, not {forward.words()} and {backward.words()} side by side")

    @property
    def steps(self) -> int:
        """T."""
        return int(self.seen.x.shape[1])

    def _reads(self, reader: str, value: Tensor, wanted: Origin) -> None:
        origins = self._of(value)
        if wanted in origins:
            return
        if origins:
            self._say(f"{reader} reads {origins[0].words()}, not {wanted.words()}", _taken_for_hidden(origins[0]))
            return
        found = words_for(value, self._made_of(wanted.layer), self._tolerance)
        self._say(f"{reader} reads {found or 'a tensor that is no state of a layer'}, not {wanted.words()}")


def _any(values: Sequence[Tensor]) -> bool:
    """True if any number of any of them is not zero."""
    return any(bool(value.any()) for value in values)


def _taken_for_hidden(found: Origin) -> str | None:
    """The name of the edge from a cell state to where a hidden state belongs."""
    return "model.lstm_uses_cell_output" if found.kind == "cell" else None


def _layer(layer: int) -> str:
    return f"backward layer {-layer}" if layer < 0 else f"layer {layer}"


def _layers(depths: Sequence[int], sign: int) -> str:
    """ "layers 1, 2 and 3", or as one layer is called."""
    if len(depths) == 1:
        return _layer(sign * depths[0])
    *most, last = map(str, depths)
    return f"{'backward ' if sign < 0 else ''}layers {', '.join(most)} and {last}"


def follow(seen: ModelEvidence) -> Flow:
    """Compare every recorded edge with that of the reference loop."""
    return _Follower(seen).follow()
