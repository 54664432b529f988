"""What a descriptor has to say: at once, or when it comes."""

from __future__ import annotations

import asyncio
import os
import select

_SAID_BYTES = 4096


def is_readable(descriptor: int) -> bool:
    """True if there is something to read, or to learn, at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def until_readable(descriptor: int) -> None:
    """Return when there is something to read."""
    loop = asyncio.get_running_loop()
    copy = os.dup(descriptor)  # an event loop knows one callback for each descriptor, and several may wait
    arrived: asyncio.Future[None] = loop.create_future()
    loop.add_reader(copy, resolve, arrived)
    try:
        await arrived
    finally:
        loop.remove_reader(copy)
        os.close(copy)


def resolve(future: asyncio.Future[None]) -> None:
    """Let whoever waits for it go on."""
    if not future.done():
        future.set_result(None)


def last_words(descriptor: int) -> str:
    """What stands in a pipe now, shortened to a line."""
    os.set_blocking(descriptor, False)
    try:
        text = os.read(descriptor, 65536).decode(errors="replace")
    except BlockingIOError:
        text = ""
    return " ".join(text[-_SAID_BYTES:].split())
