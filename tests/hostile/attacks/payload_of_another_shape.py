"""Declares another shape in the record than in the file of the tensors."""

import json

from helpers.hostile_attacks import Payload


def craft(folder):
    path = folder / "probe-softmax@0.json"
    record = json.loads(path.read_text())
    for value in record["values"].values():
        value["shape"] = [1 << 40, 1 << 40]
        value["dtype"] = "object"
    path.write_text(json.dumps(record))


ATTACK = Payload(
    aims_at="the grader",
    holds="What a tensor is, its own file says; a record that says otherwise is refused.",
    craft=craft,
    refusal="it calls the tensor",
)
