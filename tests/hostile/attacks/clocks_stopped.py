"""Stops every clock of its process, and then sleeps for ever in a probe."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert graded.probe("softmax") in ("timeout", "killed")
    assert graded.record.limits_met


ATTACK = HandIn(
    aims_at="the grader",
    holds="Time is measured outside the kernel, too.",
    base="right",
    first="""
import time

sleep = time.sleep
time.time = time.monotonic = time.perf_counter = time.process_time = time.clock_gettime = lambda *arguments: 0.0
""",
    answers={"softmax": "def softmax(x):\n    # begin softmax\n    while True:\n        sleep(1)\n    # end"},
    loses=("softmax",),
    shown=shown,
    room="ended",
)
