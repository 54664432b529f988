"""Prints markup, terminal commands, zero bytes and halves of characters, and raises an error with the same message."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    for bad in ("<script>alert", "<img src=x", "\x1b", "\0", "\u202e"):
        assert bad not in graded.page
    assert "\x1b" not in str(graded.row)


ATTACK = HandIn(
    aims_at="whoever reads the page",
    holds="Pages and tables show such text as text.",
    first=r"""
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\x1b]0;taken\x07\0\ud800\u202e'\"`=cmd()"

def shout():
    print(EVIL)
    print("\x1b[31m" + EVIL)

shouted = shout()
""",
    answers={"softmax": "def softmax(x):\n    # begin softmax\n    raise ValueError(EVIL)\n    # end"},
    shown=shown,
    room="markup",
)
