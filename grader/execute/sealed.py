"""The level `sealed`: kernels are forked from a template that has everything loaded, and seal themselves.

What a kernel cannot reach is decided twice: the template's root holds nothing of the grader's, and each kernel has
namespaces, places, a user and limits of its own on top. `docs/security.md` says what that keeps out.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.errors import SandboxError, SandboxUnavailableError
from grader.execute.cgroups import Cgroups, Group
from grader.execute.descriptors import is_readable, last_words, until_readable
from grader.execute.isolation import Finished, has_kernel_users, kernel_users, memory_file
from grader.execute.layout import Launch, Paths, job_files
from grader.execute.process import FOLDERS, Folders, Holder, KernelProcess, not_started
from grader.execute.seccomp import seccomp_program
from grader.execute.template import HERE, STAND_BETWEEN, Recipe, Template, request_of

_TRIAL_S = 20.0
_ENDED = b"ended "
_BY_SIGKILL = _ENDED + b"-9"
_PIECE = 65536
_MOST_OUTPUT = 1 << 20


class Sealed:
    """Keeps one template for each recipe, and asks it for kernels.

    Raises:
        SandboxUnavailableError: if this host does not let us make the namespaces.
    """

    level = "sealed"

    def __init__(self) -> None:
        self.paths = Paths()
        self.own_user = has_kernel_users()
        """True if each kernel gets a user of the host's of its own; False if it is the grader's, mapped."""
        self.filters_calls = seccomp_program() is not None
        self.cgroups = Cgroups()
        self._users = kernel_users()
        self._templates: dict[Recipe, Template] = {}
        _try(self._user())

    async def start(self, launch: Launch) -> KernelProcess:
        """Start a kernel; see `Isolation.start`. A template that has died is replaced, once."""
        recipe = Recipe.of(launch)
        while True:
            template, fresh = await self._template(recipe)
            try:
                return await self._kernel(template, launch)
            except SandboxError:
                if fresh or not await template.has_ended():
                    raise

    def run(
        self, launch: Launch, program: Sequence[str], *, seconds: float, around: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a program in the place of a kernel, from a template of its own; see `Isolation.run`."""
        return asyncio.run(self._run(launch, program, seconds, around or {}))

    def expect(self, launch: Launch) -> None:
        """Start the template for a launch, if there is none, and have it load what it needs; see `Isolation.expect`."""
        recipe = Recipe.of(launch)
        if recipe not in self._templates:
            self._templates[recipe] = Template(recipe, self.paths, own_users=self.own_user)
        self._templates[recipe].load(launch.needs)

    async def close(self) -> None:
        """End all templates, and with them all kernels."""
        while self._templates:
            await self._templates.popitem()[1].close()

    async def _template(self, recipe: Recipe) -> tuple[Template, bool]:
        """The template for a recipe, and whether it has just been started."""
        known = self._templates.get(recipe)
        if known is not None and not known.gone:
            return known, False
        self._templates[recipe] = template = Template(recipe, self.paths, own_users=self.own_user)
        if known is not None:
            await known.close()
        return template, True

    async def _kernel(self, template: Template, launch: Launch) -> KernelProcess:
        group = self.cgroups.make(launch.limits)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        said, says = os.pipe()
        kernel: KernelProcess | None = None
        try:
            request = request_of(launch, self.paths, job_files(launch, self.paths), self._user())
            await _send(template, request, [theirs.detach(), says, says], group, needs=launch.needs)
            descriptors = await _handed_over(ours, launch.limits.start_s, template, said)
            kernel = _process(descriptors, ours, group)
            return kernel
        finally:
            os.close(said)
            if kernel is None:
                ours.close()
                group.remove()

    def _user(self) -> int | None:
        return next(self._users) if self.own_user else None

    async def _run(self, launch: Launch, program: Sequence[str], seconds: float, around: Mapping[str, str]) -> Finished:
        template = Template(Recipe.of(launch, loads=False), self.paths, own_users=self.own_user, around=around)
        group = self.cgroups.make(launch.limits)
        pipes = [os.pipe(), os.pipe()]
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            request = request_of(launch, self.paths, job_files(launch, self.paths), self._user())
            request["program"] = list(program)
            await _send(template, request, [theirs.detach(), *(write for _, write in pipes)], group)
            async with asyncio.timeout(seconds):
                output, errors = await asyncio.gather(*(_all_of(read) for read, _ in pipes))
            if not errors and is_readable(ours.fileno()):
                errors = ours.recv(_PIECE)
            return Finished(output=output, errors=errors or template.last_words().encode())
        except TimeoutError as error:
            raise SandboxError(
                "contract-no-answer", "the contract suite did not run", where="it took too long"
            ) from error
        finally:
            await template.close()
            group.remove()
            ours.close()
            for read, _ in pipes:
                os.close(read)


def _try(user: int | None) -> None:
    """Make all the namespaces with nothing in them, to know now what would fail for every kernel."""
    number = [] if user is None else [str(user)]
    try:
        subprocess.run(
            [*STAND_BETWEEN, "--try", *number], cwd=HERE, env={}, check=True, capture_output=True, timeout=_TRIAL_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
        raise SandboxUnavailableError(
            "sandbox-no-namespaces",
            f"kernels cannot be sealed: {said[-1][:300] if said else error}",
            next_step="allow user namespaces and mounts in them (sysctl kernel.unprivileged_userns_clone=1, "
            "kernel.apparmor_restrict_unprivileged_userns=0, in a container --security-opt seccomp=unconfined "
            "--security-opt systempaths=unconfined), or run as root",
        ) from error


async def _send(
    template: Template,
    request: Mapping[str, object],
    descriptors: list[int],
    group: Group,
    *,
    needs: Sequence[str] = (),
) -> None:
    """Send a request with its descriptors (channel, output, errors), which are closed here in any case."""
    channel, output, errors = descriptors
    try:
        memory = memory_file("request", json.dumps(request).encode())
        entries = group.entries()
        try:
            await template.ask([channel, memory, output, errors, *entries], needs=needs)
        finally:
            for descriptor in (memory, *entries):
                os.close(descriptor)
    finally:
        for descriptor in {channel, output, errors}:
            os.close(descriptor)


async def _handed_over(channel: socket.socket, seconds: float, template: Template, said: int) -> list[int]:
    """The descriptors that init sends when the kernel is up: of itself, and of the folders."""
    try:
        async with asyncio.timeout(seconds):
            await until_readable(channel.fileno())
    except TimeoutError:
        raise not_started(f"the kernel was not up after {seconds:g} s", last_words(said)) from None
    message, descriptors, _, _ = socket.recv_fds(channel, 4096, FOLDERS + 1)
    if len(descriptors) != FOLDERS + 1:
        for descriptor in descriptors:
            os.close(descriptor)
        what = message.decode(errors="replace") or "the kernel ended while it started"
        raise not_started(what, last_words(said) or template.last_words())
    return descriptors


def _process(descriptors: list[int], channel: socket.socket, group: Group) -> KernelProcess:
    init, *folders = descriptors

    async def reap() -> bool:
        last = channel.recv(64) if is_readable(channel.fileno()) else b""
        return last in (b"", _BY_SIGKILL)

    def forget() -> None:
        channel.close()
        group.remove()

    holder = Holder(pid=_number_of(init), reap=reap, forget=forget, out_of_memory=group.out_of_memory)
    return KernelProcess(init, Folders.of(folders), holder)


def _number_of(process: int) -> int:
    """The number by which this host knows the process behind a descriptor; -1 if it has ended."""
    facts = Path(f"/proc/self/fdinfo/{process}").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in facts if line.startswith("Pid:"))


async def _all_of(descriptor: int) -> bytes:
    """Everything that comes through a pipe until its end, within a megabyte."""
    found = b""
    while len(found) < _MOST_OUTPUT:
        await until_readable(descriptor)
        piece = os.read(descriptor, _PIECE)
        if not piece:
            break
        found += piece
    return found
