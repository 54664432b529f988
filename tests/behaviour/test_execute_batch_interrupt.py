"""A signal ends a batch in order: what was begun cleans up before the call returns, and later signals do as before."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from grader.pipeline.interrupt import run_until_done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_work_clean_up_and_then_interrupts(number: signal.Signals) -> None:
    done: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(60)
            done.append("went on")
        finally:
            await asyncio.sleep(0)
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        run_until_done(work())

    assert done == ["cleaned up"]


def test_what_a_signal_did_before_it_does_again_afterwards() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        run_until_done(asyncio.sleep(0))
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert heard == [signal.SIGTERM]


def test_work_that_is_cancelled_by_itself_is_no_interrupt() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_until_done(work())


def test_in_another_thread_work_runs_without_signals() -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("done")

    thread = threading.Thread(target=lambda: run_until_done(work()))
    thread.start()
    thread.join()

    assert done == ["done"]
