"""Leaves tensors of nothing but NaN, of the right shape."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import filled


def craft(folder):
    filled(folder / "probe-softmax@0.safetensors", b"\xff" * 8)


ATTACK = Payload(aims_at="marks", holds="It is taken, and no comparison with it is true.", craft=craft, status="done")
