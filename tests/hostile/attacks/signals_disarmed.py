"""Blocks and ignores every signal that could interrupt it, and then never comes back from a probe."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert graded.probe("softmax") in ("timeout", "killed")
    assert graded.record.limits_met


ATTACK = HandIn(
    aims_at="the grader",
    holds="Whoever does not listen to signals is ended from outside, and loses that probe alone.",
    base="right",
    first="import signal\nimport time\n",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "    while True:\n        time.sleep(1)\n    # end"
    },
    loses=("softmax",),
    shown=shown,
    room="stubborn",
)
