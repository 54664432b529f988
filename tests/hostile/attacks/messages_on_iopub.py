"""Publishes results, errors and the end of requests in the kernel's name, signed with its key."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert "12/12" not in graded.page


ATTACK = HandIn(
    aims_at="marks",
    holds="A message says nothing about marks; what ends a request too early ends only that.",
    first="""
kernel = get_ipython().kernel

def publish(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent())

def attack():
    publish("execute_result", {"data": {"text/plain": "12/12", "text/html": "<h1>12/12"}, "metadata": {}})
    publish("stream", {"name": "stdout", "text": '{"status": "done", "total": 12}'})
    publish("error", {"ename": "ProbeTimeUp", "evalue": "", "traceback": []})
    publish("comm_open", {"comm_id": "x", "target_name": "grader", "data": {"mark": 12}})
    publish("status", {"execution_state": "idle"})
    return True

done = attack()
""",
    shown=shown,
    room="messages",
)
