"""Claims that every name was defined a thousand times, with evidence for each."""

import json
import shutil

from helpers.hostile_attacks import Payload


def craft(folder):
    definitions = [{"name": "softmax", "cell": 1, "line": number} for number in range(1000)]
    (folder / "definitions.json").write_text(json.dumps(definitions))
    record = json.loads((folder / "probe-softmax@0.json").read_text())
    for number in range(1, 60):
        for value in record["values"].values():
            value["key"] = value["key"].replace(f"@{number - 1}/", f"@{number}/")
        (folder / f"probe-softmax@{number}.json").write_text(json.dumps({**record, "definition": number}))
        content = (folder / "probe-softmax@0.safetensors").read_bytes()
        (folder / f"probe-softmax@{number}.safetensors").write_bytes(content.replace(b"@0/", b"@%d/" % number))
    shutil.copyfile(folder / "definitions.json", folder / "definitions-2.json")


ATTACK = Payload(
    aims_at="the grader",
    holds="So many are read as can be told apart, and no more.",
    craft=craft,
    status="done",
    refusal=".",
)
