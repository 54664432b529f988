"""Raises its own limits, and its priority."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="Hard limits are set before the first line of a student's, and cannot be raised.",
    code="""
import os
import resource

def attack():
    for name in ("RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY:
            return name
        try:
            resource.setrlimit(kind, (hard + 1, hard + 1))
            return name
        except (OSError, ValueError):
            pass
    for attempt in (lambda: os.nice(-5), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))):
        try:
            attempt()
            return "priority"
        except OSError:
            pass
    raise PermissionError
""",
    raises=("PermissionError",),
)
