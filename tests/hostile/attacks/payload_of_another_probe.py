"""Puts tensors into one probe's file under the names of another's, which were right."""

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        header["cell.Cell@0/output"] = header.pop("softmax@0/large")

    header_changed(folder / "probe-softmax@0.safetensors", change)


ATTACK = Payload(
    aims_at="marks", holds="A probe's file holds tensors of that probe alone.", craft=craft, refusal="name has to start"
)
