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
    lines = ["set -eu"]
    for closed, needed in _behind_closed_doors().items():
        held = [f"/run/grader-held-{number}" for number in range(len(needed))]
        lines += ["mount -t tmpfs -o mode=755 none /run", f"mkdir {' '.join(held)}"]
        lines += [f"mount --bind {shlex.quote(str(path))} {hold}" for path, hold in zip(needed, held, strict=True)]
        lines += [f"mount -t tmpfs -o mode=755 none {shlex.quote(str(closed))}"]
        for path, hold in zip(needed, held, strict=True):
            lines += [f"mkdir -p {shlex.quote(str(path))}", f"mount --bind {hold} {shlex.quote(str(path))}"]
    user = f"setpriv --reuid={ORDINARY} --regid={ORDINARY} --clear-groups --no-new-privs --"
    lines.append(f"exec {user} {shlex.join(command)}")
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
