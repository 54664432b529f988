"""First Python program inside a sandbox: sets limits, starts the Jupyter kernel, hands two folders to the host.

Runs in the kernels' environment with the standard library and ipykernel only. Nothing of a student's has run yet when
it sends the folders, and nothing of the host's is left open when it has.

    python launcher.py CONFIG.json
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Start the kernel that the configuration describes; returns when it shuts down."""
    config: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for name, value in config["rlimits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    for folder in config["make"]:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for warm, folder in config["copy"]:  # caches of libraries, which want to write to them
        if Path(warm).is_dir():
            shutil.copytree(warm, folder)
    sys.path.insert(0, config["agent"])

    streams = {os.fstat(descriptor).st_ino for descriptor in (1, 2)}
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize(["-f", config["connection"], "--HistoryManager.enabled=False", "--quiet"])
    _hand_over(config["ready_fd"], config["folders"], streams)
    app.start()


def _hand_over(ready_fd: int, folders: list[str], streams: set[int]) -> None:
    """Send descriptors of the folders that the host reads, then let go of everything of the host's."""
    descriptors = [os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in folders]
    with socket.socket(fileno=ready_fd) as channel:
        socket.send_fds(channel, [b"ready"], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    nowhere = os.open("/dev/null", os.O_RDWR)
    # ipykernel keeps copies of the first streams, to echo what is printed.
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        try:
            copied = os.fstat(descriptor).st_ino in streams
        except OSError:
            continue
        if copied and descriptor != nowhere:
            os.dup2(nowhere, descriptor)


if __name__ == "__main__":
    main()
