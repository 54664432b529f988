"""Joins blocks that feed the same sum, and proposes which sums are which role."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from reference.recognition.blocks import Block, Cut
from reference.recognition.layout import BlockRef
from reference.recognition.observation import CellObservation

MAX_CANDIDATES = 4000
"""Assignments of blocks to roles that are tried for one cell at most."""


@dataclass(slots=True, eq=False)
class Cluster:
    """Blocks with the same derivative G: parts of one sum."""

    gain: Tensor
    input: list[Block] = field(default_factory=list)
    state: list[Block] = field(default_factory=list)
    bias: list[Block] = field(default_factory=list)

    def add(self, block: Block) -> None:
        """Sort a block by its source."""
        kind = {"x": self.input, "1": self.bias}.get(block.source, self.state)
        kind.append(block)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Half:
    """The part of a role that comes from one source: weights and biases, as values and as references."""

    weight: Tensor
    bias: Tensor
    weight_refs: tuple[BlockRef, ...]
    bias_refs: tuple[BlockRef, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """What roles can be made of. Indices in `full` point into `inputs` and `states`."""

    inputs: tuple[Half, ...]
    states: tuple[Half, ...]
    full: tuple[tuple[int, int], ...]
    """Sums with an input and a state part."""
    input_only: tuple[int, ...]
    state_only: tuple[int, ...]
    unexplained: tuple[str, ...]
    """Parameters whose effect is no part of this."""

    @property
    def units(self) -> int:
        """How many roles these pieces make up."""
        return len(self.full) + max(len(self.input_only), len(self.state_only))


MISSING = -1
"""Index of a half that is not there: zeros."""
DUMMY = -2
"""Index of a role that nothing feeds: its value must not matter."""

Units = tuple[tuple[int, int], ...]
"""(input half, state half) of each role."""


def make_pieces(cut: Cut, seen: CellObservation) -> Pieces:
    """Cluster the blocks of a cell and explain gated ones."""
    clusters = _cluster(cut.blocks, seen.tolerances.same)
    loose = _explain_gated(cut.blocks, clusters, seen.tolerances.same)
    d, n = seen.input_size, seen.hidden_size
    inputs: list[Half] = []
    states: list[Half] = []
    full, input_only, state_only = [], [], []
    lone_biases = []
    for cluster in clusters:
        if cluster.input and cluster.state:
            full.append((len(inputs), len(states)))
            inputs.append(_half(cluster.input, cluster.bias, (n, d)))
            states.append(_half(cluster.state, [], (n, n)))
        elif cluster.input:
            input_only.append(len(inputs))
            inputs.append(_half(cluster.input, cluster.bias, (n, d)))
        elif cluster.state:
            state_only.append(len(states))
            states.append(_half(cluster.state, cluster.bias, (n, n)))
        else:
            lone_biases.append(cluster)
    loose_states = [block for block in loose if block.source in ("h", "c")]
    for index, block in enumerate(loose_states):
        bias = lone_biases[index].bias if len(lone_biases) == len(loose_states) == 1 else []
        state_only.append(len(states))
        states.append(_half([block], bias, (n, n)))
    unexplained = [block.ref.parameter for block in loose if block.source not in ("h", "c")]
    if not loose_states:
        unexplained += [block.ref.parameter for cluster in lone_biases for block in cluster.bias]
    return Pieces(
        inputs=tuple(inputs),
        states=tuple(states),
        full=tuple(full),
        input_only=tuple(input_only),
        state_only=tuple(state_only),
        unexplained=tuple(dict.fromkeys([*unexplained, *cut.odd])),
    )


def _cluster(blocks: tuple[Block, ...], tolerance: float) -> list[Cluster]:
    clusters: list[Cluster] = []
    for block in blocks:
        if block.gain is None:
            continue
        for cluster in clusters:
            scale = float(cluster.gain.norm() + block.gain.norm())
            if float((cluster.gain - block.gain).norm()) <= tolerance * scale:
                break
        else:
            cluster = Cluster(gain=block.gain)
            clusters.append(cluster)
        cluster.add(block)
    return clusters


def _explain_gated(blocks: tuple[Block, ...], clusters: list[Cluster], tolerance: float) -> list[Block]:
    """Put blocks fed by a gated source, J = G ⊗ s' with unknown s', into the cluster of G; return the others."""
    loose = []
    for block in blocks:
        if block.gain is not None:
            continue
        for cluster in clusters:
            size = (cluster.gain**2).sum((1, 2))[:, None].clamp_min(1e-300)
            source = torch.einsum("bonm,bon->bm", block.jacobian, cluster.gain) / size
            residual = block.jacobian - cluster.gain[..., None] * source[:, None, None, :]
            if float(residual.norm()) <= tolerance * float(block.jacobian.norm()):
                cluster.add(block)
                break
        else:
            loose.append(block)
    return loose


def _half(weights: list[Block], biases: list[Block], shape: tuple[int, int]) -> Half:
    zero = torch.zeros(shape, dtype=torch.float64)
    weight = torch.stack([zero, *(block.weight for block in weights)]).sum(0)
    bias = torch.stack([zero.new_zeros(shape[0]), *(block.weight[:, 0] for block in biases)]).sum(0)
    return Half(
        weight=weight,
        bias=bias,
        weight_refs=tuple(block.ref for block in weights),
        bias_refs=tuple(block.ref for block in biases),
    )


def assignments(pieces: Pieces, roles: int) -> list[Units]:
    """Every way to give the pieces to `roles` roles, the rest being dummies; empty if there are too many pieces."""
    if pieces.units > roles:
        return []
    found: dict[Units, None] = {}
    for pairs in _pairings(pieces, roles):
        units = (*pieces.full, *pairs)
        padded = units + ((DUMMY, DUMMY),) * (roles - len(units))
        for order in itertools.permutations(padded):
            found[order] = None
            if len(found) >= MAX_CANDIDATES:
                return list(found)
    return list(found)


def _pairings(pieces: Pieces, roles: int) -> Iterator[Units]:
    """Ways to join input parts and state parts that stand alone; as many pairs as possible first."""
    inputs, states = pieces.input_only, pieces.state_only
    capacity = roles - len(pieces.full)
    most = min(len(inputs), len(states))
    fewest = max(0, len(inputs) + len(states) - capacity)
    for count in range(most, fewest - 1, -1):
        for chosen in itertools.combinations(inputs, count):
            for partners in itertools.permutations(states, count):
                yield (
                    *zip(chosen, partners, strict=True),
                    *((half, MISSING) for half in inputs if half not in chosen),
                    *((MISSING, half) for half in states if half not in partners),
                )


def shared_assignments(pieces: Pieces, roles: int) -> list[Units]:
    """Ways to fill what is missing with halves that serve another role already: one gate with another's weights."""
    if pieces.units > roles or not pieces.inputs or not pieces.states:
        return []
    found: dict[Units, None] = {}
    for pairs in _pairings(pieces, roles):
        units = (*pieces.full, *pairs)
        padded = units + ((MISSING, MISSING),) * (roles - len(units))
        if sum(part == MISSING for unit in padded for part in unit) > 2:
            continue
        choices = [
            itertools.product(
                range(len(pieces.inputs)) if unit[0] == MISSING else (unit[0],),
                range(len(pieces.states)) if unit[1] == MISSING else (unit[1],),
            )
            for unit in padded
        ]
        for filled in itertools.product(*choices):
            for order in itertools.permutations(filled):
                found[order] = None
                if len(found) >= MAX_CANDIDATES:
                    return list(found)
    return list(found)
