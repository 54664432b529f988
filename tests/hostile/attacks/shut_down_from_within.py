"""Tells its own kernel to shut down, over the control channel and with the kernel's own key."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="marks",
    holds="A kernel that shuts down has ended like any other: the statement is left out of the next one.",
    ends=("killed", "timeout"),
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
    socket.connect("ipc://%s-%d" % (connection["ip"], connection["control_port"]))
    session.send(socket, "shutdown_request", {"restart": False})
    while True:
        time.sleep(1)
""",
)
