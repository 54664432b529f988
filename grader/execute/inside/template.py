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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import launcher, memory, preload
from .seal import Handles, Request, fork_sealed

_MOST_HANDLES = 16
_MOST_BYTES = 64 * 1024
"""Of a request: `fork` or `load`, and names of what the code of kernels seems to need of what is loaded on demand."""
_KERNEL_ARGUMENTS = ["/agent/launcher.py", "/job/start.json"]


def main() -> None:
    """Serve until the host lets go of its end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), encoding="utf-8") as file:
        config: dict[str, Any] = json.load(file)
    for folder in config["make"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    launcher.offer_caches(config["caches"])
    sys.path[:] = [config["agent"], *sys.path[1:]]
    served = _Served(control, config)
    try:
        missing: dict[str, str] = config["left_out"] | preload.load(config["every_kernel"])
        usual = preload.data_bytes()
        missing |= preload.load(config["ahead"])
    except preload.NoForkError as error:
        served.start_again(error)
    _say_missing(missing)
    preload.read_lines(Path(config["agent"]).rglob("*.py"))
    served.serve(_Children(bytes.fromhex(config["filter"]), usual))


def _say_missing(missing: dict[str, str]) -> None:
    for name, reason in missing.items():
        sys.stderr.write(f"not loaded: {name} ({reason})\n")
    sys.stderr.flush()


class _Served:
    """The requests of the host, and the processes that were made for them.

    Args:
        control: where requests come from.
        config: what the host has said at the start, and this template's own earlier life, if it started again.
    """

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self._control = control
        self._config = config
        self._poll = select.poll()
        self._settled = False
        """True while nothing was loaded since memory was made cheap to share."""
        self._running: dict[int, int] = {}
        for child in config["running"]:
            self._watch(child)

    def serve(self, children: _Children) -> None:
        """Answer until the host lets go of its end."""
        self._load_more(self._config["needs"], self._config["waiting"])
        if self._config["waiting"]:
            self._fork(children, Handles.of(self._config["waiting"]))
        self._poll.register(self._control, select.POLLIN)
        while True:
            ready = self._poll.poll(None if self._settled else 0)
            if not ready:
                self._settle()
            for descriptor, _ in ready:
                if descriptor != self._control.fileno():
                    self._poll.unregister(descriptor)
                    os.close(descriptor)
                    os.waitpid(self._running.pop(descriptor), 0)  # it has ended, so this does not wait
                    continue
                message, descriptors, _, _ = socket.recv_fds(self._control, _MOST_BYTES, _MOST_HANDLES)
                if not message:
                    return
                asked, *needs = message.decode().split()
                self._load_more(needs, descriptors)
                if asked == "fork":
                    self._fork(children, Handles.of(descriptors))

    def start_again(
        self, error: preload.NoForkError, needs: Sequence[str] = (), waiting: Sequence[int] = ()
    ) -> NoReturn:
        """Become a template that leaves a module to its kernels: a thread that was started cannot be taken back.

        Args:
            error: which module, and why.
            needs: of the request that is to be answered then.
            waiting: its descriptors. Kernels that run go on: they are the children of the same process as before.
        """
        config = self._config
        for modules in (config["every_kernel"], config["ahead"], config["on_demand"]):
            if error.module in modules:
                modules.remove(error.module)
        config["left_out"][error.module] = error.reason
        config["caches"] = []  # they are there
        config["running"] = list(self._running.values())
        config["needs"], config["waiting"] = list(needs), list(waiting)
        handed_on = os.memfd_create("template", 0)  # inherited, as nothing else of this process is
        os.write(handed_on, json.dumps(config).encode())
        os.lseek(handed_on, 0, os.SEEK_SET)
        for descriptor in (self._control.fileno(), *waiting):
            os.set_inheritable(descriptor, True)
        module = f"{__spec__.parent}.template"
        os.execv(sys.executable, [sys.executable, "-m", module, str(self._control.fileno()), str(handed_on)])

    def _load_more(self, needs: Sequence[str], waiting: Sequence[int]) -> None:
        """Load what only some kernels need, when it is asked for or at the first request for one of them."""
        modules = [name for name in self._config["on_demand"] if name in needs]
        if not modules:
            return
        try:
            missing = preload.load(modules)
        except preload.NoForkError as error:
            self.start_again(error, needs, waiting)
        self._config["on_demand"] = [name for name in self._config["on_demand"] if name not in needs]
        _say_missing(missing)
        self._settled = False

    def _settle(self) -> None:
        """Make what was loaded cheap to share; it takes long, so that all that is to be loaded comes first."""
        launcher.LOADED.update(sys.modules)
        memory.settle()
        self._settled = True

    def _fork(self, children: _Children, handles: Handles) -> None:
        if not self._settled:
            self._settle()
        child = children.fork(handles)
        handles.close()
        if child is not None:
            self._watch(child)

    def _watch(self, child: int) -> None:
        end = os.pidfd_open(child)
        self._running[end] = child
        self._poll.register(end, select.POLLIN)


class _Children:
    """Forks sealed processes.

    Args:
        filter_program: which system calls they may not make.
        usual: memory of what any kernel loads; they do not pay for what they have beside it, since it is shared.
    """

    def __init__(self, filter_program: bytes, usual: int) -> None:
        self._filter_program = filter_program
        self._usual = usual
        self._ahead_bytes = 0

    def fork(self, handles: Handles) -> int | None:
        """One sealed process; None if there cannot be one, which the host is told."""
        problem = preload.why_no_fork()
        if not problem:
            self._ahead_bytes = preload.data_bytes() - self._usual
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
