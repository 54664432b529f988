"""Kernels behind Jupyter's own interface: `jupyter_client` starts, watches and ends them through this provisioner.

The kernelspec is made in memory for one launch. Nothing is taken from a notebook's metadata, and no connection file is
written on the host.
"""

from __future__ import annotations

from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from jupyter_client.session import Session
from traitlets import Any as Any_
from traitlets import Instance

from grader.execute.isolation import Isolation
from grader.execute.layout import PORTS, SOCKET, Launch
from grader.execute.process import KernelProcess
from grader.limits import MIB, Limits

PROVISIONER = "grader-bubblewrap"
_BEYOND_BYTES = 56 * MIB
"""By which a message may exceed all that a notebook may print: what is received is counted, and its kernel told of."""
_MESSAGES_WAITING = 1000
_RECONNECT_MS = 24 * 3_600_000
"""Longer than any kernel lives."""


class BubblewrapProvisioner(KernelProvisionerBase):  # type: ignore[misc]  # the base ships no complete types
    """Starts one kernel behind an isolation level; named in the kernelspec, found through its entry point."""

    isolation = Any_()  # an Isolation, which traitlets cannot check
    launch = Instance(Launch)
    kernel: KernelProcess | None = None

    @property
    def has_process(self) -> bool:
        return self.kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        self.kernel = await self.isolation.start(self.launch)
        self.connection_info = {
            "transport": "ipc",
            "ip": f"/proc/self/fd/{self.kernel.folders.sockets}/{SOCKET}",
            "key": self.launch.key.encode(),
            "signature_scheme": "hmac-sha256",
            **PORTS,
        }
        return dict(self.connection_info)

    async def poll(self) -> int | None:
        return None if self.kernel is not None and not self.kernel.dead else 1

    async def wait(self) -> int | None:
        if self.kernel is not None:
            await self.kernel.wait()
        return 0

    async def send_signal(self, signum: int) -> None:
        """Only death is delivered: everything else is asked for by message."""
        if signum and self.kernel is not None:
            self.kernel.kill()

    async def kill(self, restart: bool = False) -> None:
        if self.kernel is not None:
            await self.kernel.end()

    async def terminate(self, restart: bool = False) -> None:
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """The folders stay open: evidence is read from them when the kernel is dead."""


class _Session(Session):  # type: ignore[misc]  # the base ships no complete types
    """Signs and reads the messages of one manager and its only client."""

    def clone(self) -> Session:
        """The same: a copy would keep apart what several clients receive."""
        return self


class KernelManager(AsyncKernelManager):  # type: ignore[misc]  # the base ships no complete types
    """Manages one kernel whose sockets lie inside its sandbox."""

    spec = Instance(KernelSpec)

    @property
    def kernel_spec(self) -> KernelSpec:
        """That of its launch; there is no other."""
        return self.spec

    async def _async_post_start_kernel(self, **kwargs: Any) -> None:
        """Connects to nothing: the base is ready to ask for a shutdown, and a kernel is killed."""

    def client(self, **kwargs: Any) -> AsyncKernelClient:
        """The only client; what the context says of sockets holds for those on which the kernel is heard."""
        return super().client(context=self.context, **kwargs)

    def write_connection_file(self, **kwargs: Any) -> None:
        """The kernel has its own copy; the host needs none."""

    def cleanup_ipc_files(self) -> None:
        """They vanish with the sandbox."""


def make_manager(isolation: Isolation, launch: Launch) -> KernelManager:
    """A manager of one kernel, not yet started."""
    config = {"isolation": isolation, "launch": launch}
    spec = KernelSpec(
        argv=[],
        display_name="grader",
        language="python",
        interrupt_mode="message",
        metadata={"kernel_provisioner": {"provisioner_name": PROVISIONER, "config": config}},
    )
    return KernelManager(
        kernel_name="grader",
        spec=spec,
        session=_Session(key=launch.key.encode()),
        context=context_for(launch.limits),
        transport="ipc",
        client_class="grader.execute.client.KernelClient",
    )


def context_for(limits: Limits) -> zmq.asyncio.Context:
    """What the sockets are made in on which the host talks to one kernel: they are bounded, and connect once."""
    context = zmq.asyncio.Context()
    # The sockets are bound before the launch returns. Were one to vanish and come back as a link of the student's, a
    # second attempt would follow it on the host: so there is none in the life of a kernel. To forbid it (-1) is no way:
    # libzmq then takes a message back of which half was received, and ends the process that receives it.
    context.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MS)
    context.setsockopt(zmq.MAXMSGSIZE, limits.notebook_output_bytes + _BEYOND_BYTES)
    context.setsockopt(zmq.RCVHWM, _MESSAGES_WAITING)
    context.setsockopt(zmq.LINGER, 0)
    return context
