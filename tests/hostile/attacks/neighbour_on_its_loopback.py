"""Connects to what another hand-in, running at the same time, listens on: a port, and an abstract socket."""

from helpers.hostile_attacks import Neighbours

ATTACK = Neighbours(
    aims_at="other hand-ins",
    holds="Each kernel has a network of its own, abstract names included.",
    victim="""
import select
import socket

servers = (socket.create_server(("127.0.0.1", 5555)), socket.socket(socket.AF_UNIX))
bound = servers[1].bind("\\0grader-neighbour")
listening = servers[1].listen()

def attack():
    ready = select.select(servers, (), (), 1.5)[0]
    if ready:
        return "somebody came"
    raise ConnectionRefusedError
""",
    code="""
import socket
import time

def attack():
    for _ in range(15):
        for family, address in ((socket.AF_INET, ("127.0.0.1", 5555)), (socket.AF_UNIX, "\\0grader-neighbour")):
            with socket.socket(family) as attempt:
                try:
                    attempt.connect(address)
                    return address
                except ConnectionRefusedError:
                    pass
        time.sleep(0.1)
    raise ConnectionRefusedError
""",
    raises=("ConnectionRefusedError",),
)
