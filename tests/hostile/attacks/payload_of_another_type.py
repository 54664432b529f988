"""Stores truth values where numbers were asked for."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        for entry in header.values():
            entry["dtype"] = "BOOL"
            entry["shape"] = [entry["data_offsets"][1] - entry["data_offsets"][0]]

    header_changed(folder / "probe-softmax@0.safetensors", change)


ATTACK = Payload(
    aims_at="the grader",
    holds="A record that calls them something else is refused.",
    craft=craft,
    refusal="it calls the tensor",
)
