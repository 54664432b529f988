"""Parameters of the parts of a network: cell, output layer, attention layer, embedding."""

from __future__ import annotations

from reference.counts.sizes import Size


def cell_count(gates: int, n: Size, d: Size, biases: int = 1, peepholes: int = 0) -> Size:
    r"""Parameters of one recurrent cell.

    Equations
        #cell = m (n d + n² + b n) + p n

        m gates (maps of input and state): RNN 1, simplified GRU 2, GRU 3, LSTM 4
        b bias vectors a gate: 0, 1, or 2 as in torch
        p peephole vectors: 0, or 3 for the input, forget and output gates of an LSTM

    Shapes      each gate has W_x (n, d), W_h (n, n) and b vectors (n,); each peephole a vector (n,)
    Source      Counted from the equations of the cells in reference/cells; the simplified GRU has no reset gate;
                peepholes as in Gers, Schraudolph and Schmidhuber 2002, "Learning precise timing with LSTM recurrent
                networks", JMLR 3.
    Departures  none
    Numerics    Exact: whole numbers or SymPy expressions, sums and products only.
    Oracle      sum(p.numel()) of torch's RNN, GRU and LSTM with and without bias
                (tests/unit/reference/test_counts.py).
    Mistakes    reference/mistakes/counts_*.py: another number of gates, a weight matrix or biases left out, time steps
                or batch counted.

    Raises:
        ValueError: if a number of gates, biases or peepholes is out of range.
    """
    if gates < 1 or biases not in (0, 1, 2) or peepholes not in (0, 3):
        raise ValueError(f"gates, biases, peepholes are {gates}, {biases}, {peepholes}; wanted ≥ 1, 0 to 2, 0 or 3")
    return gates * (n * d + n * n + biases * n) + peepholes * n


def output_count(features: Size, k: Size, *, bias: bool = True) -> Size:
    r"""Parameters of the output layer.

    Equations
        #output = features · k + k      with a bias
        #output = features · k          without

    Shapes      W (k, features) · b (k,)
    Source      Counted from y = W h + b.
    Departures  none
    Numerics    Exact, as cell_count.
    Oracle      torch.nn.Linear (tests/unit/reference/test_counts.py).
    Mistakes    reference/mistakes/counts_*.py: the layer left out or counted where it is not asked for.
    """
    return features * k + (k if bias else 0)


def attention_count(n: Size) -> Size:
    r"""Parameters of a layer that scores a hidden state with one number.

    Equations
        #attention = n + 1

    Shapes      w (1, n) · b (1,)
    Source      Counted from s = w h + b.
    Departures  none
    Numerics    Exact, as cell_count.
    Oracle      torch.nn.Linear(n, 1) (tests/unit/reference/test_counts.py).
    Mistakes    reference/mistakes/counts_*.py: left out because it is never used.
    """
    return n + 1


def embedding_count(words: Size, d: Size) -> Size:
    r"""Parameters of a table with a vector for each word.

    Equations
        #embedding = words · d

    Shapes      table (words, d)
    Source      Counted from x = table[word].
    Departures  none
    Numerics    Exact, as cell_count.
    Oracle      torch.nn.Embedding (tests/unit/reference/test_counts.py).
    Mistakes    reference/mistakes/counts_*.py: the table left out.
    """
    return words * d
