"""Lets tensors lie outside of the file, before its beginning, and one in another."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        header["softmax@0/small"]["data_offsets"] = [0, 1 << 39]
        header["softmax@0/large"]["data_offsets"] = [-8, 88]

    header_changed(folder / "probe-softmax@0.safetensors", change)


ATTACK = Payload(
    aims_at="the grader",
    holds="Offsets are checked before anything is read.",
    craft=craft,
    refusal="offset|outside|begin",
)
