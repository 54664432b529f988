"""The GPU that the host has lent to this kernel, if any."""

from __future__ import annotations

import torch

from .guard import clean_text


def claim(fraction: float | None) -> str | None:
    """The name of the GPU, of whose memory torch will take no more than a fraction; None if there is none to be used.

    The fraction is a convenience for kernels that share a card and no wall: a student's code can lift it. Asking for it
    makes this process's one CUDA context, so that the time this takes is not charged to a cell.
    """
    if fraction is None or not torch.cuda.is_available():
        return None
    try:
        torch.cuda.set_per_process_memory_fraction(fraction)
        return clean_text(str(torch.cuda.get_device_name()), 100)
    except RuntimeError:  # a driver that does not fit, or no memory left for a context
        return None
