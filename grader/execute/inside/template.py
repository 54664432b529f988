"""The template: loads what kernels need once, then forks a sealed kernel for each request of the host's.

    python -m _grader_inside.template CONTROL-DESCRIPTOR CONFIG-DESCRIPTOR

It is process 1 of its own namespace, so its end is the end of all of its kernels. It never reads a job, waits for no
child, and holds nothing that a student must not see: what it has in memory, every kernel has, too. Runs in the kernels'
environment, Python 3.9 or later.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from . import launcher, preload
from .seal import Handles, Request, fork_sealed

_MOST_HANDLES = 16
_KERNEL_ARGUMENTS = ["/agent/launcher.py", "/job/start.json"]


def main() -> None:
    """Serve until the host lets go of its end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), encoding="utf-8") as file:
        config: dict[str, Any] = json.load(file)
    for folder in config["make"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    launcher.copy_caches(config["copy"])
    sys.path[:] = [config["agent"], *sys.path[1:]]
    missing: dict[str, str] = config["left_out"]
    try:
        missing |= preload.load(config["every_kernel"])
        usual = preload.data_bytes()
        missing |= preload.load(config["ahead"])
    except preload.NoForkError as error:
        _start_again(control, config, error)
    for name, reason in missing.items():
        sys.stderr.write(f"not loaded: {name} ({reason})\n")
    sys.stderr.flush()
    preload.settle()
    _serve(control, _Children(bytes.fromhex(config["filter"]), preload.data_bytes() - usual))


def _start_again(control: socket.socket, config: dict[str, Any], error: preload.NoForkError) -> NoReturn:
    """Become a template that leaves a module to its kernels: a thread that was started cannot be taken back."""
    for modules in (config["every_kernel"], config["ahead"]):
        if error.module in modules:
            modules.remove(error.module)
    config["left_out"][error.module] = error.reason
    config["copy"] = []  # they are there
    memory = os.memfd_create("template", 0)  # inherited, as nothing else of this process is
    os.write(memory, json.dumps(config).encode())
    os.lseek(memory, 0, os.SEEK_SET)
    os.set_inheritable(control.fileno(), True)
    module = f"{__spec__.parent}.template"
    os.execv(sys.executable, [sys.executable, "-m", module, str(control.fileno()), str(memory)])


def _serve(control: socket.socket, children: _Children) -> None:
    poll = select.poll()
    poll.register(control, select.POLLIN)
    running: dict[int, int] = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != control.fileno():
                poll.unregister(descriptor)
                os.close(descriptor)
                os.waitpid(running.pop(descriptor), 0)  # it has ended, so this does not wait
                continue
            message, descriptors, _, _ = socket.recv_fds(control, 64, _MOST_HANDLES)
            if not message:
                return
            handles = Handles.of(descriptors)
            child = children.fork(handles)
            handles.close()
            if child is not None:
                end = os.pidfd_open(child)
                running[end] = child
                poll.register(end, select.POLLIN)


class _Children:
    """Forks sealed processes.

    Args:
        filter_program: which system calls they may not make.
        ahead_bytes: memory that they have beside what any kernel loads; they do not pay for it, since it is shared.
    """

    def __init__(self, filter_program: bytes, ahead_bytes: int) -> None:
        self._filter_program = filter_program
        self._ahead_bytes = ahead_bytes

    def fork(self, handles: Handles) -> int | None:
        """One sealed process; None if there cannot be one, which the host is told."""
        problem = preload.why_no_fork()
        if not problem:
            try:
                return fork_sealed(handles, self._filter_program, self._run)
            except OSError as error:
                problem = f"the fork failed: {error}"
        with socket.socket(fileno=os.dup(handles.channel)) as host:
            host.send(f"the template cannot start a kernel: {problem}".encode())
        return None

    def _run(self, request: Request, bound: Callable[[], None]) -> None:
        """What runs in a sealed process: a kernel, or another program of ours."""
        preload.begin(request.threads)
        request.start["rlimits"]["RLIMIT_DATA"] += self._ahead_bytes
        if request.program is None:
            sys.argv[:] = _KERNEL_ARGUMENTS
            launcher.run(request.start, bound)
        else:
            sys.argv[:] = request.program
            launcher.set_limits(request.start["rlimits"])
            bound()
            runpy.run_path(request.program[0], run_name="__main__")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
