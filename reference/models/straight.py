"""Is a run that of the straight loop over its own cells? The common case, decided without looking at a single call.

What a run should give depends on its numbers, its modules and the verdicts on its cells alone. Those who write their
cells alike get the same numbers, so what was computed for one of them is kept for the others.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reference.models.build import NoReplayError, Replay, replay_of
from reference.models.evidence import EXACT, ROUNDED, SINGLE, ModelEvidenceError, Precision, read_evidence
from reference.models.gather import layout_key
from reference.models.kept import Kept
from reference.models.right_pass import right_pass
from reference.recognition.verdicts import CellVerdict

KEPT_NUMBERS = 4_000_000
"""Numbers that are kept at most, 32 MB; the longest unused go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the straight loop gives."""

    shape: tuple[int, ...]
    """Of the output, axes of length 1 left out."""
    output: NDArray[np.float64]
    gradients: NDArray[np.float64] | None
    """By "x" and every parameter, one after the other; None where none were asked for, or as long as `pending`."""
    gradient_scale: float
    """What the tolerance of gradients is relative to."""
    pending: bool
    """True if gradients have not been computed, since the output of the run was another one anyway."""
    sizes: Mapping[str, tuple[int, ...]]
    """Shape of each of these, in order."""
    precision: Precision
    """How near is equal, in double precision."""

    @property
    def numbers(self) -> int:
        """How many numbers this is."""
        return self.output.size + (0 if self.gradients is None else self.gradients.size)


def _weight(found: Expected | None) -> int:
    return 0 if found is None else found.numbers


_KEPT: Kept[Expected | None] = Kept(KEPT_NUMBERS, _weight)


def is_straight(architecture: str, raw: Mapping[str, Any], cells: Mapping[str, CellVerdict | None]) -> bool:
    """True if outputs and gradients are those of the straight loop; False means that one has to look closer."""
    if not isinstance(raw.get("outputs"), Tensor):
        return False
    expected = _expected(architecture, raw, cells)
    if expected is None:
        return False
    if _near(expected, raw, expected.precision):
        return True
    return raw.get("dtype") == "float32" and _near(expected, raw, SINGLE)


def _expected(architecture: str, raw: Mapping[str, Any], cells: Mapping[str, CellVerdict | None]) -> Expected | None:
    key = key_of_run(architecture, raw, cells)
    known = None if key is None else _KEPT.get(key)
    if known is not None:
        (found,) = known
        if found is None or not (found.pending and _near_output(found.shape, found.output, raw, SINGLE)):
            return found
    made = _compute(architecture, raw, cells)
    if key is not None:
        _KEPT.put(key, made)
    return made


def key_of_run(architecture: str, raw: Mapping[str, Any], cells: Mapping[str, CellVerdict | None]) -> Hashable:
    """All that the straight loop depends on; None where the numbers of the run have no name."""
    numbers: Hashable = raw.get("numbers")
    if numbers is None:
        return None
    facts = tuple(raw[name] for name in ("family", "input_size", "hidden_size", "layers"))
    roles = tuple((raw.get("roles") or {}).items())
    return architecture, numbers, facts, roles, tuple((name, _named(one)) for name, one in cells.items())


def _named(verdict: CellVerdict | None) -> Hashable:
    if verdict is None or verdict.formula is None or verdict.layout is None:
        return None
    layout = verdict.layout
    return verdict.formula, layout.family, layout.gate_first, layout_key(layout)


def _compute(architecture: str, raw: Mapping[str, Any], cells: Mapping[str, CellVerdict | None]) -> Expected | None:
    """What the straight loop gives; None if it cannot be run."""
    has_gradients = raw.get("gradient_vector") is not None or bool(raw["gradients"])
    # Neither the precision of what came back nor its gradients matter here, and finding them out is costly.
    bare = ChainMap({"dtype": "float64", "gradients": {}}, raw)  # type: ignore[arg-type]  # it is only read
    try:
        seen = read_evidence(bare, tuple(cells), bidirectional=architecture == "bidirectional")
        if not seen.complete:
            return None
        replay = replay_of(seen, cells)
        output, gradients_by = _straight_loop(replay)
    except (ModelEvidenceError, NoReplayError, RuntimeError, IndexError):
        return None
    sizes = {"x": seen.x, **seen.parameters}
    gradients = None
    shape = _squeezed(output.shape)
    has_gradients = has_gradients and seen.weights is not None
    # Whatever computes an output, its gradients are of no interest as long as it is not that of the run.
    pending = has_gradients and not _near_output(shape, output.reshape(-1), raw, SINGLE)
    if has_gradients and seen.weights is not None:
        if seen.weights.numel() != output.size:
            return None
        if not pending:
            found = gradients_by(seen.weights)
            gradients = np.concatenate([found.get(name, _nothing(like)).reshape(-1) for name, like in sizes.items()])
    return Expected(
        shape=shape,
        output=output.reshape(-1),
        gradients=gradients,
        gradient_scale=1e-30 if gradients is None else max(1e-30, _largest(gradients)),
        pending=pending,
        sizes={name: tuple(like.shape) for name, like in sizes.items()},
        precision=ROUNDED if replay.has_constants else EXACT,
    )


def _nothing(like: Tensor) -> NDArray[np.float64]:
    return np.zeros(like.numel())


def _straight_loop(
    replay: Replay,
) -> tuple[NDArray[np.float64], Callable[[Tensor], Mapping[str, NDArray[np.float64]]]]:
    """The output, and its gradients by given weights."""
    plain = right_pass(replay.network, replay.linear)
    if plain is None:
        output = replay.network.output()
        return output.detach().numpy(), lambda weights: replay.gradients(output, weights)

    def gradients(weights: Tensor) -> Mapping[str, NDArray[np.float64]]:
        by = plain.back(weights.numpy().reshape(plain.output.shape))
        return replay.by_name([by.x, *by.linear], by.cells)

    return plain.output, gradients


def _squeezed(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _near(expected: Expected, raw: Mapping[str, Any], precision: Precision) -> bool:
    """True if what was recorded lies within the tolerances; NaN does not."""
    if not _near_output(expected.shape, expected.output, raw, precision):
        return False
    if expected.gradients is None:
        return True
    recorded = _recorded(expected, raw)
    if recorded is None or recorded.size != expected.gradients.size:
        return False
    return _largest(recorded - expected.gradients) <= precision.gradient * expected.gradient_scale


def _near_output(
    shape: tuple[int, ...], expected: NDArray[np.float64], raw: Mapping[str, Any], precision: Precision
) -> bool:
    outputs: Tensor = raw["outputs"]
    if _squeezed(outputs.shape) != shape:
        return False
    found = outputs.detach().numpy().reshape(-1)
    return _largest(found - expected) <= precision.value * max(1.0, _largest(found))


def _largest(values: NDArray[np.float64]) -> float:
    return float(np.maximum.reduce(np.abs(values))) if values.size else 0.0


def _recorded(expected: Expected, raw: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """All recorded gradients one after the other; None if they are not exactly those that are expected."""
    whole = raw.get("gradient_vector")
    if isinstance(whole, Tensor):
        return whole.detach().numpy()
    recorded = raw["gradients"]
    parts = []
    for name, shape in expected.sizes.items():
        value = recorded.get(name)
        if not isinstance(value, Tensor) or tuple(value.shape) != shape or not value.dtype.is_floating_point:
            return None
        parts.append(value.detach().reshape(-1).numpy())
    return np.concatenate(parts).astype(np.float64)
