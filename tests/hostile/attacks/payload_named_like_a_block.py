"""Calls a tensor what the grader's own files call the block that holds all tensors of a probe, and adds an index."""

import json
import struct

from helpers.hostile_attacks import Payload
from helpers.hostile_payloads import header_changed


def craft(folder):
    def change(header):
        header["softmax@0/*F64"] = header.pop("softmax@0/large")

    record = folder / "probe-softmax@0.json"
    record.write_text(record.read_text().replace("softmax@0/large", "softmax@0/*F64"))
    path = folder / "probe-softmax@0.safetensors"
    header_changed(path, change)
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = {"softmax@0/*F64": json.dumps({"large": [1 << 39]})}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])


ATTACK = Payload(
    aims_at="the grader",
    holds="A kernel has no say in how its tensors are stored: its index is not read, the tensor keeps its odd name.",
    craft=craft,
    status="done",
)
