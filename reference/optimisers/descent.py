"""One step of gradient descent, after every element of every gradient has been clipped."""

from __future__ import annotations

from collections.abc import Mapping

from reference.optimisers.clipping import Gradient, clip_by_value


def clipped_descent_step(
    parameters: Mapping[str, Gradient], gradients: Mapping[str, Gradient], eta: float, N: float
) -> dict[str, Gradient]:
    r"""The parameters after a step down the slope, with the gradients clipped first.

    Equations
        g'_k = min(max(g_k, −N), N)     for every element k of every gradient
        w'   = w − η g'

    Shapes      parameters {name: any shape} · gradients the same names and shapes · η, N numbers · result as parameters
    Source      Mikolov 2012, "Statistical language models based on neural networks", PhD thesis, Brno (truncation of
                single elements; no arXiv version).
    Departures  Gradients go by the names of their parameters.
    Numerics    The arguments are left as they are.
    Oracle      torch.optim.SGD after torch.nn.utils.clip_grad_value_, |Δ| ≤ 1e-12
                (tests/unit/reference/test_descent.py).
    Mistakes    reference/mistakes/descent.py: up the slope, not clipped, the learning rate left out.

    Raises:
        ValueError: if N is not positive, or a parameter has no gradient.
    """
    missing = sorted(set(parameters) ^ set(gradients))
    if missing:
        raise ValueError(f"{missing[0]} has no partner; wanted a gradient for each parameter and no others")
    clipped = clip_by_value(gradients, N)
    return {name: w - eta * clipped[name] for name, w in parameters.items()}
