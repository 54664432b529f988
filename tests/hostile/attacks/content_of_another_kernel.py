"""Asks to be run by a kernel of another language, by its own interpreter, with start-up code."""

import json

from helpers.hostile_attacks import Content
from helpers.hostile_coursework import hand_in


def make():
    document = json.loads(hand_in("right", first=["# another kernel"]))
    document["metadata"] = {
        "kernelspec": {
            "name": "bash",
            "argv": ["/bin/sh", "-c", "touch /tmp/taken"],
            "display_name": "x",
            "language": "sh",
        },
        "language_info": {"name": "sh", "file_extension": "../../x"},
        "widgets": {
            "application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_module": "http://192.0.2.1"}}}
        },
    }
    return json.dumps(document).encode()


ATTACK = Content(
    aims_at="the host", holds="Which kernel runs is the rubric's affair; metadata are not read.", make=make
)
