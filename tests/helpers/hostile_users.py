"""Runs a command as an ordinary user, also where the interpreter lies under a home that only root may enter."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from helpers.command_line import ROOT

ORDINARY = 65534
KERNELS = Path(os.environ.get("GRADER_KERNELS", ROOT / ".kernels")).resolve()


def as_ordinary_user(command: list[str]) -> list[str]:
    """The command under a uid without privileges; to be called as root.

    Folders that this uid may not enter are covered, in a mount namespace of the command's own, by empty ones in which
    only what the command needs can be seen.
    """
    user = f"setpriv --reuid={ORDINARY} --regid={ORDINARY} --clear-groups --no-new-privs --".split()
    closed_doors = _behind_closed_doors()
    if not closed_doors:
        return [*user, *command]
    # What is needed is held below /run while the folder above it is covered.
    lines = ["set -eu", "mount -t tmpfs -o mode=755 none /run"]
    for number, (closed, needed) in enumerate(closed_doors.items()):
        held = {path: f"/run/{number}-{place}" for place, path in enumerate(needed)}
        for path, hold in held.items():
            lines += [f"mkdir {hold}", f"mount --bind {shlex.quote(str(path))} {hold}"]
        lines.append(f"mount -t tmpfs -o mode=755 none {shlex.quote(str(closed))}")
        for path, hold in held.items():
            lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind {hold} {shlex.quote(str(path))}"]
    lines.append(f"exec {shlex.join([*user, *command])}")
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", "\n".join(lines)]


def _behind_closed_doors() -> dict[Path, list[Path]]:
    """Folders that others may not enter, and what the command needs of each."""
    found: dict[Path, list[Path]] = {}
    for needed in (Path(sys.base_prefix).resolve(), ROOT, Path(sys.prefix).resolve(), KERNELS):
        for parent in reversed(needed.parents):
            if not parent.stat().st_mode & 0o001:
                found.setdefault(parent, []).append(needed)
                break
    return found
