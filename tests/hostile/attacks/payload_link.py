"""Puts links to files of the host's in place of records and tensors."""

from helpers.hostile_attacks import Payload


def craft(folder):
    for name, target in (("probe-softmax@0.json", "/etc/passwd"), ("probe-softmax@0.safetensors", "/dev/zero")):
        (folder / name).unlink()
        (folder / name).symlink_to(target)


ATTACK = Payload(
    aims_at="the host", holds="No link is followed, out of the folder or within.", craft=craft, refusal="not taken"
)
