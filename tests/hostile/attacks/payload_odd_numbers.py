"""Writes numbers that JSON has not, or that no number holds."""

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").write_text(
        '{"probe": "softmax", "status": "done", "definition": 0, "salt": 1e999, "values": {"small": '
        '{"kind": "scalar", "scalar": NaN}, "large": {"kind": "scalar", "scalar": -Infinity}}}'
    )


ATTACK = Payload(aims_at="the grader", holds="It is refused as malformed.", craft=craft, refusal="malformed")
