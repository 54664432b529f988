"""Puts a pipe in place of a record, on which a reader would wait for ever."""

import os

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").unlink()
    os.mkfifo(folder / "probe-softmax@0.json")


ATTACK = Payload(
    aims_at="the grader", holds="Only ordinary files are read, and nobody waits.", craft=craft, refusal="not taken"
)
