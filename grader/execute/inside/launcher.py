"""First Python program inside a sandbox: sets limits, starts the Jupyter kernel, hands its folders to the host.

Runs in the kernels' environment with the standard library and ipykernel only. Nothing of a student's has run yet when
it sends the folders, and nothing of the host's is left open when it has. A kernel that is forked from a template goes
the same way, and leaves the handing over to its init.

    python launcher.py CONFIG.json
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

_SETTINGS = {
    "HistoryManager": {"enabled": False, "hist_file": ":memory:"},
    "InteractiveShell": {"enable_tip": False},  # drawn at random each time that someone asks who the kernel is
    "IPKernelApp": {"quiet": True, "log_level": 50},  # what it would say tells a person how to connect
}


LOADED: set[str] = set()
"""Names of the modules that a template has loaded, which are then not gathered anew in each kernel."""


def main() -> None:
    """Start the kernel that the configuration describes; returns when it shuts down."""
    config: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    run(config, lambda: _hand_over(config["ready_fd"], config["folders"]))


def run(config: dict[str, Any], up: Callable[[], None]) -> None:
    """Run a kernel until it shuts down; `up` is called when its sockets are bound and the agent has started."""
    set_limits(config["rlimits"])
    for folder in config["make"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    offer_caches(config["caches"])
    if config["agent"] not in sys.path:
        sys.path.insert(0, config["agent"])

    streams = {os.fstat(descriptor).st_ino for descriptor in (1, 2)}
    host_hears = os.dup(2)
    app = application_class().instance(connection_file=config["connection"])
    app.initialize([])
    if config["package"]:
        _start_agent(config["package"], host_hears)
    os.close(host_hears)
    up()
    _forget(streams)
    app.start()


def _start_agent(package: str, host_hears: int) -> None:
    """Let the agent read its job; what it raises is told where the host hears it, not on the kernel's own streams."""
    try:
        importlib.import_module(package).start()
    except BaseException:
        os.write(host_hears, traceback.format_exc()[-3000:].encode(errors="replace"))
        raise


@cache
def application_class() -> Any:
    """The class of the kernel's application, without what takes half of its start and serves nobody here.

    Raises:
        ImportError: if there is no ipykernel.
    """
    from ipykernel import debugger, ipkernel
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.zmqshell import ZMQInteractiveShell
    from traitlets import Type
    from traitlets.config import Config
    from zmq.eventloop.zmqstream import ZMQStream

    vars(debugger)["_is_debugpy_available"] = False  # what waits for one is made for each kernel, and is large

    class Shell(ZMQInteractiveShell):  # type: ignore[misc]  # ipykernel is not in the environment that is checked
        def init_completer(self) -> None:
            """Nobody types here."""

        def init_profile_dir(self, profile_dir: Any) -> None:
            """There is none, and making it takes long."""

        def init_ipython_dir(self, ipython_dir: Any) -> None:
            """Not before it has a kernel; the same holds for the next one."""

        def init_environment(self) -> None:
            """See `init_ipython_dir`."""

        def move_into(self, kernel: Any) -> None:
            """Be the shell of a kernel: what was made ahead has seen neither its folder nor its variables."""
            self.parent, self.kernel, self.log = kernel, kernel, kernel.log
            folder = Path.cwd()
            self.starting_dir, self.history_manager.dir_hist[:] = str(folder), [folder]
            self.save_sys_module_state()
            super().init_ipython_dir(None)
            super().init_environment()

    class Kernel(ipkernel.IPythonKernel):  # type: ignore[misc]  # see above
        shell_class = Type(Shell)

        def __init__(self, **keywords: Any) -> None:
            super().__init__(**keywords)
            self.shell.move_into(self)

        def start(self) -> None:
            """Without a debugger."""
            self.shell.exit_now = False
            super(ipkernel.IPythonKernel, self).start()

    class Application(IPKernelApp):  # type: ignore[misc]  # see above
        kernel_class = Type(Kernel)

        @staticmethod
        def make_shell() -> None:
            """Make the shell that the kernel of this process, or of one that is forked from it, will have."""
            Shell.instance(config=Config(_SETTINGS), compiler_class=XCachingCompiler)

        def parse_command_line(self, argv: Any = None) -> None:
            """There is none, and making its parser takes long."""
            self.update_config(Config(_SETTINGS))

        def init_control(self, context: Any) -> None:
            """Without a channel for requests while a cell runs, and its thread: the host kills a kernel."""

        def init_heartbeat(self) -> None:
            """The host watches the process itself."""

        def write_connection_file(self, **keywords: Any) -> None:
            """It is there: the host has written it."""

        def _configure_logging(self) -> None:
            """Python's own way will do, and changing it looks at every logger that there is."""

        def init_kernel(self) -> None:
            with _modules_hidden_from(ipkernel):
                kernel = Kernel.instance(
                    parent=self,
                    log=self.log,
                    session=self.session,
                    shell_stream=ZMQStream(self.shell_socket),
                    iopub_thread=self.iopub_thread,
                    iopub_socket=self.iopub_socket,
                    stdin_socket=self.stdin_socket,
                )
            self.kernel = kernel
            self.displayhook.get_execution_count = lambda: kernel.execution_count

        def init_profile_dir(self) -> None:
            """There is none; see the shell's."""
            self.profile_dir = None

        def init_config_files(self) -> None:
            """There are none in a sandbox, and looking for them takes long; the same holds for the next two."""

        def load_config_file(self, *arguments: Any, **keywords: Any) -> None:
            """See `init_config_files`."""

        def init_extensions(self) -> None:
            """See `init_config_files`."""

        def init_code(self) -> None:
            """Without code to run at the start: no profile has any."""
            self.shell.user_ns_hidden.update(self.shell.user_ns)
            self.shell._sys_modules_keys = LOADED or set(sys.modules)

    return Application


@contextmanager
def _modules_hidden_from(module: ModuleType) -> Iterator[None]:
    """A module that sees no other one in `sys.modules`.

    A kernel tells its debugger the file of each module that is loaded, and notes their names. That touches thousands of
    objects which a fork shares with its template, and each one touched has its page copied.
    """
    before = vars(module).get("sys", sys)
    vars(module)["sys"] = SimpleNamespace(**{**vars(sys), "modules": {}})
    try:
        yield
    finally:
        vars(module)["sys"] = before


def offer_caches(pairs: list[list[str]]) -> None:
    """Fill folders that libraries may write to with links to caches that they may only read."""
    for warm, folder in pairs:
        for here, _, names in os.walk(warm):
            there = Path(folder, os.path.relpath(here, warm))
            there.mkdir(parents=True, exist_ok=True)
            for name in names:
                os.symlink(f"{here}/{name}", f"{there}/{name}")  # noqa: PTH211 - there are hundreds


def set_limits(limits: dict[str, int]) -> None:
    """Set limits of this process and its descendants, as far as they are not lower yet."""
    for name, value in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _hand_over(ready_fd: int, folders: list[str]) -> None:
    """Send descriptors of the folders that the host reads."""
    descriptors = [os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in folders]
    with socket.socket(fileno=ready_fd) as channel:
        socket.send_fds(channel, [b"ready"], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


def _forget(streams: set[int]) -> None:
    """Let go of the host's streams; ipykernel keeps copies of them, to echo what is printed."""
    nowhere = os.open("/dev/null", os.O_RDWR)
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        try:
            copied = os.fstat(descriptor).st_ino in streams
        except OSError:
            continue
        if copied and descriptor != nowhere:
            os.dup2(nowhere, descriptor)


if __name__ == "__main__":
    main()
