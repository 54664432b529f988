"""Lets two tensors share the same bytes, so that a small file becomes a large one."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        header["softmax@0/large"]["data_offsets"] = header["softmax@0/small"]["data_offsets"]

    header_changed(folder / "probe-softmax@0.safetensors", change)


ATTACK = Payload(
    aims_at="the grader", holds="Each tensor has to begin where the one before it ends.", craft=craft, refusal="begin"
)
