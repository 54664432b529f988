"""Nests the header of a file a million deep."""

import struct

from helpers.hostile_attacks import Payload


def craft(folder):
    header = b"[" * 1_000_000
    (folder / "probe-softmax@0.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)


ATTACK = Payload(aims_at="the grader", holds="It is refused as no JSON.", craft=craft, refusal="not JSON")
