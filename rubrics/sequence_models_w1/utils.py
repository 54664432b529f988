"""Helpers that the course gives its students for the second part; a hand-in that lacks this file is run with it."""

import numpy as np
from rnn_utils import softmax  # noqa: F401 - students may import it from either file


def initialize_parameters(n_a, n_x, n_y):
    """Small random weights and biases of zero."""
    return {
        "Wax": np.random.randn(n_a, n_x) * 0.01,
        "Waa": np.random.randn(n_a, n_a) * 0.01,
        "Wya": np.random.randn(n_y, n_a) * 0.01,
        "ba": np.zeros((n_a, 1)),
        "by": np.zeros((n_y, 1)),
    }


def get_initial_loss(vocab_size, seq_length):
    """The loss of guessing for a sequence of that length."""
    return np.log(vocab_size) * seq_length


def smooth(loss, cur_loss):
    """A running mean of the loss, to be printed."""
    return loss * 0.999 + cur_loss * 0.001


def print_sample(sample_ix, ix_to_char):
    """Print a sample as a name that begins with a capital."""
    text = "".join(ix_to_char[ix] for ix in sample_ix)
    print(text.capitalize(), end="")
