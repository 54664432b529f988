"""Cross-entropy of a sequence of predictions."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int
from torch import Tensor

Scores = Float[Tensor, "time vocabulary"]
Targets = Int[Tensor, " time"]
Number = Float[Tensor, ""]


def sequence_loss(y: Scores, targets: Targets, reduction: Literal["sum", "mean"] = "sum") -> Number:
    r"""Cross-entropy of the true words under the predictions, over all steps.

    Equations
        L_t = −Σ_{i in vocabulary} one_hot(target_t)_i log softmax(y_t)_i = −log softmax(y_t)_{target_t}
        L   = Σ_t L_t            reduction "sum"
        L   = (1/T) Σ_t L_t      reduction "mean"

    Shapes      y (T, vocabulary), scores before the softmax · targets (T,), indices · L a number, in nats
    Source      Mikolov et al. 2010, "Recurrent neural network based language model", Interspeech (no arXiv version).
    Departures  none
    Numerics    log-softmax in torch's stable form, never the logarithm of a softmax that may be 0.
    Oracle      torch.nn.functional.cross_entropy, |Δ| ≤ 1e-12 (tests/unit/reference/test_language_loss.py).
    Mistakes    reference/mistakes/language_loss.py: minus left out, sum over the words of the text, last step only.

    Raises:
        ValueError: if there is no step, or the targets are not one index of the vocabulary for each step.
    """
    if not len(targets):
        raise ValueError("targets is empty; wanted at least one step")
    if len(targets) != len(y) or bool(((targets < 0) | (targets >= y.shape[1])).any()):
        raise ValueError(f"targets is {targets.tolist()}; wanted {len(y)} indices from 0 to {y.shape[1] - 1}")
    per_step = -y.log_softmax(dim=-1).gather(1, targets.long()[:, None])[:, 0]  # (T,)
    return per_step.sum() if reduction == "sum" else per_step.mean()
