"""The host's side of a template: starts it, asks it for kernels, and notices when it is gone.

A template is asked before it has loaded everything: requests wait in its socket, and nothing waits here.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import SandboxError
from grader.execute.descriptors import last_words, resolve, until_readable
from grader.execute.environment import KernelEnvironment
from grader.execute.inside.preload import AHEAD, EVERY_KERNEL, LIBROSA, OPTIMISERS
from grader.execute.isolation import memory_file
from grader.execute.layout import (
    AGENT_PACKAGE,
    INSIDE_PACKAGE,
    Launch,
    Paths,
    agent_text,
    start_of,
    tmpfs_bytes,
    variables,
)
from grader.execute.seccomp import seccomp_program
from grader.limits import Limits

HERE = Path(__file__).parent
STAND_BETWEEN = [sys.executable, "-S", "-E", "-s", "-B", "-m", "inside.root"]
"""The program that makes a template's root, run in the folder of this package: it imports nothing else of ours."""
_END_S = 10.0
_LOOKS, _LOOK_S = 50, 0.01
"""How often it is asked whether a template has ended of which a kernel did not start, and how long in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a template is made of: kernels with equal recipes come from the same one."""

    environment: Path
    mounts: tuple[tuple[str, str], ...]
    nodes: tuple[tuple[str, str], ...]
    """Device nodes of the host's and where kernels see them."""
    preload: tuple[str, ...]
    loads: bool
    """False for a template that loads nothing, since it makes no kernels."""
    agent: str
    """The agent's and the other files of ours, as JSON."""

    @classmethod
    def of(cls, launch: Launch, *, loads: bool = True) -> Recipe:
        """The recipe of the template for a launch."""
        return cls(
            environment=launch.environment.path,
            mounts=tuple((str(source), target) for source, target in launch.mounts),
            nodes=tuple((str(source), target) for source, target in launch.devices.nodes),
            preload=launch.preload,
            loads=loads,
            agent=agent_text(launch.agent),
        )


class Template:
    """One template process and what stands between it and us.

    Args:
        recipe: what it is made of.
        paths: the places of its kernels.
        own_users: True if each kernel gets a user of the host's of its own.
        around: variables of the process that makes the template's root; none of them reaches the template.

    Raises:
        SandboxError: if the process cannot be started.
    """

    def __init__(
        self, recipe: Recipe, paths: Paths, *, own_users: bool, around: Mapping[str, str] | None = None
    ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        said_read, said_write = os.pipe()
        self._said = said_read
        root = memory_file("root", json.dumps(_root_of(recipe, paths) | {"own_users": own_users}).encode())
        config = memory_file("template", json.dumps(_config_of(recipe, paths)).encode())
        try:
            self._process = subprocess.Popen(
                [*STAND_BETWEEN, *(str(descriptor) for descriptor in (root, theirs.fileno(), config))],
                env=dict(around or {}),
                pass_fds=[root, theirs.fileno(), config],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said_write,
                start_new_session=True,
                cwd=HERE,
            )
        except OSError as error:
            self._control.close()
            os.close(said_read)
            raise SandboxError("kernel-not-started", f"cannot start a template of kernels: {error}") from error
        finally:
            theirs.close()
            for descriptor in (said_write, root, config):
                os.close(descriptor)
        self.pid = self._process.pid
        """Of the process that stands between; its end is the end of the template and of all its kernels."""
        self._closed = False

    @property
    def gone(self) -> bool:
        """True once the template has ended: nothing else closes its end of the socket."""
        if self._closed:  # by another start that was first to notice
            return True
        poll = select.poll()
        poll.register(self._control, select.POLLRDHUP)
        return bool(poll.poll(0))

    async def has_ended(self) -> bool:
        """True if the template is gone, or goes now: of one that dies its kernels may be heard first."""
        for _ in range(_LOOKS):
            if self.gone:
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    def load(self, needs: Sequence[str]) -> None:
        """Have it load what kernels to come need; `needs` as a launch says it. If it fails, the next to ask is told."""
        if needs:
            with suppress(OSError):
                self._control.send(" ".join(["load", *needs]).encode())

    async def ask(self, descriptors: Sequence[int], *, needs: Sequence[str] = ()) -> None:
        """Ask for one process, by the descriptors that it needs; `needs` as a launch says it.

        Raises:
            SandboxError: if there is nobody to be asked.
        """
        while True:
            try:
                socket.send_fds(self._control, [" ".join(["fork", *needs]).encode()], descriptors)
            except BlockingIOError:
                await _until_writable(self._control.fileno())
            except OSError as error:
                raise SandboxError("kernel-not-started", f"the template of kernels has ended: {error}") from error
            else:
                return

    def last_words(self) -> str:
        """What the template has said that was not read before, and before it was closed."""
        return "" if self._closed else last_words(self._said)

    async def close(self) -> None:
        """End the template and all of its kernels; returns when they are gone."""
        self._process.terminate()
        end = os.pidfd_open(self._process.pid) if self._process.poll() is None else None
        try:
            if end is not None:
                async with asyncio.timeout(_END_S):
                    await until_readable(end)
        except TimeoutError:
            self._process.kill()
        finally:
            if end is not None:
                os.close(end)
            self._process.wait()
            self._closed = True
            self._control.close()
            os.close(self._said)


def request_of(launch: Launch, paths: Paths, files: Mapping[str, bytes], user: int | None) -> dict[str, Any]:
    """What the sealed process is told, beside descriptors; see `inside.seal.Request`."""
    return {
        "start": start_of(launch, paths),
        "files": {name: content.decode() for name, content in files.items()},
        "places": tmpfs_bytes(launch.limits, paths),
        "variables": variables(launch, paths),
        "threads": launch.threads,
        "user": user,
        "folder": paths.work,
        "sockets": paths.sockets,
        "program": None,
    }


def _root_of(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """What is read before the template is one: the host's paths end here."""
    files = {f"{paths.agent}/{name}": text for name, text in json.loads(recipe.agent).items()}
    return {
        "environment": [str(recipe.environment), paths.environment],
        "mounts": recipe.mounts,
        "nodes": recipe.nodes,
        "files": files,
        "places": tmpfs_bytes(Limits(), paths),
        "agent": paths.agent,
        "module": f"{INSIDE_PACKAGE}.template",
        "variables": variables(_anyone(recipe), paths),
    }


def _config_of(recipe: Recipe, paths: Paths) -> dict[str, Any]:
    """What the template itself reads; every kernel could find it in its memory."""
    start = start_of(_anyone(recipe), paths)
    return {
        "make": start["make"],
        "caches": start["caches"],
        "agent": paths.agent,
        "every_kernel": EVERY_KERNEL if recipe.loads else (),
        "ahead": (*AHEAD, AGENT_PACKAGE) if recipe.loads else (),
        "on_demand": (*recipe.preload, LIBROSA, OPTIMISERS) if recipe.loads else (),
        "left_out": {},
        "running": [],
        "needs": [],
        "waiting": [],
        "filter": (seccomp_program() or b"").hex(),
    }


def _anyone(recipe: Recipe) -> Launch:
    environment = KernelEnvironment(path=recipe.environment, digest="")
    return Launch(environment=environment, limits=Limits(), job={}, key="")


async def _until_writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    free: asyncio.Future[None] = loop.create_future()
    copy = os.dup(descriptor)
    loop.add_writer(copy, resolve, free)
    try:
        await free
    finally:
        loop.remove_writer(copy)
        os.close(copy)
