"""Names tensors that are in no file."""

from helpers.hostile_attacks import Payload


def craft(folder):
    (folder / "probe-softmax@0.safetensors").unlink()


ATTACK = Payload(aims_at="marks", holds="A record without its tensors is refused.", craft=craft, refusal="not there")
