"""Landlock: which files a kernel may write, said once more by another part of Linux than its mounts.

Left out where Linux has no Landlock. TCP is not restricted: the network namespace is empty, and a kernel needs its own
loopback. Standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from .syscalls import call, checked

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _READ_FOLDER = 1, 2, 4, 8
_REFER, _TRUNCATE, _DEVICE_CALLS = 1 << 13, 1 << 14, 1 << 15
_FIRST_RIGHTS = _REFER - 1
_RIGHTS_SINCE = {2: _REFER, 3: _TRUNCATE, 5: _DEVICE_CALLS}
_SCOPES_SINCE, _ABSTRACT_SOCKETS, _SIGNALS = 6, 1, 2
_OF_A_FILE = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICE_CALLS


def version() -> int:
    """What this Linux offers; 0 if it has no Landlock, or does not use it."""
    return max(0, call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION)))


def restrict(writable: Iterable[str]) -> int:
    """Allow reading everywhere and writing below these folders only; gives the version that was used."""
    offered = version()
    if offered == 0:
        return 0
    handled = _FIRST_RIGHTS
    for since, right in _RIGHTS_SINCE.items():
        handled |= right if offered >= since else 0
    scopes = _ABSTRACT_SOCKETS | _SIGNALS if offered >= _SCOPES_SINCE else 0
    described = struct.pack("QQQ", handled, 0, scopes)
    size = 24 if offered >= _SCOPES_SINCE else 8
    rules = checked(call(_CREATE, described, ctypes.c_size_t(size), ctypes.c_uint(0)), "making rules for files")
    try:
        _allow(rules, "/", _EXECUTE | _READ | _READ_FOLDER)
        for path in writable:
            _allow(rules, path, handled)
        checked(call(_RESTRICT, rules, ctypes.c_uint(0)), "keeping rules for files")
    finally:
        os.close(rules)
    return offered


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, place)
        checked(call(_ADD, rules, _PATH_BENEATH, rule, ctypes.c_uint(0)), f"adding a rule for {path}")
    finally:
        os.close(place)
