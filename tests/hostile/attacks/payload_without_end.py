"""Nests a record twenty thousand deep."""

from helpers.hostile_attacks import Payload


def craft(folder):
    nested = '{"kind": "tuple", "items": [' * 19_000
    (folder / "probe-softmax@0.json").write_text('{"probe": "softmax", "status": "done", "values": {"small": ' + nested)


ATTACK = Payload(aims_at="the grader", holds="It is refused as malformed.", craft=craft, refusal="malformed")
