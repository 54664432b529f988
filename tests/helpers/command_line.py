"""Runs the command as a user does: in a child process, from another folder."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WITHOUT_NAMESPACES = (
    "/usr/bin/unshare",
    "--map-root-user",
    "/bin/sh",
    "-c",
    'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)
"""Stands before a command to run it on a host that gives nobody a namespace of users, and so no sealed kernel."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


def environment(**extra: str) -> dict[str, str]:
    """The environment of the tests with what the command needs; values of `extra` win."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "GRADER_KERNELS": str(ROOT / ".kernels"), "NO_COLOR": "1", **extra}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "grader", *map(str, words)]


def grader(*words: str | Path, cwd: Path | None = None, before: Sequence[str] = (), **extra: str) -> Finished:
    """`grader WORDS...` to its end; `before` stands before the command."""
    done = subprocess.run(
        [*before, *command(*words)],
        cwd=cwd or ROOT / "tests",
        env=environment(**extra),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def marks_json(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "marks.json").read_text(encoding="utf-8"))
    return found


def rows_by_submission(run: Path) -> dict[str, dict[str, Any]]:
    return {row["submission"]: row for row in marks_json(run)["submissions"]}
