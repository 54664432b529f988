"""Named mistakes of a count of parameters that concern cells. Each takes what `parameter_count` takes.

Where a deviation has no meaning for a quantity, such as four gates for an LSTM, it gives the right count; naming then
passes it over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from reference.counts.blocks import cell_count
from reference.counts.models import around_cells, over_cells, parameter_count
from reference.counts.quantities import Quantity
from reference.counts.sizes import Size, Sizes
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "counts.models.parameter_count"
_count: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)
_BY_MODULE = "Compare with sum(p.numel() for p in module.parameters()) of a small cell of your own."
_GATES = "List the weight matrices of one step of the cell with their shapes."


@_count(
    "count.correct",
    "Number of parameters",
    formula="m (n d + n² + b n)",
    did="Your count is the standard one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of, at)


@_count(
    "count.two_biases",
    "Two biases for each gate",
    formula="m (n d + n² + 2n)",
    did="You count two biases a gate, as torch has them; one bias computes the same functions.",
    next_step="Nothing to do, unless the question fixes one bias.",
    effect="equivalent",
    severity="minor",
)
def two_biases(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, biases=2, output_bias=True), at)


@_count(
    "count.one_bias",
    "One bias for each gate",
    formula="m (n d + n² + n)",
    did="You count one bias a gate; the layers here have two, which compute the same functions.",
    next_step="Nothing to do, unless the question fixes two biases.",
    effect="equivalent",
    severity="minor",
)
def one_bias(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, biases=1) if of.biases == 2 else of, at)


@_count(
    "count.with_biases",
    "Biases counted where the question leaves them out",
    formula="n² + n m + k n + n + k",
    did="You count the biases, too; the formula of the question is one without.",
    next_step="Nothing to do, unless the question says that there are none.",
    effect="equivalent",
    severity="minor",
)
def with_biases(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of if of.biases else replace(of, biases=1, output_bias=True), at)


@_count(
    "count.no_bias",
    "Biases left out",
    formula="m (n d + n²)",
    did="You count the weight matrices and leave out the biases.",
    next_step=_BY_MODULE,
    severity="minor",
)
def no_bias(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, biases=0, output_bias=False), at)


@_count(
    "count.single_bias_total",
    "One bias for all gates",
    formula="m (n d + n²) + n",
    did="You count one bias vector for the whole cell; every gate has its own.",
    next_step=_GATES,
    severity="minor",
)
def single_bias_total(of: Quantity, at: Sizes) -> Size:
    if not of.biases:
        return parameter_count(of, at)
    return parameter_count(replace(of, biases=0), at) + over_cells(of, at, lambda n, d: n)


@_count(
    "count.bias_per_input",
    "A bias for each input, too",
    formula="m (n (n + d) + n + d)",
    did="You count n + d biases a gate; a bias is added to the outcome of the maps, which has n elements.",
    next_step="Write down the shapes in W x + U h + b for n = 3 and d = 2.",
    severity="minor",
)
def bias_per_input(of: Quantity, at: Sizes) -> Size:
    if not of.biases:
        return parameter_count(of, at)
    extra = over_cells(of, at, lambda n, d: of.gates * d)
    return parameter_count(replace(of, biases=1), at) + extra


def _with_gates(gates: int, of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, gates=gates, peepholes=of.peepholes if gates == 4 else 0), at)


@_count(
    "count.one_gate",
    "One map instead of a map for each gate",
    formula="n d + n² + b n",
    did="You count one map of input and state; this cell has several of them.",
    next_step=_GATES,
)
def one_gate(of: Quantity, at: Sizes) -> Size:
    return _with_gates(1, of, at)


@_count(
    "count.two_gates",
    "Two maps",
    formula="2 (n d + n² + b n)",
    did="You count two maps of input and state; this cell has another number of them.",
    next_step=_GATES,
)
def two_gates(of: Quantity, at: Sizes) -> Size:
    return _with_gates(2, of, at)


@_count(
    "count.three_gates",
    "Three maps, as a GRU has",
    formula="3 (n d + n² + b n)",
    did="You count three maps of input and state, as a GRU has them; this cell has another number.",
    next_step="List what has weights of its own in one step: every gate, and the candidate.",
)
def three_gates(of: Quantity, at: Sizes) -> Size:
    return _with_gates(3, of, at)


@_count(
    "count.four_gates",
    "Four maps, as an LSTM has",
    formula="4 (n d + n² + b n)",
    did="You count four maps of input and state, as an LSTM has them; this cell has another number.",
    next_step="List what has weights of its own in one step: every gate, and the candidate.",
)
def four_gates(of: Quantity, at: Sizes) -> Size:
    return _with_gates(4, of, at)


@_count(
    "count.five_gates",
    "Five maps",
    formula="5 (n d + n² + b n)",
    did="You count five maps of input and state; the state of a cell has no map of its own.",
    next_step=_GATES,
)
def five_gates(of: Quantity, at: Sizes) -> Size:
    return _with_gates(5, of, at)


@_count(
    "count.no_recurrent",
    "Weights of the state left out",
    formula="m (n d + b n)",
    did="You leave out the matrices that multiply the hidden state.",
    next_step="Write down the shapes in W x + U h + b for n = 3 and d = 2.",
)
def no_recurrent(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of, at) - over_cells(of, at, lambda n, d: of.gates * n * n)


@_count(
    "count.no_input",
    "Weights of the input left out",
    formula="m (n² + b n)",
    did="You leave out the matrices that multiply the input.",
    next_step="Write down the shapes in W x + U h + b for n = 3 and d = 2.",
)
def no_input(of: Quantity, at: Sizes) -> Size:
    return parameter_count(of, at) - over_cells(of, at, lambda n, d: of.gates * n * d)


@_count(
    "count.n2_only",
    "Weights of the state only",
    formula="m n²",
    did="You count the matrices that multiply the hidden state and nothing else.",
    next_step="Write down the shapes in W x + U h + b for n = 3 and d = 2.",
)
def n2_only(of: Quantity, at: Sizes) -> Size:
    return over_cells(of, at, lambda n, d: of.gates * n * n)


@_count(
    "count.squared_sum",
    "Square of the sum of the sizes",
    formula="m ((n + d)² + b n)",
    did="You square n + d; a map of n + d numbers to n has n (n + d) weights.",
    next_step="Write down the shape of a matrix that maps [h, x] to n numbers, for n = 3 and d = 2.",
)
def squared_sum(of: Quantity, at: Sizes) -> Size:
    def cell(n: Size, d: Size) -> Size:
        return cell_count(of.gates, n, d, of.biases, of.peepholes) + of.gates * (n * d + d * d)

    return over_cells(of, at, cell) + around_cells(of, at)


@_count(
    "count.peephole",
    "Peepholes counted",
    formula="m (n d + n² + b n) + 3n",
    did="You count three peephole vectors; this cell has none.",
    next_step="Look in the equations for a product of the cell state with weights.",
    severity="minor",
)
def peephole(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, peepholes=3) if of.gates == 4 else of, at)


@_count(
    "count.no_peephole",
    "Peepholes left out",
    formula="4 (n d + n² + b n)",
    did="You leave out the three peephole vectors of this cell.",
    next_step="Look in the equations for a product of the cell state with weights.",
    severity="minor",
)
def no_peephole(of: Quantity, at: Sizes) -> Size:
    return parameter_count(replace(of, peepholes=0), at)


@_count(
    "count.times_T",
    "Counted anew at every time step",
    formula="T m (n d + n² + b n)",
    did="You multiply by the number of time steps; all steps share the same weights.",
    next_step="Print the number of parameters of a cell before and after running it over 10 steps.",
)
def times_steps(of: Quantity, at: Sizes) -> Size:
    return at.T * parameter_count(of, at)


@_count(
    "count.batch",
    "Counted for every sample of a batch",
    formula="B m (n d + n² + b n)",
    did="You multiply by the size of the batch; all samples share the same weights.",
    next_step="Print the number of parameters of a cell and its output's shape for batches of 2 and of 20.",
)
def times_batch(of: Quantity, at: Sizes) -> Size:
    return at.B * parameter_count(of, at)


COLLISIONS = (
    Collision(same=("count.no_recurrent", "count.no_input"), condition="n = d", case="n = d"),
    Collision(
        same=("count.two_biases", "count.bias_per_input"), condition="n = d and the count has one bias", case="n = d"
    ),
    Collision(
        same=("count.correct", "count.times_T", "count.batch"),
        condition="there is one time step and one sample",
        case="one step and sample",
    ),
    Collision(
        same=("count.no_peephole", "count.single_bias_total"),
        condition="the cell has four gates with one bias each and three peephole vectors: 4n biases, or n + 3n",
        case="one bias and peepholes",
    ),
    Collision(
        same=("count.times_T", "count.batch"),
        condition="there are as many time steps as samples",
        case="T = B",
    ),
)
