"""Numbers of parameters: formulas in the sizes of a network, and names for answers that deviate.

Plain arithmetic on whole numbers or on SymPy symbols, whichever is put in; neither torch nor NumPy is needed. What
needs SymPy, which takes its time to import, stands apart: `reference.counts.expressions` and `reference.counts.naming`.
"""

from __future__ import annotations

from reference.counts.blocks import attention_count, cell_count, embedding_count, output_count
from reference.counts.models import parameter_count
from reference.counts.quantities import QUANTITIES, Quantity, quantity_named
from reference.counts.sizes import Size, Sizes

__all__ = [
    "QUANTITIES",
    "Quantity",
    "Size",
    "Sizes",
    "attention_count",
    "cell_count",
    "embedding_count",
    "output_count",
    "parameter_count",
    "quantity_named",
]
