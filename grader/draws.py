"""Numbers that both sides of the wall can compute: a value is a function of (seed, name, shape) and of nothing else.

Probes name their inputs and parameters instead of carrying them; the kernel's agent and the judges call this module,
which is shipped into the kernel unchanged. So what comes back from a student's process is never believed about its
own inputs. No random generator is used, hence no order of declaration, library version or device can change a value.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import torch

_HALF_WIDTH = math.sqrt(3.0)  # uniform on [-√3, √3) has mean 0 and variance 1


def _bits(seed: str, name: str, shape: Sequence[int]) -> bytes:
    """64 pseudo-random bits for each element."""
    key = "\0".join([seed, name, ",".join(map(str, shape))])
    return hashlib.shake_256(key.encode("utf-8", "surrogatepass")).digest(8 * math.prod(shape))


def _words(seed: str, name: str, shape: Sequence[int]) -> torch.Tensor:
    """The same as a flat int64 tensor."""
    bits = bytearray(_bits(seed, name, shape))
    return torch.frombuffer(bits, dtype=torch.int64) if bits else torch.empty(0, dtype=torch.int64)


def _scaled(scale: float) -> float:
    """What 53 bits with a sign are multiplied by; the power of two changes no digit of the product."""
    return _HALF_WIDTH * scale / 2.0**52


def draw(seed: str, name: str, shape: Sequence[int], *, scale: float = 1.0) -> torch.Tensor:
    """Zero-mean values of standard deviation `scale`, bounded by √3 · `scale`; float64, shape `shape`."""
    signed = (_words(seed, name, shape) >> 11).double()
    return signed.mul_(_scaled(scale)).view(tuple(shape))


def draw_all(seed: str, wanted: Sequence[tuple[str, Sequence[int], float]]) -> list[torch.Tensor]:
    """What `draw` gives for each (name, shape, scale), in fewer steps."""
    bits = [_bits(seed, name, shape) for name, shape, _ in wanted]
    joined = bytearray().join(bits)
    if not joined:
        return [torch.zeros(tuple(shape), dtype=torch.float64) for _, shape, _ in wanted]
    signed = (torch.frombuffer(joined, dtype=torch.int64) >> 11).double()
    parts = signed.split_with_sizes([len(one) // 8 for one in bits])
    found = []
    for place, (_, shape, scale) in enumerate(wanted):
        found.append(parts[place].mul_(_scaled(scale)).view(tuple(shape)))
    return found


def draw_integers(seed: str, name: str, shape: Sequence[int], *, below: int) -> torch.Tensor:
    """Integers in [0, `below`); int64, shape `shape`.

    Raises:
        ValueError: if `below` is not between 1 and 2**31.
    """
    if not 1 <= below <= 2**31:
        raise ValueError(f"below must lie in [1, 2**31], found {below}")
    return ((_words(seed, name, shape) >> 11) % below).reshape(tuple(shape))


def draw_between(seed: str, name: str, shape: Sequence[int], *, low: float, high: float) -> torch.Tensor:
    """Values spread evenly over [`low`, `high`); float64, shape `shape`."""
    share = (draw(seed, name, shape) / _HALF_WIDTH + 1.0) / 2.0
    return low + (high - low) * share


def range_of(qualified_name: str, ranges: Mapping[str, Sequence[float]]) -> Sequence[float] | None:
    """The range of a parameter: that of its name, without the modules that it lies in and whatever its case."""
    return ranges.get(qualified_name.rpartition(".")[2].lower())


def parameter_name(owner: str, qualified_name: str, salt: int) -> str:
    """The name under which a parameter of a probed module is drawn; `salt` counts redraws of a degenerate net."""
    return f"{owner}/{qualified_name}#{salt}"


def parameter_scale(shape: Sequence[int], scale: float | str) -> float:
    """The standard deviation for a parameter: a number, or "fan_in" for 1/√(columns), 1-D tensors counted as biases."""
    if isinstance(scale, str):
        if scale != "fan_in":
            raise ValueError(f'scale must be a number or "fan_in", found {scale!r}')
        return 1.0 / math.sqrt(shape[-1]) if len(shape) >= 2 else 0.5
    return scale
