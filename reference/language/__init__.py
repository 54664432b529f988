"""Numbers of language models: distributions, samples, losses and perplexity.

In torch, as everything that is compared with students' tensors; randomness only through a generator that is passed in.
"""

from __future__ import annotations

from reference.language.chi_square import ChiSquare, chi_square, draws_follow
from reference.language.perplexity import perplexity, perplexity_of_bits
from reference.language.sampling import SamplingTask, draw, one_hot, sample_sequence
from reference.language.sequence_loss import sequence_loss
from reference.language.temperature import sharpened, softmax_at_beta, softmax_at_temperature
from reference.language.text_diversity import Diversity, TemperatureComparison, compare_temperatures, diversity

__all__ = [
    "ChiSquare",
    "Diversity",
    "SamplingTask",
    "TemperatureComparison",
    "chi_square",
    "compare_temperatures",
    "diversity",
    "draw",
    "draws_follow",
    "one_hot",
    "perplexity",
    "perplexity_of_bits",
    "sample_sequence",
    "sequence_loss",
    "sharpened",
    "softmax_at_beta",
    "softmax_at_temperature",
]
