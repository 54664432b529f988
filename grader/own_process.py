"""How the process of a command begins and ends, without the work that Python would do for nobody."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage, which they leave none of, and leave them out of every later look."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def leave(ended: SystemExit) -> NoReturn:
    """End the process when all is printed and functions for the end have run, and take nothing apart that was loaded.

    For that Python needs a quarter of a second.

    Args:
        ended: what the command has raised at its end.

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
