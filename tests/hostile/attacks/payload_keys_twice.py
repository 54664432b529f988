"""Writes the same key twice, so that two readers see two different tensors."""

import struct

from helpers.hostile_attacks import Payload


def craft(folder):
    entry = b'"softmax@0/small": {"dtype": "F64", "shape": [3, 4], "data_offsets": [0, 96]}'
    header = b"{" + entry + b", " + entry + b"}"
    (folder / "probe-softmax@0.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(96))


ATTACK = Payload(aims_at="the grader", holds="A header with a key twice is refused.", craft=craft, refusal="twice")
