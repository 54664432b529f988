"""What may be asked for: a cell, or a network around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal

Directions = Literal["one", "two stacks", "layer-wise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """The structure whose parameters are counted; the sizes are given apart."""

    gates: int
    """Maps of input and state in a cell: RNN 1, simplified GRU 2, GRU 3, LSTM 4."""
    biases: int = 1
    """Bias vectors a gate in the plain answer."""
    also_biases: tuple[int, ...] = (2,)
    """Other numbers of bias vectors a gate whose counts are accepted."""
    peepholes: int = 0
    """Peephole vectors a cell: 0 or 3."""
    stacked: bool = False
    """True if the answer depends on the number of layers L; a single cell otherwise."""
    directions: Directions = "one"
    """`two stacks` are independent; `layer-wise` joins both directions after every layer, as torch does."""
    output: bool = False
    """True if an output layer is counted."""
    output_bias: bool = True
    attention: bool = False
    """True if a layer n -> 1 is created and counted."""
    embedding: bool = False
    """True if a table of k vectors of length d stands before the cells."""


_CELLS = {
    "rnn": Quantity(gates=1),
    "gru_simplified": Quantity(gates=2),
    "gru": Quantity(gates=3),
    "lstm": Quantity(gates=4),
    "lstm_peephole": Quantity(gates=4, peepholes=3),
}


def _networks(name: str, cell: Quantity) -> dict[str, Quantity]:
    """The networks around a cell. Their own layers have two biases a gate, as the coursework's and torch's have."""
    stack = replace(cell, stacked=True, output=True, biases=2, also_biases=(1,))
    return {
        name: cell,
        f"{name}_classifier": replace(cell, output=True),
        f"{name}_stack": replace(stack, output=False),
        f"{name}_model": stack,
        f"{name}_model_attention": replace(stack, attention=True),
        f"{name}_bidirectional": replace(stack, directions="two stacks"),
        f"{name}_bidirectional_layer_wise": replace(stack, directions="layer-wise"),
        f"{name}_language_model": replace(stack, embedding=True, biases=1, also_biases=(2,)),
    }


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {name: found for cell, quantity in _CELLS.items() for name, found in _networks(cell, quantity).items()}
)
"""What a rubric can name."""

_FIELDS = frozenset(field.name for field in fields(Quantity))


def quantity_named(name: str, changes: Mapping[str, Any] = MappingProxyType({})) -> Quantity:
    """A quantity by name, with some of its fields changed.

    Raises:
        ValueError: if there is no such quantity or no such field.
    """
    if name not in QUANTITIES:
        raise ValueError(f"quantity is {name!r}; wanted one of {', '.join(QUANTITIES)}")
    unknown = sorted(set(changes) - _FIELDS)
    if unknown:
        raise ValueError(f"changes has {', '.join(unknown)}; wanted fields among {', '.join(sorted(_FIELDS))}")
    values = dict(changes)
    if "also_biases" in values:
        values["also_biases"] = tuple(values["also_biases"])
    return replace(QUANTITIES[name], **values)
