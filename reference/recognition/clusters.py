"""Joins blocks that feed the same sum: parts of one role, whatever parameters they lie in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from reference.recognition.blocks import Block, Cut
from reference.recognition.observation import Array, CellObservation

MAX_VARIANTS = 4
"""Orientations of square maps that are tried where derivatives do not show them."""


@dataclass(slots=True, eq=False)
class Cluster:
    """Blocks with the same derivative G: parts of one sum."""

    gain: Array
    input: list[Block] = field(default_factory=list)
    state: list[Block] = field(default_factory=list)
    bias: list[Block] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Sort a block by its source."""
        kind = {"x": self.input, "1": self.bias}.get(block.source, self.state)
        kind.append(block)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Half:
    """The part of a role that comes from one source: the sum of its weights and that of its biases."""

    weight: Array
    """(n, columns)"""
    bias: Array
    """(n,)"""
    weights: tuple[Block, ...]
    biases: tuple[Block, ...]
    gain: float
    """Largest derivative with respect to the sum that this feeds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """What roles can be made of. Indices in `full` point into `inputs` and `states`."""

    inputs: tuple[Half, ...]
    states: tuple[Half, ...]
    full: tuple[tuple[int, int], ...]
    """Sums with an input and a state part."""
    input_only: tuple[int, ...]
    state_only: tuple[int, ...]
    blocks: tuple[Block, ...]
    """All blocks, in the orientation that is tried here."""
    loose: tuple[Block, ...]
    """Those among them whose sum is not known."""
    clusters: tuple[Cluster, ...]
    odd: tuple[str, ...]
    """Parameters that could not be cut into blocks."""
    unexplained: tuple[str, ...]
    """Parameters whose effect is no part of this."""

    @property
    def units(self) -> int:
        """How many roles these pieces make up."""
        return len(self.full) + max(len(self.input_only), len(self.state_only))


def pieces_of(cut: Cut, seen: CellObservation) -> list[Pieces]:
    """What roles can be made of; more than one answer where derivatives do not show how a square map is turned."""
    clusters = _cluster(cut.blocks, seen.tolerances.same)
    plain, gated, loose = _explain_gated(cut.blocks, clusters, seen.tolerances.fit)
    open_ends = [block for block in loose if block.square and block.source in ("h", "c")]
    variants = []
    for turns in itertools.islice(itertools.product((False, True), repeat=len(open_ends)), MAX_VARIANTS):
        turned = {id(block): block.turned() for block, turn in zip(open_ends, turns, strict=True) if turn}
        variants.append(
            _pieces(cut, clusters, [turned.get(id(block), block) for block in loose], [*plain, *gated], seen)
        )
    return variants


def _pieces(
    cut: Cut, clusters: Sequence[Cluster], loose: Sequence[Block], settled: Sequence[Block], seen: CellObservation
) -> Pieces:
    d, n = seen.input_size, seen.hidden_size
    inputs: list[Half] = []
    states: list[Half] = []
    full, input_only, state_only = [], [], []
    lone_biases = []
    for cluster in clusters:
        gain = float(np.abs(cluster.gain).max())
        if cluster.input and cluster.state:
            full.append((len(inputs), len(states)))
            inputs.append(_half(cluster.input, cluster.bias, (n, d), gain))
            states.append(_half(cluster.state, [], (n, n), gain))
        elif cluster.input:
            input_only.append(len(inputs))
            inputs.append(_half(cluster.input, cluster.bias, (n, d), gain))
        elif cluster.state:
            state_only.append(len(states))
            states.append(_half(cluster.state, cluster.bias, (n, n), gain))
        else:
            lone_biases.append(cluster)
    loose_states = [block for block in loose if block.source in ("h", "c")]
    for block in loose_states:
        bias = lone_biases[0].bias if len(lone_biases) == len(loose_states) == 1 else []
        state_only.append(len(states))
        states.append(_half([block], bias, (n, n), float(np.abs(block.jacobian).max())))
    unexplained = [block.ref.parameter for block in loose if block.source not in ("h", "c")]
    if not loose_states:
        unexplained += [block.ref.parameter for cluster in lone_biases for block in cluster.bias]
    return Pieces(
        inputs=tuple(inputs),
        states=tuple(states),
        full=tuple(full),
        input_only=tuple(input_only),
        state_only=tuple(state_only),
        blocks=(*settled, *loose),
        loose=tuple(loose),
        clusters=tuple(clusters),
        odd=cut.odd,
        unexplained=tuple(dict.fromkeys([*unexplained, *cut.odd])),
    )


def _cluster(blocks: Sequence[Block], tolerance: float) -> list[Cluster]:
    clusters: list[Cluster] = []
    sizes: list[float] = []
    for block in blocks:
        if block.gain is None:
            continue
        size = float(np.linalg.norm(block.gain))
        for cluster, other in zip(clusters, sizes, strict=True):
            scale = size + other
            # Sums whose derivatives differ in size need no closer look.
            similar = abs(size - other) <= tolerance * scale
            if similar and float(np.linalg.norm(cluster.gain - block.gain)) <= tolerance * scale:
                cluster.add(block)
                break
        else:
            cluster = Cluster(gain=block.gain)
            cluster.add(block)
            clusters.append(cluster)
            sizes.append(size)
    return clusters


def _explain_gated(
    blocks: Sequence[Block], clusters: Sequence[Cluster], tolerance: float
) -> tuple[list[Block], list[Block], list[Block]]:
    """Put blocks fed by a gated source, J = G ⊗ s' with unknown s', into the cluster of G.

    Returns:
        The blocks of plain sources, those of gated ones as they are applied, and the others.
    """
    plain, gated, loose = [], [], []
    for block in blocks:
        if block.gain is not None:
            plain.append(block)
            continue
        found = _gated_in(block, clusters, tolerance)
        if found is None and block.square:
            found = _gated_in(block.turned(), clusters, tolerance)
        if found is None:
            loose.append(block)
        else:
            gated.append(found)
    return plain, gated, loose


def _gated_in(block: Block, clusters: Sequence[Cluster], tolerance: float) -> Block | None:
    """The block with what it is fed with, as added to the first cluster that fits; None if none does."""
    for cluster in clusters:
        size = np.maximum(np.square(cluster.gain).sum(axis=(1, 2)), 1e-300)
        source = np.einsum("bonm,bon->bm", block.jacobian, cluster.gain) / size[:, None]
        residual = block.jacobian - cluster.gain[..., None] * source[:, None, None, :]
        if float(np.linalg.norm(residual)) <= tolerance * float(np.linalg.norm(block.jacobian)):
            known = replace(block, fed_with=source)
            cluster.add(known)
            return known
    return None


def _half(weights: Sequence[Block], biases: Sequence[Block], shape: tuple[int, int], gain: float) -> Half:
    return Half(
        weight=sum((block.weight for block in weights), start=np.zeros(shape)),
        bias=sum((block.weight[:, 0] for block in biases), start=np.zeros(shape[0])),
        weights=tuple(weights),
        biases=tuple(biases),
        gain=gain,
    )
