"""What the agent raises: signals that a student's `except Exception` does not swallow, and faults of ours."""

from __future__ import annotations


class Control(BaseException):
    """Base of the signals; none of them is an error of the student's."""


class TimeUp(Control):
    """A statement, a probe or a training cell had its time."""


class StepsUp(Control):
    """Training had its optimiser steps."""


class MissingName(Control):
    """A probe asks for a name that the notebook does not define."""


class Refused(Control):
    """A probe yields more evidence than its limits allow."""


class ProbeTimeUp(Exception):  # noqa: N818 - the name is part of the contract with the host
    """Leaves a request whose probe had its time, so that the host replaces the kernel."""


class AgentError(Exception):
    """A fault of ours: a request that makes no sense, or a job that cannot be read."""
