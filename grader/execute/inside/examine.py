"""Tries, from inside a sandbox, everything that a kernel must not be able to do; prints what it found as JSON.

    python examine.py QUESTIONS.json-as-argument

The questions name files, ports and processes of the host. Standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import json
import os
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_UNSHARE, _MOUNT, _PTRACE = 272, 165, 101  # x86_64; on another architecture they are other calls, as harmless
_NEW_USER = 0x10000000
_MARGIN = 4096


def main() -> None:
    """Print one entry for each property: the empty string if it holds, else what was possible."""
    if str(Path(__file__)) != "/agent/examine.py":
        sys.exit("these attempts are made inside a sandbox only")  # outside they would succeed, and do harm
    questions: dict[str, Any] = json.loads(sys.argv[1])
    found = {
        "files": _outside_files(questions["files"]),
        "imports": _imports(questions["modules"]),
        "writing": _writing(questions["read_only"]),
        "processes": _processes(questions["pid"]),
        "network": _network(questions["port"], questions["abstract"]),
        "capabilities": _capabilities(),
        "calls": _calls(),
        "space": _space(questions["sizes"]),
        "variables": _variables(questions["variable"]),
    }
    json.dump(found, sys.stdout)


def _allowed(what: str, attempt: Callable[[], object]) -> str:
    """The name of the attempt if it succeeds, else nothing."""
    try:
        attempt()
    except (OSError, ImportError):
        return ""
    return what


def _joined(*findings: str) -> str:
    return ", ".join(finding for finding in findings if finding)


def _outside_files(paths: list[str]) -> str:
    def look(path: Path) -> object:
        return list(path.iterdir()) if path.is_dir() else path.read_bytes()

    roots = ["", "/proc/1/root", "/proc/self/root"]
    places = [Path(root + path) for path in paths for root in roots]
    return _joined(*(_allowed(f"read {place}", partial(look, place)) for place in places))


def _imports(modules: list[str]) -> str:
    return _joined(*(f"import {module}" for module in modules if importlib.util.find_spec(module) is not None))


def _writing(folders: list[str]) -> str:
    return _joined(*(_allowed(f"write {folder}", Path(folder, "written").touch) for folder in folders))


def _processes(pid: int) -> str:
    seen = [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    return _joined(
        _allowed(f"signal host process {pid}", lambda: os.kill(pid, 0)),
        f"{len(seen)} processes are visible" if len(seen) > 4 else "",
        _allowed("read the memory of process 1", Path("/proc/1/mem").read_bytes),
    )


def _network(port: int, abstract: str) -> str:
    def abstract_socket() -> None:
        with socket.socket(socket.AF_UNIX) as attempt:
            attempt.connect("\0" + abstract)

    return _joined(
        _allowed("reach the host's loopback", lambda: socket.create_connection(("127.0.0.1", port), 1).close()),
        _allowed("reach another address", lambda: socket.create_connection(("192.0.2.1", 80), 1).close()),
        _allowed("reach an abstract socket of the host", abstract_socket),
    )


def _capabilities() -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    held = [name for name in ("CapEff", "CapPrm", "CapInh", "CapAmb") if int(status[name], 16)]
    # Without a user namespace, a uid inside is the host's.
    everyone = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
    return _joined(
        *held,
        "privileges can be gained" if status.get("NoNewPrivs", "").strip() != "1" else "",
        "runs as the host's root" if everyone and os.getuid() == 0 else "",
        _allowed("become root", lambda: os.setresuid(0, 0, 0)) if os.getuid() else "",
    )


def _calls() -> str:
    library = ctypes.CDLL(None, use_errno=True)

    def call(number: int, *arguments: object) -> None:
        if library.syscall(number, *arguments) < 0:
            raise OSError(ctypes.get_errno(), "refused")

    def chroot() -> None:
        os.chroot("/tmp")

    return _joined(
        _allowed("make a user namespace", lambda: call(_UNSHARE, _NEW_USER)),
        _allowed("mount", lambda: call(_MOUNT, b"none", b"/tmp", b"tmpfs", 0, None)),
        _allowed("trace process 1", lambda: call(_PTRACE, 16, 1, 0, 0)),
        _allowed("change the root", chroot),
    )


def _space(sizes: dict[str, int]) -> str:
    found = []
    for path, allowed in sizes.items():
        status = os.statvfs(path)
        size = status.f_blocks * status.f_frsize
        if size > allowed + _MARGIN:
            found.append(f"{path} holds {size} bytes")
    filled = Path("/tmp/fill")
    try:
        with filled.open("wb") as file:
            for _ in range(sizes["/tmp"] // 65536 + 2):
                file.write(b"\0" * 65536)
        found.append("/tmp cannot be filled")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EFBIG):
            found.append(f"filling /tmp ends with {error}")
    finally:
        filled.unlink()
    return _joined(*found)


def _variables(name: str) -> str:
    return f"the variable {name} came along" if name in os.environ else ""


if __name__ == "__main__":
    main()
