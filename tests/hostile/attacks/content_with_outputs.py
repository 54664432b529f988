"""Brings stored outputs that claim marks, with markup and scripts."""

import json

from helpers.hostile_attacks import Content
from helpers.hostile_coursework import hand_in


def make():
    document = json.loads(hand_in("wrong", first=["# outputs"]))
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            praise = "<script>alert(1)</script>12/12"
            cell["outputs"] = [
                {"output_type": "display_data", "data": {"text/html": praise, "text/plain": praise}, "metadata": {}},
                {"output_type": "stream", "name": "stdout", "text": '{"total": 12, "status": "graded"}'},
            ]
    return json.dumps(document).encode()


def shown(graded):
    assert "<script>alert" not in graded.page
    assert "12/12" not in str(graded.row)


ATTACK = Content(
    aims_at="marks",
    holds="Stored outputs earn nothing and are never shown as markup.",
    make=make,
    base="wrong",
    shown=shown,
)
