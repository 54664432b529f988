"""nbclient, kept small: our requests go in, bounded plain text comes out, and a message never does more than that."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

from grader.errors import SandboxError

_OVERHEAD_BYTES = 64  # of a message beside its text
_DEPTH = 20
_WELCOME_S = 2.0
_CUT = {"output_type": "stream", "name": "stderr", "text": "[more was printed; it is not kept]\n"}
END_OF_CELL = "grader_end_of_cell"
"""In the metadata of a message without data: what was sent since the one before belongs to the cell with this index."""


class KernelClient(AsyncKernelClient):  # type: ignore[misc]  # the base ships no complete types
    """A client that sends requests and hears what is published, ready as soon as the kernel's messages reach it."""

    def start_channels(self, **kwargs: Any) -> None:
        super().start_channels(stdin=False, hb=False, control=False)
        for channel in (self.shell_channel, self.iopub_channel):
            # Nothing is left to be said to a kernel that has ended; the base's second would be waited for at the end.
            channel.socket.linger = 0

    def stop_channels(self) -> None:
        """Close what was opened: the base would first open all others, to see whether they are."""
        for channel in (self._shell_channel, self._iopub_channel):
            if channel is not None:
                channel.stop()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Return when the kernel has welcomed a listener, or when a request was answered and its status seen.

        Raises:
            SandboxError: if that takes longer than `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (await self._is_welcomed() or await self._answers()):
                    pass
        except TimeoutError as error:
            raise SandboxError("kernel-not-started", f"the kernel did not answer within {timeout} s") from error

    async def _is_welcomed(self) -> bool:
        """True once a kernel says so to a new listener (Jupyter's enhancement proposal 65); older ones never do."""
        try:
            message = await self.iopub_channel.get_msg(timeout=_WELCOME_S)
        except Empty:
            return False
        return bool(message["msg_type"] == "iopub_welcome")

    async def _answers(self) -> bool:
        request = self.kernel_info()
        try:
            while (await self.shell_channel.get_msg(timeout=1))["parent_header"].get("msg_id") != request:
                pass
            while (await self.iopub_channel.get_msg(timeout=0.2))["parent_header"].get("msg_id") != request:
                pass
        except Empty:
            return False
        return True


class Outputs:
    """What a notebook's requests print, as plain text within bytes.

    Args:
        per_cell: bytes kept of one cell; what is beyond is dropped.
        in_all: bytes that all cells together may send before the kernel has to go.
    """

    def __init__(self, per_cell: int, in_all: int) -> None:
        self._per_cell = per_cell
        self._left = in_all
        self._kept = 0
        self.current: list[dict[str, Any]] = []
        self.cut = False
        self.error: str | None = None
        """Name of the exception with which the request ended."""
        self.of_cells: dict[int, list[dict[str, Any]]] = {}
        """What each cell that ended has sent, where the request is about several and something was sent."""

    @property
    def flooded(self) -> bool:
        """True once more was sent than is allowed for the whole notebook."""
        return self._left < 0

    def begin(self) -> None:
        """Start with a new request."""
        self.of_cells = {}
        self.error = None
        self._begin_cell()

    def closed(self) -> list[dict[str, Any]]:
        """What was printed since the last cell ended, with a word about what was dropped."""
        return [*self.current, *([dict(_CUT)] if self.cut else [])]

    def _begin_cell(self) -> None:
        self.current, self._kept, self.cut = [], 0, False

    def add(self, kind: str, content: dict[str, Any], size: int) -> None:
        """Take one message of the kernel."""
        self._left -= size
        ended = _ended_cell(kind, content)
        if ended is not None:
            self.of_cells.setdefault(ended, []).extend(self.closed())
            self._begin_cell()
            return
        output = _plain(kind, content)
        if kind == "error":
            self.error = str(content.get("ename", ""))[:200]
        if output is None:
            return
        self._kept += size
        if self._kept > self._per_cell:
            self.cut = True
            return
        previous = self.current[-1] if self.current else None
        if kind == "stream" and previous is not None and previous.get("name") == output["name"]:
            previous["text"] += output["text"]
        else:
            self.current.append(output)


class Client(NotebookClient):  # type: ignore[misc]  # the base ships no complete types
    """Sends requests to one kernel and counts what comes back."""

    outputs: Outputs

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        """Take every message while a request is open: a parent that is not ours shall not hide a flood."""
        while True:
            message = await self.kc.iopub_channel.get_msg(timeout=None)
            ours = message["parent_header"].get("msg_id") == parent_msg_id
            if not ours and message["msg_type"] in ("status", "error"):
                self.outputs.add("", {}, _size(message))
                continue
            try:
                self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                return

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> None:
        """Keep streams, errors and plain text; widgets, pictures, markup and updates are counted and dropped."""
        kind, content = msg["msg_type"], msg["content"]
        self.outputs.add(kind, content, _size(msg))
        if self.outputs.flooded:
            raise OutputFloodError
        if kind == "status" and content["execution_state"] == "idle":
            raise CellExecutionComplete


class OutputFloodError(Exception):
    """More output than a notebook may send; ends the kernel, never leaves this package."""


def _ended_cell(kind: str, content: dict[str, Any]) -> int | None:
    """The cell that a message says has ended; a student's code can say so, too, and only moves its own output."""
    metadata = content.get("metadata")
    index = metadata.get(END_OF_CELL) if kind == "display_data" and isinstance(metadata, dict) else None
    return index if type(index) is int else None


def _plain(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """A message as an output of nbformat's; None if nothing of it is kept."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": str(content.get("text", ""))}
    if kind == "error":
        value = str(content.get("evalue", ""))[:2000]
        return {"output_type": "error", "ename": str(content.get("ename", ""))[:200], "evalue": value, "traceback": []}
    if kind in ("display_data", "execute_result") and isinstance(content.get("data"), dict):
        text = content["data"].get("text/plain")
        if isinstance(text, str):
            return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    return None


def _size(message: dict[str, Any]) -> int:
    return _OVERHEAD_BYTES + sum(_sizes(message, 0))


def _sizes(value: Any, depth: int) -> Iterator[int]:
    """Sizes of all texts and buffers in a message."""
    if isinstance(value, str | bytes | memoryview):
        yield len(value)
    elif depth < _DEPTH and isinstance(value, dict):
        for key, item in value.items():
            yield len(str(key))
            yield from _sizes(item, depth + 1)
    elif depth < _DEPTH and isinstance(value, list):
        yield 8 * len(value)
        for item in value:
            yield from _sizes(item, depth + 1)
