"""The choices that are an instructor's: which of several right conventions a question's text leaves open.

Defaults accept everything that solves the task. A question whose text fixes a convention says so in its rubric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One choice."""

    values: Mapping[str, str]
    """Each value with what it means."""
    default: str
    text: str
    """What is to be chosen, and when."""
    charges: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For a value: what a named mistake costs (`none`, `part` or `full`) where the rubric's `charge` is silent."""


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "gru.reset": Policy(
            values={
                "any": "either place is right",
                "after": "only r * (W h + b), as torch computes it",
                "before": "only W (r * h) + b, as in the paper that introduced the cell",
            },
            default="any",
            text="Where the reset gate of a GRU acts. The two are different functions of one form; choose one only "
            "where the question prints the equation.",
        ),
        "gru.update": Policy(
            values={
                "any": "either reading is right",
                "1": "only h' = z * h + (1 - z) * candidate",
                "2": "only h' = (1 - z) * h + z * candidate",
            },
            default="any",
            text="What the update gate of a GRU weights. Negated weights turn one into the other; choose one only "
            "where the question prints the equation.",
        ),
        "forget_bias": Policy(
            values={
                "accept": "a constant added before the forget gate's sigmoid is another start of its bias, and right",
                "mistake": "it is named and charged as a mistake",
            },
            default="accept",
            text="Whether an LSTM may add a constant (1 is usual) to the forget gate.",
        ),
        "realigned_reverse": Policy(
            values={
                "free": "named, and costs nothing",
                "charge": "charged like any other named mistake",
            },
            default="free",
            text="What it costs to leave the reverse direction's outputs in the order of processing. Where given code "
            "then takes index 0, that is the state after a single step: a trap more than a mistake of the loop.",
            charges={"free": {"bidir.rev_not_realigned": "none"}},
        ),
    }
)
