"""Ends a batch when the user or the system asks for it: Ctrl-C and SIGTERM do the same."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any


def run_until_done(work: Coroutine[Any, Any, None]) -> None:
    """Run asynchronous work to its end.

    Raises:
        KeyboardInterrupt: if SIGINT or SIGTERM asked for the end; the work was cancelled and has cleaned up.
    """
    if asyncio.run(_interruptible(work)):
        raise KeyboardInterrupt


async def _interruptible(work: Coroutine[Any, Any, None]) -> bool:
    """True if SIGTERM ended the work; SIGINT is asyncio's own."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread hears of signals
        await work
        return False
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def end() -> None:
        nonlocal asked
        asked = True
        if task is not None:
            task.cancel()

    before = signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        await work
    except asyncio.CancelledError:
        if not asked:
            raise
        return True
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
    return False
