"""Sends messages without end in the name of requests that were never made."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="Whatever arrives is counted, whoever's it claims to be, and the kernel is ended at a ceiling.",
    code="""
kernel = get_ipython().kernel

def attack():
    parent = {"header": {"msg_id": "nobody's", "session": "x"}}
    while True:
        kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": "x" * 100_000}, parent=parent)
""",
)
