"""Numbers of parameters: formulas in the sizes of a network, and names for answers that deviate.

Plain arithmetic on whole numbers or on SymPy symbols, whichever is put in; neither torch nor NumPy is needed.
"""

from __future__ import annotations

from reference.counts.blocks import attention_count, cell_count, embedding_count, output_count
from reference.counts.models import parameter_count
from reference.counts.naming import CountVerdict, name_count
from reference.counts.quantities import QUANTITIES, Quantity, quantity_named
from reference.counts.sizes import SYMBOLS, Size, Sizes, formula_of, same_formula

__all__ = [
    "QUANTITIES",
    "SYMBOLS",
    "CountVerdict",
    "Quantity",
    "Size",
    "Sizes",
    "attention_count",
    "cell_count",
    "embedding_count",
    "formula_of",
    "name_count",
    "output_count",
    "parameter_count",
    "quantity_named",
    "same_formula",
]
