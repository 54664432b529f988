"""Leaves as many threads running as it can start, and computes in all of them."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="Threads are counted, and those that run cost their own hand-in alone.",
    first="""
import threading
import time

def idle():
    while True:
        time.sleep(0.05)

def many():
    started = 0
    try:
        for _ in range(10_000):
            threading.Thread(target=idle, daemon=True).start()
            started += 1
    except RuntimeError:
        pass
    return started

started = many()
""",
    room="threads",
)
