"""Kernels behind Jupyter's own interface: `jupyter_client` starts, watches and ends them through this provisioner.

The kernelspec is made in memory for one launch. Nothing is taken from a notebook's metadata, and no connection file is
written on the host.
"""

from __future__ import annotations

from typing import Any

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Any as Any_
from traitlets import Instance

from grader.execute.isolation import Isolation
from grader.execute.layout import PORTS, SOCKET, Launch
from grader.execute.process import KernelProcess
from grader.limits import MIB

PROVISIONER = "grader-bubblewrap"
_MESSAGE_BYTES = 8 * MIB
_MESSAGES_WAITING = 200


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


class _OneSpec(KernelSpecManager):  # type: ignore[misc]  # the base ships no complete types
    """Knows the kernelspec of one launch and no other."""

    spec = Instance(KernelSpec)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return self.spec


class KernelManager(AsyncKernelManager):  # type: ignore[misc]  # the base ships no complete types
    """Manages one kernel whose sockets lie inside its sandbox."""

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
    context = zmq.asyncio.Context()
    # The sockets are bound before the launch returns. Were one to vanish and come back as a link of the student's, a
    # second attempt would follow it on the host: so there is none.
    context.setsockopt(zmq.RECONNECT_IVL, -1)
    context.setsockopt(zmq.MAXMSGSIZE, _MESSAGE_BYTES)
    context.setsockopt(zmq.RCVHWM, _MESSAGES_WAITING)
    context.setsockopt(zmq.LINGER, 0)
    manager = KernelManager(
        kernel_name="grader",
        kernel_spec_manager=_OneSpec(spec=spec),
        context=context,
        transport="ipc",
        client_class="grader.execute.client.KernelClient",
    )
    manager.session.key = launch.key.encode()
    return manager
