"""Seeds and replaces the generators, so that all draws would be known."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Inputs are drawn by a generator that no library shares, from a seed of the run.",
    first="""
import random

random.random = lambda: 0.5
torch.manual_seed = lambda *arguments: torch.default_generator
torch.randn = torch.rand = lambda *shape, **more: torch.zeros(*shape)
np.random.seed = lambda *arguments: None
""",
    flags=("tampering:torch.manual_seed", "tampering:torch.randn"),
    room="quiet",
)
