"""Named mistakes of a count of parameters that concern layers and directions. Each takes what `parameter_count` takes.

Where a deviation has no meaning for a quantity, such as a missing output layer for a cell, it gives the right count;
naming then passes it over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reference.counts.blocks import cell_count, output_count
from reference.counts.models import around_cells, over_cells, parameter_count
from reference.counts.quantities import Quantity
from reference.counts.sizes import Size, Sizes
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "counts.models.parameter_count"
_count: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)
_BY_NAME = "Print the name and the shape of each parameter of a small network of this kind."


@_count(
    "count.plus_output",
    "Output layer counted, too",
    formula="#cell + n k + k",
    did="You count the output layer with the cell; the question asks for the cell.",
    next_step="List the shapes that you counted and mark those that belong to the cell.",
    severity="minor",
)
def plus_output(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, output=True), at)


@_count(
    "count.no_output",
    "Output layer left out",
    formula="#cells",
    did="You count the cells and leave out the output layer.",
    next_step=_BY_NAME,
    severity="minor",
)
def no_output(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, output=False), at)


@_count(
    "count.no_cell_bias",
    "Biases of the cells left out",
    formula="Σ m (n d + n²) + n k + k",
    did="You count the bias of the output layer, but not those of the cells.",
    next_step=_BY_NAME,
    severity="minor",
)
def no_cell_bias(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, biases=0) if of.output else of, at)


@_count(
    "count.two_layers",
    "Two layers instead of one",
    formula="#cell(n, d) + #cell(n, n)",
    did="You count two stacked layers; the question asks for one.",
    next_step="List the shapes that you counted, layer by layer.",
)
def two_layers(of: Quantity, at: Sizes) -> Size:
    if of.stacked:
        return parameter_count(of, at)
    return parameter_count(replace(of, stacked=True), replace(at, L=2))


@_count(
    "count.one_layer",
    "First layer only",
    formula="#cell(n, d) + …",
    did="Your count does not depend on the number of layers.",
    next_step="Count the network with one layer and with two by sum(p.numel()) and compare.",
)
def one_layer(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, stacked=False), at)


@_count(
    "count.layers_all_read_input",
    "Every layer given the input's size",
    formula="L m (n d + n² + b n)",
    did="You count every layer with inputs of length d; above the first the inputs are hidden states.",
    next_step=_BY_NAME,
)
def layers_all_read_input(of: Quantity, at: Sizes) -> Size:
    def cell(n: Size, d: Size) -> Size:
        return cell_count(of.gates, n, at.d, of.biases, of.peepholes)

    return over_cells(of, at, cell) + around_cells(of, at)


@_count(
    "count.one_direction",
    "One direction of two",
    formula="Σ_l #cell + n k + k",
    did="You count one direction; the second has cells of its own, and the output layer reads both.",
    next_step=_BY_NAME,
)
def one_direction(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, directions="one"), at)


@_count(
    "count.output_of_one_direction",
    "Output layer that reads one direction",
    formula="2 Σ_l #cell + n k + k",
    did="You count both directions of cells, but an output layer that reads n numbers instead of 2n.",
    next_step="Print the shape of what the output layer reads.",
    severity="minor",
)
def output_of_one_direction(of: Quantity, at: Sizes) -> Size:
    if of.directions == "one" or not of.output:
        return parameter_count(of, at)
    return parameter_count(replace(of, output=False), at) + output_count(at.n, at.k, bias=of.output_bias)


@_count(
    "count.layer_wise",
    "Directions joined after every layer",
    formula="2 (#cell(n, d) + (L − 1) #cell(n, 2n))",
    did="You count layers that read both directions of the layer below, as torch's do; here each stack reads its own.",
    next_step=_BY_NAME,
    severity="minor",
)
def layer_wise(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of if of.directions == "one" else replace(of, directions="layer-wise"), at)


@_count(
    "count.two_stacks",
    "Two independent stacks",
    formula="2 (#cell(n, d) + (L − 1) #cell(n, n))",
    did="You count two independent stacks; here each layer reads both directions of the layer below.",
    next_step=_BY_NAME,
    severity="minor",
)
def two_stacks(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of if of.directions == "one" else replace(of, directions="two stacks"), at)


@_count(
    "count.unused_layer_left_out",
    "Layer that is never used left out",
    formula="# − (n + 1)",
    did="You leave out the layer that the network creates and never uses; its n + 1 parameters are there all the same.",
    next_step="Nothing to do, unless the question asks for what sum(p.numel()) gives.",
    effect="equivalent",
    severity="minor",
)
def unused_layer_left_out(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, attention=False), at)


@_count(
    "count.no_embedding",
    "Table of word vectors left out",
    formula="# − k d",
    did="You leave out the table with a vector for each word.",
    next_step=_BY_NAME,
    severity="minor",
)
def no_embedding(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, embedding=False), at)


COLLISIONS = (
    Collision(
        same=("count.correct", "count.layers_all_read_input"),
        condition="n = d and each layer reads n numbers",
        case="n = d, stacked",
    ),
    Collision(
        same=("count.correct", "count.one_layer", "count.layers_all_read_input"),
        condition="there is one layer",
        case="one layer",
    ),
    Collision(
        same=("count.correct", "count.layer_wise", "count.layers_all_read_input", "count.one_layer"),
        condition="there is one layer in each of two directions",
        case="one layer, two directions",
    ),
)
