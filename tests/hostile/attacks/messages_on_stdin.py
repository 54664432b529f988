"""Asks the grader for input, over a channel that it does not open."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="Nobody listens on that channel, and nothing waits for an answer.",
    first="""
kernel = get_ipython().kernel

def attack():
    for _ in range(20):
        try:
            kernel.session.send(kernel.stdin_socket, "input_request", {"prompt": "mark?", "password": True},
                                kernel.get_parent("shell"), ident=[b"client"])
        except Exception:
            pass
    kernel._allow_stdin = True
    return True

done = attack()
""",
    room="messages",
)
