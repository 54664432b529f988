"""Names for a count that a student gives, as a formula or as a number.

A formula is compared at sizes that share no factor, so that n and d cannot stand for each other; SymPy expressions are
compared as expressions. A number says less: at n = d many formulas meet, and what a number cannot show is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Literal

import sympy  # type: ignore[import-untyped]  # SymPy ships no types

from reference.counts.comparing import Agrees, Count, Formula, Number, Ties, comparison, is_number, ties_of, values_of
from reference.counts.models import parameter_count
from reference.counts.quantities import Quantity
from reference.counts.sizes import sizes_of
from reference.mistakes import all_mistakes, function_mistakes

Status = Literal["exact", "equivalent", "mistake", "ambiguous", "unnamed"]
_PLAIN = "count.correct"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountVerdict:
    """What an answer counts."""

    status: Status
    mistakes: tuple[str, ...] = ()
    """One identifier for a mistake, the candidates where it is ambiguous."""
    convention: str = ""
    """Identifier of the accepted alternative; empty for the plain answer."""
    notes: tuple[str, ...] = ()
    """Sentences about what the answer cannot show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    id: str
    count: Count
    rank: int
    """0 for an accepted count, 1 for a mistake on top of the plain one, 2 on top of an accepted alternative."""

    @property
    def accepted(self) -> bool:
        return self.rank == 0


def name_count(
    answer: Formula | sympy.Expr | Number, quantity: Quantity, sizes: Mapping[str, int] | None = None
) -> CountVerdict:
    """What a student's count is: right, right in another way, a known mistake, several, or none.

    Args:
        answer: a formula as a function of {"n": 7, "d": 5, ...}, a SymPy expression in n, d, k, L, T, B, or a number.
        quantity: what was asked for.
        sizes: the sizes of the question; needed for a number. For a formula they say which sizes are equal there.

    Raises:
        ValueError: if a number is given without sizes, or a size has no known name. What a function raises passes
            through, but for arithmetic errors: a formula that divides by zero is none of ours.
    """
    ties = {} if sizes is None else ties_of(sizes)
    if sizes is not None:
        sizes_of(sizes)
    agrees = comparison(answer, sizes)
    candidates = candidates_of(quantity)
    if is_number(answer):
        return _with_doubts(_verdict(candidates, agrees, {}), candidates, agrees, ties)
    found = _verdict(candidates, agrees, {})
    if found.status != "unnamed" or not ties:
        return found
    return _where_sizes_are_equal(_verdict(candidates, agrees, ties), ties)


@cache
def candidates_of(quantity: Quantity) -> tuple[_Candidate, ...]:
    """Every count that has a name for a quantity: the accepted ones first, then mistakes made on top of each.

    A deviation that has no meaning for the quantity gives an accepted count, and is left out.
    """
    return tuple(_candidates(quantity))


def _candidates(quantity: Quantity) -> Iterator[_Candidate]:
    accepted = dict(_accepted(quantity))
    known = set()
    for name, base in accepted.items():
        count = partial(parameter_count, base)
        known.add(values_of(count))
        yield _Candidate(id=name, count=count, rank=0)
    for rank, base in enumerate(accepted.values(), start=1):
        for entry in function_mistakes("count"):
            count = partial(entry.function, base)
            if values_of(count) not in known:
                yield _Candidate(id=entry.mistake.id, count=count, rank=min(rank, 2))


def _accepted(quantity: Quantity) -> Iterator[tuple[str, Quantity]]:
    yield _PLAIN, quantity
    for biases in quantity.also_biases:
        if biases != quantity.biases:
            yield _bias_name(quantity, biases), _with_biases(quantity, biases)
    if quantity.attention:
        yield "count.unused_layer_left_out", replace(quantity, attention=False)


def _bias_name(quantity: Quantity, biases: int) -> str:
    if biases == 0:
        return "count.no_cell_bias" if quantity.output else "count.no_bias"
    if biases == 2:
        return "count.two_biases"
    return "count.one_bias" if quantity.biases else "count.with_biases"


def _with_biases(quantity: Quantity, biases: int) -> Quantity:
    return replace(quantity, biases=biases, output_bias=quantity.output_bias or biases > 0)


def _verdict(candidates: Sequence[_Candidate], agrees: Agrees, ties: Ties) -> CountVerdict:
    for candidate in candidates:
        if candidate.accepted and agrees(candidate.count, ties):
            plain = candidate.id == _PLAIN
            return CountVerdict(
                status="exact" if plain else "equivalent",
                convention="" if plain else candidate.id,
            )
    names = _wrong(candidates, agrees, ties)
    if not names:
        return CountVerdict(status="unnamed")
    return CountVerdict(status="mistake" if len(names) == 1 else "ambiguous", mistakes=names)


def _wrong(candidates: Sequence[_Candidate], agrees: Agrees, ties: Ties) -> tuple[str, ...]:
    """Mistakes on top of an alternative are named only where none on top of the plain answer fits."""
    hits = [c for c in candidates if not c.accepted and agrees(c.count, ties)]
    least = min((hit.rank for hit in hits), default=0)
    return tuple(sorted({hit.id for hit in hits if hit.rank == least}))


def _with_doubts(found: CountVerdict, candidates: Sequence[_Candidate], agrees: Agrees, ties: Ties) -> CountVerdict:
    """A verdict about a number, with what the number cannot show."""
    notes = []
    others = found.mistakes
    if found.status in ("exact", "equivalent"):
        others = tuple(name for name in _wrong(candidates, agrees, {}) if name != found.convention)
    if others and found.status != "mistake":
        titles = ", ".join(f'"{all_mistakes()[name].title}"' for name in others)
        notes.append(f"at these sizes the number would also come from: {titles}")
    if ties and found.status in ("exact", "equivalent", "ambiguous"):
        notes.append(f"a number does not show the formula where {_equal(ties)}: ask for the formula")
    return replace(found, notes=tuple(notes))


def _where_sizes_are_equal(found: CountVerdict, ties: Ties) -> CountVerdict:
    """A verdict about a formula that agrees with something only because sizes are equal in the question."""
    if found.status == "unnamed":
        return found
    note = f"as a formula it holds only where {_equal(ties)}, as the question has it"
    return replace(found, status="equivalent" if found.status == "exact" else found.status, notes=(note,))


def _equal(ties: Ties) -> str:
    return " and ".join(f"{other} = {name}" for name, other in ties.items())
