"""Cross-entropy of one decision a sequence, and of one decision a step."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor


def class_loss(scores: Float[Tensor, "B K"], targets: Int[Tensor, " B"]) -> Float[Tensor, ""]:
    r"""Cross-entropy of one class for each sequence, as a mean over the batch.

    Equations
        ŷ = softmax(a)
        L = −(1/B) Σ_b Σ_k y_bk log ŷ_bk          y_b: 1 for the right class, 0 else

    Shapes      a (B, K): raw scores · targets (B,): numbers of the right classes · L a scalar
    Source      torch.nn.CrossEntropyLoss
    Departures  none
    Numerics    log ŷ = a − logsumexp(a), never the logarithm of a softmax; float64.
    Oracle      torch.nn.functional.cross_entropy, |Δ| ≤ 1e-12 (tests/unit/reference/test_networks_models.py).
    Mistakes    a sum of log ŷ over all classes; softmax applied to scores that are probabilities already.
    """
    log_probabilities = scores - torch.logsumexp(scores, dim=1, keepdim=True)  # (B, K)
    return -log_probabilities.gather(1, targets[:, None]).mean()


def sequence_loss(
    scores: Float[Tensor, "B T V"],
    targets: Int[Tensor, "B T"],
    per: Literal["sequence", "token"] = "sequence",
) -> Float[Tensor, ""]:
    r"""Cross-entropy of a language model, summed over time.

    Equations
        ŷ_t = softmax(a_t)
        L_t = −Σ_v y_tv log ŷ_tv          v runs over the vocabulary
        L   = Σ_t L_t                     per sequence; per token it is L / T

    Shapes      a (B, T, V): raw scores · targets (B, T): numbers of the right tokens · L a scalar, a mean over
                the batch
    Source      Mikolov et al. 2010, "Recurrent neural network based language model", Interspeech 2010, for the task.
    Departures  none; the mean over tokens is only another scale of the same loss.
    Numerics    log ŷ = a − logsumexp(a), never the logarithm of a softmax; float64.
    Oracle      torch.nn.functional.cross_entropy, |Δ| ≤ 1e-12 (tests/unit/reference/test_networks_models.py).
    Mistakes    the sum taken over the corpus instead of the vocabulary, the minus forgotten, the last step only.
    """
    log_probabilities = scores - torch.logsumexp(scores, dim=2, keepdim=True)  # (B, T, V)
    steps = -log_probabilities.gather(2, targets[:, :, None])[:, :, 0]  # (B, T)
    return steps.sum(1).mean() if per == "sequence" else steps.mean()
