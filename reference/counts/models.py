"""Parameters of whole networks: stacks of cells in one or two directions, with what stands before and after them."""

from __future__ import annotations

from collections.abc import Callable

from reference.counts.blocks import attention_count, cell_count, embedding_count, output_count
from reference.counts.quantities import Quantity
from reference.counts.sizes import Size, Sizes

CellCount = Callable[[Size, Size], Size]
"""(n, d) -> parameters of one cell with n hidden units and inputs of length d."""


def over_cells(of: Quantity, at: Sizes, cell: CellCount) -> Size:
    """The sum over all cells of a quantity, of whatever is counted in one cell."""
    layers = at.L if of.stacked else 1
    above = 2 * at.n if of.directions == "layer-wise" else at.n
    stack = cell(at.n, at.d) + (layers - 1) * cell(at.n, above)
    return stack if of.directions == "one" else 2 * stack


def around_cells(of: Quantity, at: Sizes) -> Size:
    """Embedding, attention layer and output layer, as far as they are counted."""
    features = at.n if of.directions == "one" else 2 * at.n
    total: Size = embedding_count(at.k, at.d) if of.embedding else 0
    if of.attention:
        total = total + attention_count(at.n)
    if of.output:
        total = total + output_count(features, at.k, bias=of.output_bias)
    return total


def parameter_count(of: Quantity, at: Sizes) -> Size:
    r"""Parameters of a quantity at some sizes.

    Equations
        #stack      = #cell(n, d) + (L − 1) #cell(n, n)             one direction
        #two stacks = 2 #stack                                      independent directions
        #layer-wise = 2 (#cell(n, d) + (L − 1) #cell(n, 2n))        directions joined after every layer
        # = [#embedding] + #stack | #two stacks | #layer-wise + [#attention] + [#output]

        The output layer reads n features, or 2n where there are two directions.

    Shapes      as in reference/counts/blocks.py; [..] counts where the quantity has the part
    Source      Counted from the structure of torch.nn.LSTM(d, n, L, bidirectional=...), and of two lists of cells.
    Departures  none
    Numerics    Exact: whole numbers or SymPy expressions, sums and products only; L may be a symbol, too.
    Oracle      sum(p.numel()) of torch modules of the same structure (tests/unit/reference/test_counts.py).
    Mistakes    reference/mistakes/counts_*.py: every layer given the input's size, one direction of two, output layer
                of one direction.
    """
    return over_cells(of, at, lambda n, d: cell_count(of.gates, n, d, of.biases, of.peepholes)) + around_cells(of, at)
