"""Declares shapes that overflow, are negative, or are no whole numbers."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        header["softmax@0/small"]["shape"] = [1 << 32, 1 << 32]
        header["softmax@0/large"]["shape"] = [-3, -4]

    header_changed(folder / "probe-softmax@0.safetensors", change)


ATTACK = Payload(aims_at="the grader", holds="Shapes have to fit the bytes.", craft=craft, refusal="shape")
