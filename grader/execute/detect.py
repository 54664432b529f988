"""Which level of isolation this host offers."""

from __future__ import annotations

from grader.errors import SandboxUnavailableError
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.isolation import Isolation
from grader.execute.sealed import Sealed
from grader.execute.unsafe import NoSandbox

LEVELS = ("sealed", "bubblewrap", "none")
"""From the strongest to none at all."""


def detect(level: str | None = None, *, unsafe: bool = False) -> Isolation:
    """The strongest level of this host, or the one asked for; each is tried for real. The caller closes it.

    Args:
        level: one of `LEVELS`; None for the strongest that works.
        unsafe: True to accept none at all, for one's own code.

    Raises:
        SandboxUnavailableError: if there is none, or not the one asked for.
    """
    if level == "none" or (level is None and unsafe):
        if not unsafe:
            raise SandboxUnavailableError(
                "sandbox-refused",
                "running a student's code without a sandbox has to be asked for",
                next_step="--unsafe-no-sandbox, for your own code only",
            )
        return NoSandbox()
    if level is None:
        return _strongest()
    if level == "sealed":
        return Sealed()
    if level == "bubblewrap":
        return Bubblewrap()
    raise SandboxUnavailableError(
        "sandbox-unknown-level",
        f'the level "{level}" is not available here',
        next_step='the levels are "sealed", "bubblewrap" and, for your own code, "none"',
    )


def _strongest() -> Isolation:
    try:
        return Sealed()
    except SandboxUnavailableError:
        return Bubblewrap()
