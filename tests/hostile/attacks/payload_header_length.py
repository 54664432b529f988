"""Declares a header of a million million megabytes."""

import struct

from helpers.hostile_attacks import Payload


def craft(folder):
    path = folder / "probe-softmax@0.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + path.read_bytes()[8:])


ATTACK = Payload(
    aims_at="the grader", holds="Lengths are checked before anything is read.", craft=craft, refusal="claims"
)
