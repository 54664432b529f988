"""Seals one process forked from the template: its own namespaces, places, user and limits, and nothing else.

    template -> init (process 1 of the kernel's own) -> kernel

The template forks *init*, which joins the kernel's cgroups, makes its namespaces and places, and forks the kernel. It
tells the host that the kernel is up, drops all privileges, reaps orphans, and ends when the kernel does; then Linux
ends whatever is left of its process namespace. Only init ever holds the channel to the host. Standard library only,
Python 3.9 or later.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import places, syscalls
from .landlock import restrict

INSIDE_USER = 1000
_SEPARATE = syscalls.NEW_MOUNTS | syscalls.NEW_NETWORK | syscalls.NEW_IPC | syscalls.NEW_NAMES | syscalls.NEW_CGROUP
_INTERFACE_UP = 0x8914, struct.pack("16sh", b"lo", 1 | 64) + bytes(22)
_FAILED = 70


@dataclass(frozen=True)
class Handles:
    """Descriptors of the host's that come with a request."""

    channel: int
    """Where the host hears that the kernel is up; its end tells that it is not."""
    request: int
    output: int
    errors: int
    cgroups: tuple[int, ...]
    """Files `cgroup.procs`, open for writing."""

    @classmethod
    def of(cls, descriptors: Sequence[int]) -> Handles:
        """In the order in which the host sends them."""
        channel, request, output, errors, *cgroups = descriptors
        return cls(channel=channel, request=request, output=output, errors=errors, cgroups=tuple(cgroups))

    def close(self) -> None:
        """Let go of all of them."""
        for descriptor in (self.channel, self.request, self.output, self.errors, *self.cgroups):
            os.close(descriptor)


@dataclass(frozen=True)
class Request:
    """What the host says about one process."""

    start: dict[str, Any]
    """How the kernel starts, as in `start.json`."""
    files: dict[str, str]
    places: dict[str, int]
    """Writable folder -> bytes."""
    variables: dict[str, str]
    threads: int
    user: int | None
    """The host's number for the kernel's user; None to keep the grader's, mapped."""
    folder: str
    """Where it starts."""
    sockets: str
    """The folder that becomes read-only once the kernel is up."""
    program: list[str] | None
    """Arguments of a program to run in place of a kernel."""

    @classmethod
    def read(cls, descriptor: int) -> Request:
        """The request behind a descriptor."""
        with os.fdopen(os.dup(descriptor), encoding="utf-8") as file:
            file.seek(0)
            return cls(**json.load(file))


Body = Callable[[Request, Callable[[], None]], None]
"""What the sealed process runs: it gets the request, and a function to call when it is up (sockets bound)."""


def fork_sealed(handles: Handles, filter_program: bytes, body: Body) -> int:
    """Fork init into a process namespace of its own; gives its process id here, and waits for nothing."""
    here = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.unshare(syscalls.NEW_PROCESSES)
        try:
            child = os.fork()
            if child == 0:
                _run_and_exit(lambda: _init(handles, filter_program, body), handles.errors)
        finally:
            syscalls.enter(here, syscalls.NEW_PROCESSES)  # children to come shall not join this one
    finally:
        os.close(here)
    return child


def _run_and_exit(work: Callable[[], int], errors: int) -> NoReturn:
    """Nothing of the template's own code runs in a child when its work is done, not even after an exception."""
    code = _FAILED
    try:
        code = work()
    except BaseException:  # noqa: BLE001 - the last words of a process that is ours, for the host to tell
        os.write(errors, traceback.format_exc()[-3000:].encode(errors="replace"))
    finally:
        os._exit(code)


def _init(handles: Handles, filter_program: bytes, body: Body) -> int:
    """Process 1 of a kernel, from its first breath to the kernel's last."""
    os.setsid()
    _keep_only(handles.channel, handles.request, handles.output, handles.errors, *handles.cgroups)
    for source, target in ((handles.output, 1), (handles.errors, 2)):
        os.dup2(source, target)
    for group in handles.cgroups:
        os.write(group, b"0")
    request = Request.read(handles.request)
    syscalls.unshare(_SEPARATE)
    socket.sethostname("sandbox")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as network:
        fcntl.ioctl(network, *_INTERFACE_UP)  # a kernel talks to itself over its loopback
    places.make(request.places, request.files)
    kernel, bound = _fork_kernel(handles, request, filter_program, body)
    os.close(1)
    if not os.read(bound, 1):
        return _FAILED
    if request.program is None:
        syscalls.make_read_only(request.sockets)
    _give_up_privileges(request.user)
    _keep_only(handles.channel)
    with socket.socket(fileno=handles.channel) as host:
        _tell_the_host(host, request.start["folders"])
        while True:
            ended, status = os.wait()
            if ended == kernel:
                code = os.waitstatus_to_exitcode(status)
                host.send(f"ended {code}".encode())
                return abs(code)


def _fork_kernel(handles: Handles, request: Request, filter_program: bytes, body: Body) -> tuple[int, int]:
    """Fork the kernel and give it its user; its process id, and where it says that its sockets are bound."""
    bound, says_bound = os.pipe()
    named, says_named = os.pipe()
    waits, goes = os.pipe()
    kernel = os.fork()
    if kernel == 0:

        def work() -> int:
            os.setsid()
            syscalls.unshare(syscalls.NEW_USER)
            os.write(says_named, b"n")
            os.read(waits, 1)
            _keep_only(says_bound)
            _become_user(request, filter_program)
            body(request, lambda: _say_bound(says_bound))
            return 0

        _run_and_exit(work, 2)
    for descriptor in (says_bound, says_named, waits):
        os.close(descriptor)
    if os.read(named, 1):
        user, group = (request.user, request.user) if request.user is not None else (os.getuid(), os.getgid())
        Path(f"/proc/{kernel}/uid_map").write_text(f"{INSIDE_USER} {user} 1")
        Path(f"/proc/{kernel}/gid_map").write_text(f"{INSIDE_USER} {group} 1")
        os.write(goes, b"g")
    os.close(named)
    os.close(goes)
    return kernel, bound


def _become_user(request: Request, filter_program: bytes) -> None:
    """From here on the process is a student's: no privilege, no way to one, and rules that it cannot change."""
    if request.user is not None:
        os.setgroups([])
    os.setresgid(INSIDE_USER, INSIDE_USER, INSIDE_USER)
    os.setresuid(INSIDE_USER, INSIDE_USER, INSIDE_USER)
    syscalls.set_dumpable(dumpable=True)  # else its own /proc/self belongs to the host's root
    syscalls.drop_bounding_set()
    syscalls.drop_capabilities()
    restrict([*request.places, "/dev", "/proc"])
    if filter_program:
        syscalls.filter_calls(filter_program)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.variables)


def _say_bound(descriptor: int) -> None:
    os.write(descriptor, b"b")
    os.close(descriptor)


def _tell_the_host(host: socket.socket, folders: list[str]) -> None:
    """Send descriptors of this process and of the folders that the host reads."""
    descriptors = [os.pidfd_open(os.getpid())]
    descriptors += [os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in folders]
    socket.send_fds(host, [b"ready"], descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


def _give_up_privileges(user: int | None) -> None:
    """Init only waits from now on. It is another user namespace's, so the kernel can neither trace nor read it."""
    syscalls.drop_bounding_set()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    syscalls.drop_capabilities()
    syscalls.set_dumpable(dumpable=False)


def _keep_only(*wanted: int) -> None:
    """Close every descriptor but the streams and these."""
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor > 2 and descriptor not in wanted:
            try:
                os.close(descriptor)
            except OSError:
                continue  # it was the listing's own
