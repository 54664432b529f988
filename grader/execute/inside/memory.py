"""Makes what a template has loaded cheap to share: its kernels write to few of its pages, and have few entries to copy.

Whoever allocates takes the free places between living objects first, and each page of the template's that a kernel
writes to is copied for it. So the template takes these places itself, for ever, and kernels begin on pages of their
own. Only CPython's and glibc's allocators are known; with others nothing happens. Python 3.9 or later.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from . import syscalls

_LEAST_CHUNK, _MOST_CHUNK = 24, 64 * 1024
"""Of glibc's: the smallest that it hands out, and less than what it takes from the system by itself."""
_BYTES_OVERHEAD = sys.getsizeof(b"")
_CLASS = re.compile(r"\s*\d+\s+(?P<size>\d+)\s+\d+\s+\d+\s+(?P<free>\d+)\s*")
"""A line of CPython's statistics: class, size, pools, blocks in use, free blocks."""
_STATISTICS_BYTES = 1 << 20
_TAKEN: list[list[object]] = []


class _HeapFacts(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


def settle() -> None:
    """Make what is loaded cheap to share; kernels never walk it to collect garbage."""
    gc.freeze()
    gc.collect()  # quick, since everything is frozen; it empties Python's lists of objects to be used again
    _TAKEN.extend(_free_blocks())
    _take_free_chunks()
    gc.freeze()
    gc.enable()
    syscalls.collapse(_private_memory())


def _free_blocks() -> Iterator[list[object]]:
    """Objects that fill the pages which CPython keeps for small objects of one size each."""
    for line in _statistics().splitlines():
        found = _CLASS.fullmatch(line)
        if found is None:
            continue
        size, free = int(found["size"]), int(found["free"])
        if size > _BYTES_OVERHEAD:
            yield [bytes(size - _BYTES_OVERHEAD) for _ in range(free)]
        elif size >= sys.getsizeof(0.0):
            yield [float(number) for number in range(free)]
        else:
            yield [object() for _ in range(free)]


def _statistics() -> str:
    """What CPython says about its allocator; it writes to the standard error, whatever that is."""
    memory = os.memfd_create("statistics")
    errors = os.dup(2)
    try:
        os.dup2(memory, 2)
        sys._debugmallocstats()  # there is no public way to know
    finally:
        os.dup2(errors, 2)
        os.close(errors)
    try:
        return os.pread(memory, _STATISTICS_BYTES, 0).decode(errors="replace")
    finally:
        os.close(memory)


def _take_free_chunks() -> None:
    """Fill the gaps in glibc's heap, the large ones first; what lies above its highest chunk is left."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):  # before glibc 2.33, or another library
        return
    library.mallinfo2.restype = _HeapFacts
    for name, gives, takes in (
        ("malloc", ctypes.c_void_p, ctypes.c_size_t),
        ("free", None, ctypes.c_void_p),
        ("sbrk", ctypes.c_void_p, ctypes.c_ssize_t),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = gives, [takes]
    top = library.sbrk(0) - library.mallinfo2().keepcost
    size = _MOST_CHUNK
    while size >= _LEAST_CHUNK:
        chunk = library.malloc(size)
        if chunk is None or chunk >= top:
            library.free(chunk)
            size = size * 3 // 4


def _private_memory() -> list[tuple[int, int]]:
    """First and last address of what a fork shares until one side writes to it, files' pages left out."""
    found = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        addresses, rights, _, _, _, *name = line.split(maxsplit=5)
        if rights == "rw-p" and not (name and name[0].startswith("/")):
            first, last = (int(number, 16) for number in addresses.split("-"))
            found.append((first, last))
    return found
