"""Writes halves of characters, zero bytes and bytes that are no text into a record."""

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").write_bytes(
        b'{"probe": "softmax", "status": "raised", "raised": {"type": "\\ud800\\u0000", "message": "\xff\xfe"}}'
    )


ATTACK = Payload(aims_at="the grader", holds="It is refused as malformed.", craft=craft, refusal="malformed")
