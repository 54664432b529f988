"""Leaves files of many gigabytes, made of a hole."""

import os

from helpers.hostile_attacks import Payload


def craft(folder):
    for name in ("probe-softmax@0.json", "probe-cell.Cell@0.safetensors", "journal.jsonl"):
        os.truncate(folder / name, 1 << 36)


ATTACK = Payload(
    aims_at="the grader",
    holds="Sizes are looked at before a byte is read.",
    craft=craft,
    refusal="bytes",
    waits=("step",),
)
