"""Puts a socket, and a folder, in place of records."""

import os
import socket

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").unlink()
    (folder / "environment.json").unlink()
    (folder / "environment.json").mkdir()
    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/probe-softmax@0.json")
    os.close(here)


ATTACK = Payload(aims_at="the grader", holds="Only ordinary files are read.", craft=craft, refusal="not taken")
