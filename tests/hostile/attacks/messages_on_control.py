"""Sends requests to its own kernel over the control channel, with its own key: to interrupt itself, and to debug."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the grader",
    holds="A kernel has no channel for requests while a cell runs: nobody answers.",
    raises=("TimeoutError",),
    code="""
import json
import zmq
from jupyter_client.session import Session

def attack():
    with open("/job/connection.json") as file:
        connection = json.load(file)
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect("ipc://%s-%d" % (connection["ip"], connection["control_port"]))
        session.send(socket, "kernel_info_request", {})
        session.send(socket, "interrupt_request", {})
        session.send(socket, "debug_request", {"command": "initialize", "type": "request", "seq": 1, "arguments": {}})
        if not socket.poll(500):
            raise TimeoutError("nobody answers")
""",
)
