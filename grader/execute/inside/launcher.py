"""First Python program inside a sandbox: sets limits, starts the Jupyter kernel, hands its folders to the host.

Runs in the kernels' environment with the standard library and ipykernel only. Nothing of a student's has run yet when
it sends the folders, and nothing of the host's is left open when it has. A kernel that is forked from a template goes
the same way, and leaves the handing over to its init.

    python launcher.py CONFIG.json
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SETTINGS = (
    "--HistoryManager.enabled=False",
    "--InteractiveShell.enable_tip=False",  # drawn at random each time that someone asks who the kernel is
    "--quiet",
)


def main() -> None:
    """Start the kernel that the configuration describes; returns when it shuts down."""
    config: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    run(config, lambda: _hand_over(config["ready_fd"], config["folders"]))


def run(config: dict[str, Any], up: Callable[[], None]) -> None:
    """Run a kernel until it shuts down; `up` is called when its sockets are bound."""
    set_limits(config["rlimits"])
    for folder in config["make"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    copy_caches(config["copy"])
    if config["agent"] not in sys.path:
        sys.path.insert(0, config["agent"])

    streams = {os.fstat(descriptor).st_ino for descriptor in (1, 2)}
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(["-f", config["connection"], *_SETTINGS])
    up()
    _forget(streams)
    app.start()


def copy_caches(pairs: list[list[str]]) -> None:
    """Copy caches of libraries, which want to write to them."""
    for warm, folder in pairs:
        if Path(warm).is_dir():
            shutil.copytree(warm, folder)


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
