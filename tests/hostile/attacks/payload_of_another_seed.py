"""Claims that other inputs were drawn, for which its answer would be right."""

import json

from helpers.hostile_attacks import Payload


def craft(folder):
    for path in folder.glob("probe-*.json"):
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "seed": "another", "salt": 10**15, "dtype": "float32"}))


ATTACK = Payload(
    aims_at="marks",
    holds="The run's seed is ours; another one is flagged.",
    craft=craft,
    status="done",
    flags=("tampering:seed",),
    waits=("softmax", "step"),
)
