"""System calls that Python does not offer in all versions of a kernel environment, through the C library.

Standard library only, Python 3.9 or later. Each raises `OSError` with the name of what was refused.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

NEW_MOUNTS, NEW_CGROUP, NEW_NAMES, NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000

MS_NO_SUID, MS_NO_DEVICES, MS_NO_EXEC = 2, 4, 8
MS_BIND, MS_RECURSIVE, MS_PRIVATE = 4096, 16384, 1 << 18

_PARENT_DEATH_SIGNAL, _DUMPABLE, _SECCOMP, _DROP_BOUNDING, _NO_NEW_PRIVILEGES, _AMBIENT = 1, 4, 22, 24, 38, 47
_CLEAR_ALL, _FILTER = 4, 2
_MOUNT_SETATTR = 442  # the same number on every architecture
_ATTRIBUTE_READ_ONLY, _ATTRIBUTE_NO_SUID, _ATTRIBUTE_NO_DEVICES = 1, 2, 4
_AT_CWD, _AT_RECURSIVE = -100, 0x8000
_CAPABILITIES_VERSION = 0x20080522
_MOST_CAPABILITIES = 64
_COLLAPSE, _LARGE_PAGE = 25, 2 << 20
_DETACH = 2

_library = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def checked(answer: int, what: str) -> int:
    """The answer of a call, if it is one.

    Raises:
        OSError: if the call was refused.
    """
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)}: {what}")
    return answer


def call(number: int, *arguments: object) -> int:
    """A system call by its number; negative if it was refused."""
    answer: int = _library.syscall(number, *arguments)
    return answer


def unshare(namespaces: int) -> None:
    """Leave these namespaces for new ones."""
    checked(_library.unshare(namespaces), f"new namespaces {namespaces:#x}")


def enter(namespace: int, kind: int) -> None:
    """Go into the namespace behind a descriptor."""
    checked(_library.setns(namespace, kind), f"entering a namespace {kind:#x}")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """Mount; see mount(2)."""
    arguments = [None if text is None else text.encode() for text in (source, target, kind, data)]
    answer = _library.mount(*arguments[:3], ctypes.c_ulong(flags), arguments[3])
    checked(answer, f"mounting {kind or source} at {target}")


def make_read_only(target: str, *, all_below: bool = False, devices: bool = False) -> None:
    """Forbid writing to a mount, and privileges and (unless `devices`) device files on it."""
    attributes = _ATTRIBUTE_READ_ONLY | _ATTRIBUTE_NO_SUID | (0 if devices else _ATTRIBUTE_NO_DEVICES)
    change = struct.pack("QQQQ", attributes, 0, 0, 0)
    flags = ctypes.c_uint(_AT_RECURSIVE if all_below else 0)
    answer = call(_MOUNT_SETATTR, _AT_CWD, target.encode(), flags, change, ctypes.c_size_t(len(change)))
    checked(answer, f"making {target} read-only")


def change_root() -> None:
    """Make the current folder, a mount, the root of everything; the old one is gone afterwards."""
    checked(_library.pivot_root(b".", b"."), "changing the root")
    checked(_library.umount2(b".", _DETACH), "letting go of the old root")
    os.chdir("/")


def _process_control(option: int, value: int = 0, further: int = 0) -> int:
    answer: int = _library.prctl(option, *(ctypes.c_ulong(number) for number in (value, further, 0, 0)))
    return answer


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends."""
    checked(_process_control(_PARENT_DEATH_SIGNAL, 9), "asking for a signal at the parent's death")


def set_dumpable(*, dumpable: bool) -> None:
    """Whether other processes of the same user may look into this one."""
    checked(_process_control(_DUMPABLE, int(dumpable)), "changing who may look into this process")


def drop_bounding_set() -> None:
    """Make it impossible to gain any capability again."""
    for capability in range(_MOST_CAPABILITIES):
        if _process_control(_DROP_BOUNDING, capability) < 0:
            break  # the kernel knows no more of them; what could not be dropped shows in the contract suite


def drop_capabilities() -> None:
    """Give up every capability that is held, ambient ones included, and gain none by running a program."""
    _process_control(_AMBIENT, _CLEAR_ALL)
    header = struct.pack("Ii", _CAPABILITIES_VERSION, 0)
    checked(_library.capset(header, bytes(24)), "dropping capabilities")
    checked(_process_control(_NO_NEW_PRIVILEGES, 1), "forbidding new privileges")


def filter_calls(program: bytes) -> None:
    """Refuse system calls by a compiled filter, from now on and for all descendants."""
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.addressof(buffer))
    answer = _library.prctl(_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(described), ctypes.c_ulong(0), 0)
    checked(answer, "loading the filter of system calls")


def collapse(ranges: Iterable[tuple[int, int]]) -> int:
    """Hold memory of this process in large pages where that is possible; gives how many there are.

    A fork copies one entry for a large page in place of 512. Linux has offered it since 6.1; before, nothing happens.

    Args:
        ranges: first address of each range, and the one after its last.
    """
    count = 0
    for first, last in ranges:
        for page in range(-(-first // _LARGE_PAGE) * _LARGE_PAGE, last - _LARGE_PAGE + 1, _LARGE_PAGE):
            count += _library.madvise(ctypes.c_void_p(page), ctypes.c_size_t(_LARGE_PAGE), _COLLAPSE) == 0
    return count
