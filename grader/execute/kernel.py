"""One kernel in use: requests go in one by one, the first thing that goes wrong ends it, its evidence stays."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import zmq
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from grader.errors import SandboxError
from grader.execute.client import Client, OutputFloodError, Outputs
from grader.execute.isolation import Isolation
from grader.execute.layout import Launch
from grader.execute.process import KernelProcess
from grader.execute.provisioner import make_manager
from grader.execute.watch import Cause, Patience, Watch

# What the client's code raises over a message that no Jupyter kernel would send.
_NO_MESSAGE = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError, zmq.ZMQError)
_TIME_UP = "ProbeTimeUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request."""

    cause: Cause
    outputs: tuple[dict[str, Any], ...] = ()
    """What was printed, or after the end of the last cell that came to its end, if it was about several."""
    of_cells: Mapping[int, Sequence[dict[str, Any]]] = field(default_factory=dict)
    """What each of several cells printed."""
    error: str | None = None
    """Name of the exception that the agent let through."""

    @property
    def well(self) -> bool:
        """True if the kernel can go on."""
        return self.cause is Cause.NONE


_SILENT = logging.Logger("grader.execute.kernel", level=logging.CRITICAL + 1)
"""What a kernel does is evidence; the libraries' own words about it are not for a terminal."""


class Kernel:
    """A kernel from its start to the reading of its evidence.

    Args:
        isolation: the level at which it runs.
        launch: what it sees; its key is replaced by a fresh one.
    """

    def __init__(self, isolation: Isolation, launch: Launch) -> None:
        self._launch = replace(launch, key=secrets.token_hex(32))
        self._manager = make_manager(isolation, self._launch)
        limits = launch.limits
        self._outputs = Outputs(limits.cell_output_bytes, limits.notebook_output_bytes)
        self._client = Client(
            NotebookNode(metadata=NotebookNode(), cells=[]), km=self._manager, allow_errors=True, timeout=None
        )
        self._client.log = self._manager.log = _SILENT
        self._client.startup_timeout = limits.start_s
        self._client.shutdown_kernel = "immediate"
        self._client.outputs = self._outputs

    @property
    def process(self) -> KernelProcess:
        """The process of the kernel.

        Raises:
            SandboxError: if it was not started.
        """
        process: KernelProcess | None = getattr(self._manager.provisioner, "kernel", None)
        if process is None:
            raise SandboxError("kernel-not-started", "there is no kernel")
        return process

    async def start(self) -> None:
        """Start the process and connect to it.

        Raises:
            SandboxError: if it does not come up.
        """
        await self._client.async_start_new_kernel()
        connected = asyncio.create_task(self._client.async_start_new_kernel_client())
        ended = asyncio.create_task(self.process.wait())
        outcome: object = None
        try:
            await asyncio.wait((connected, ended), return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                raise SandboxError("kernel-not-started", "the kernel ended before it answered")
        finally:
            connected.cancel()
            ended.cancel()
            outcome, _ = await asyncio.gather(connected, ended, return_exceptions=True)
        if isinstance(outcome, BaseException):
            raise outcome

    async def request(self, code: str, patience: Patience) -> Answer:
        """Run one line of ours in the kernel; afterwards the kernel is dead unless the answer is well."""
        self._outputs.begin()
        work = asyncio.create_task(self._execute(code))
        watch = asyncio.create_task(self._watch().until_wrong(patience))
        try:
            await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
            cause = watch.result() if watch.done() and not work.done() else Cause.NONE
            if cause is not Cause.NONE:
                await self.process.end()
        finally:
            watch.cancel()
            if not work.done():
                work.cancel()
            ended, _ = await asyncio.gather(work, watch, return_exceptions=True)
        if cause is Cause.NONE:
            cause = self._cause_of(ended)
        if cause is Cause.DIED and self.process.out_of_memory:
            cause = Cause.MEMORY
        if cause not in (Cause.NONE, Cause.GAVE_UP):
            await self.process.end()
        if cause is Cause.DIED and self.process.killed:
            cause = Cause.MEMORY if self.process.out_of_memory else Cause.KILLED
        outputs = self._outputs
        return Answer(cause=cause, outputs=tuple(outputs.closed()), of_cells=outputs.of_cells, error=outputs.error)

    async def stop(self) -> None:
        """Kill the process and close the connection; the evidence can be read until `close`."""
        process = getattr(self._manager.provisioner, "kernel", None)
        if process is not None:
            await process.end()
        if self._client.kc is not None:
            self._client.kc.stop_channels()
        await self._manager.cleanup_resources()
        self._manager.context.destroy(linger=0)

    def close(self) -> None:
        """Let go of the evidence."""
        process = getattr(self._manager.provisioner, "kernel", None)
        if process is not None:
            process.close()

    def _watch(self) -> Watch:
        return Watch(self.process, self._launch.limits, flooded=lambda: self._outputs.flooded)

    async def _execute(self, code: str) -> None:
        cell = NotebookNode(cell_type="code", metadata=NotebookNode(), source=code, outputs=[])
        self._client.nb.cells = [cell]
        await self._client.async_execute_cell(cell, 0)

    def _cause_of(self, ended: object) -> Cause:
        """What the end of a request means."""
        if ended is None:
            return Cause.GAVE_UP if self._outputs.error == _TIME_UP else Cause.NONE
        if isinstance(ended, OutputFloodError):
            return Cause.FLOOD
        if isinstance(ended, DeadKernelError) or self.process.dead:
            return Cause.DIED
        if isinstance(ended, (*_NO_MESSAGE, CellTimeoutError)):
            return Cause.PROTOCOL
        assert isinstance(ended, BaseException)
        raise ended
