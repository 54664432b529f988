"""What a fault keeps of the marks, as the rubric says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from grader.oracle import Oracle
from grader.records import Outcome

FULL = Decimal(1)
NONE = Decimal(0)
_SHARES = ("named", "unnamed")

Charge = Literal["none", "part", "full"]


def _fractions(shares: dict[str, Decimal]) -> dict[str, Decimal]:
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"{name} keeps {share}; a share lies between 0 and 1")
    return shares


Shares = Annotated[dict[str, Decimal], AfterValidator(_fractions)]
"""Fractions of the marks that an answer keeps, by identifier of a mistake; `named` and `unnamed` for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Shares, with what holds where the rubric says nothing."""

    shares: Mapping[str, Decimal]
    charge: Mapping[str, Charge] = field(default_factory=dict)
    """Goes before a mistake's share."""
    by_policy: Mapping[str, Charge] = field(default_factory=dict)
    """What the policies say; holds where the rubric has neither a charge nor a share for a mistake."""

    @property
    def named(self) -> Decimal:
        """What a named mistake keeps where nothing is said about it."""
        return self.shares.get("named", Decimal("0.5"))

    @property
    def unnamed(self) -> Decimal:
        """What an answer keeps that is wrong in a way that has no name."""
        return self.shares.get("unnamed", NONE)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The mistakes that the rubric speaks of."""
        return tuple(name for name in (*self.shares, *self.charge) if name not in _SHARES)

    def of(self, mistake: str) -> Decimal:
        """What a named mistake keeps."""
        charge = self.charge.get(mistake)
        if charge is None and mistake not in self.shares:
            charge = self.by_policy.get(mistake)
        match charge:
            case "none":
                return FULL
            case "full":
                return NONE
            case "part":
                return self.named
            case None:
                return self.shares.get(mistake, self.named)


def outcome_of(fraction: Decimal) -> Outcome:
    """The outcome that a decided fraction of the marks means."""
    if fraction >= FULL:
        return Outcome.PASSED
    return Outcome.PARTIAL if fraction > 0 else Outcome.FAILED


def joined(sentences: Iterable[str]) -> str:
    """Sentences as one text, empty ones and repetitions left out."""
    return " ".join(dict.fromkeys(sentence.strip() for sentence in sentences if sentence.strip()))


def told(oracle: Oracle, mistake: str) -> str:
    """What the student did, in the oracle's words."""
    return oracle.describe(mistake).what_you_did
