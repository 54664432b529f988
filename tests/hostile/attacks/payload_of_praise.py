"""Writes marks and outcomes into a record."""

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").write_text(
        '{"probe": "softmax", "status": "passed", "mark": 4, "outcome": "passed", "values": {}}'
    )
    (folder / "marks.json").write_text('{"softmax": 4}')


ATTACK = Payload(aims_at="marks", holds="A record has no place for marks.", craft=craft, refusal="malformed")
