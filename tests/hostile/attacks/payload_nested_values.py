"""Nests a value as deep as a record can be and still be read."""

from helpers.hostile_attacks import Payload


def craft(folder):
    depth = 2_000
    nested = '{"kind": "tuple", "items": [' * depth + '{"kind": "none"}' + "]}" * depth
    (folder / "probe-softmax@0.json").write_text(
        '{"probe": "softmax", "status": "done", "seed": "attacks/softmax", "values": {"small": ' + nested + "}}"
    )


ATTACK = Payload(aims_at="the grader", holds="It is refused as malformed.", craft=craft, refusal="malformed")
