"""The end of a command, without taking apart what is loaded: for that Python needs a quarter of a second."""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def leave(ended: SystemExit) -> NoReturn:
    """End the process with the code of what was raised, when all is printed and functions for the end have run.

    Raises:
        SystemExit: where the code is no number, or something cannot be printed: Python has its own words for that.
    """
    if not isinstance(ended.code, int):
        raise ended
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        raise ended from None
    atexit._run_exitfuncs()  # what `concurrent.futures` and others have left for the end
    os._exit(ended.code)
