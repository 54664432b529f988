"""Writes whole numbers of a hundred thousand digits."""

from helpers.hostile_attacks import Payload


def craft(folder):
    number = "9" * 100_000
    (folder / "probe-softmax@0.json").write_text(
        f'{{"probe": "softmax", "status": "done", "salt": {number}, "values": {{"small": '
        f'{{"kind": "scalar", "scalar": {number}}}}}}}'
    )


ATTACK = Payload(aims_at="the grader", holds="It is refused as malformed.", craft=craft, refusal="malformed")
