"""Stands between grader and template: makes the template's namespaces and root, then waits for its end.

    python -m inside.root ROOT-DESCRIPTOR CONTROL-DESCRIPTOR TEMPLATE-DESCRIPTOR
    python -m inside.root --try [USER]

The first becomes the template, in a root where nothing of the grader's is. The second does all that a kernel needs with
nothing to run, for a kernel with this user of the host's or with a user namespace of ours, and says why it does not
work. Runs with the grader's interpreter; standard library only.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from . import places, syscalls
from .seal import Handles, Request, fork_sealed

_SEPARATE = (
    syscalls.NEW_MOUNTS
    | syscalls.NEW_PROCESSES
    | syscalls.NEW_NETWORK
    | syscalls.NEW_IPC
    | syscalls.NEW_NAMES
    | syscalls.NEW_CGROUP
)
_BASE = "/tmp"
_SMALL = 1 << 20


def main() -> None:
    """Start the template, and end when it does."""
    if sys.argv[1] == "--try":
        sys.exit(_attempt(int(sys.argv[2]) if sys.argv[2:] else None))
    root, control, template = (int(argument) for argument in sys.argv[1:])
    with os.fdopen(root, encoding="utf-8") as file:
        said: dict[str, Any] = json.load(file)
    _leave_for_new_namespaces(with_users=not said["own_users"])
    child = os.fork()
    if child:
        for descriptor in (control, template):
            os.close(descriptor)
        sys.exit(_outlive(child))
    syscalls.die_with_parent()
    os.setsid()
    places.make_root(_BASE, tuple(said["environment"]), said["mounts"], said["nodes"], said["files"])
    places.close_root(said["places"])
    os.chdir(said["agent"])
    interpreter = f"{said['environment'][1]}/bin/python"
    arguments = [interpreter, "-m", said["module"], str(control), str(template)]
    os.execve(interpreter, arguments, said["variables"])


def _leave_for_new_namespaces(*, with_users: bool) -> None:
    """What a template shares with nothing else of the host; where it is not root, a user namespace, too."""
    syscalls.die_with_parent()
    user, group = os.getuid(), os.getgid()
    if not with_users:
        syscalls.unshare(_SEPARATE)
        return
    syscalls.unshare(_SEPARATE | syscalls.NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    # As number 0 inside, so that the template keeps its power over these namespaces when it is executed.
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _outlive(child: int) -> int:
    """Wait for the template; a request to end ends it at once, and with it all of its kernels."""
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(child, signal.SIGKILL))
    status = os.waitpid(child, 0)[1]
    return abs(os.waitstatus_to_exitcode(status))


def _attempt(user: int | None) -> int:
    """Make a root and a sealed process with nothing in it."""
    _leave_for_new_namespaces(with_users=user is None)
    child = os.fork()
    if child:
        return abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    syscalls.die_with_parent()
    inside = {"/work": _SMALL, "/tmp": _SMALL, "/dev/shm": _SMALL}
    places.make_root(_BASE, ("/usr", "/env"), [], [], {})
    places.close_root(inside)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = Request(
        start={"folders": ["/work"]},
        files={"/job/nothing": ""},
        places=inside,
        variables={},
        threads=1,
        user=user,
        folder="/work",
        sockets="/tmp",
        program=[],
    )
    memory = os.memfd_create("request")
    os.write(memory, json.dumps(vars(request)).encode())
    handles = Handles(channel=theirs.detach(), request=memory, output=1, errors=2, cgroups=())
    sealed = fork_sealed(handles, b"", lambda request, bound: bound())
    os.close(handles.channel)
    select.select([ours], [], [])
    ready = ours.recv(16) == b"ready"
    status = os.waitpid(sealed, 0)[1]
    os._exit(0 if ready and status == 0 else 1)


if __name__ == "__main__":
    main()
