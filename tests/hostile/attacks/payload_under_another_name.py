"""Hands in the record of one probe as that of another."""

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.json").write_bytes((folder / "probe-cell.Cell@0.json").read_bytes())


ATTACK = Payload(
    aims_at="marks",
    holds="A record has to speak of the probe that was asked for.",
    craft=craft,
    refusal="another probe",
)
