"""The places that processes of a kernel see: the template's root, made once, and what each kernel has for itself.

The root is read-only and holds the system, the kernels' environment, the rubric's mounted data and the agent; nothing
else of the host is in it, so a kernel cannot find more by leaving its own mounts. Standard library only, Python 3.9 or
later.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from . import syscalls

_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_READABLE = ("/etc/ld.so.cache", "/etc/fonts")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_MOST_FILES = 262_144  # of one place; the host looks at the sum, and ends a kernel long before
_PLAIN = syscalls.MS_NO_SUID | syscalls.MS_NO_DEVICES
_BIND = syscalls.MS_BIND | syscalls.MS_RECURSIVE


def make_root(
    base: str,
    environment: tuple[str, str],
    mounts: Iterable[tuple[str, str]],
    nodes: Iterable[tuple[str, str]],
    files: Mapping[str, str],
) -> None:
    """Build the root below the folder `base`, which it covers, and go into it; what was there before is gone.

    Args:
        base: any folder of the host.
        environment: the kernels' environment, where it lies and where it is seen.
        mounts: more folders, in the same way.
        nodes: device nodes that the host lends, in the same way.
        files: small files of ours, by path.
    """
    syscalls.mount("none", "/", None, syscalls.MS_RECURSIVE | syscalls.MS_PRIVATE)
    # Descriptors are taken first: what is below `base` cannot be named any more once that is covered.
    binds = [(os.open(source, os.O_PATH), target, False) for source, target in _binds(environment, mounts)]
    shared = [*nodes, *((f"/dev/{name}", f"/dev/{name}") for name in _DEVICES)]
    binds += [(os.open(source, os.O_PATH), target, True) for source, target in shared]
    syscalls.mount("tmpfs", base, "tmpfs", _PLAIN, "mode=755,size=16m,nr_inodes=4k")
    os.chdir(base)
    for name in _SYSTEM:
        if Path("/", name).is_symlink():
            Path(base, name).symlink_to(Path("/", name).readlink())
    for name in ("dev/shm", "dev/pts", "proc"):
        Path(base, name).mkdir(parents=True)
    for path, text in files.items():
        place = Path(base + path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for descriptor, target, device in binds:
        _bind(descriptor, base + target, device=device)
    for name, target in _LINKS.items():
        Path(base, "dev", name).symlink_to(target)
    Path(base, "dev", "ptmx").symlink_to("pts/ptmx")
    syscalls.mount("proc", f"{base}/proc", "proc", _PLAIN | syscalls.MS_NO_EXEC)
    syscalls.change_root()


def close_root(places: Mapping[str, int]) -> None:
    """Give the template its own writable places, and let nobody write to anything else."""
    for path in (*places, "/job"):
        Path(path).mkdir(parents=True, exist_ok=True)
    _writable(places)
    syscalls.make_read_only("/", devices=True)


def make(places: Mapping[str, int], files: Mapping[str, str]) -> None:
    """Cover the template's writable places with a kernel's own; called in the kernel's own namespaces."""
    syscalls.mount("none", "/", None, syscalls.MS_RECURSIVE | syscalls.MS_PRIVATE)
    syscalls.mount("proc", "/proc", "proc", _PLAIN | syscalls.MS_NO_EXEC)
    terminals = syscalls.MS_NO_SUID | syscalls.MS_NO_EXEC
    syscalls.mount("devpts", "/dev/pts", "devpts", terminals, "newinstance,ptmxmode=666")
    _writable(places)
    size = sum(map(len, files.values())) * 4 + (1 << 20)
    syscalls.mount("tmpfs", "/job", "tmpfs", _PLAIN, f"mode=755,size={size},nr_inodes=64")
    for path, text in files.items():
        Path(path).write_text(text, encoding="utf-8")
    syscalls.make_read_only("/job")


def _writable(places: Mapping[str, int]) -> None:
    for path, size in places.items():
        syscalls.mount("tmpfs", path, "tmpfs", _PLAIN, f"mode=1777,size={size},nr_inodes={_MOST_FILES}")


def _binds(environment: tuple[str, str], mounts: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    yield "/usr", "/usr"
    for name in _SYSTEM:
        if Path("/", name).is_dir() and not Path("/", name).is_symlink():
            yield f"/{name}", f"/{name}"
    for name in _READABLE:
        if Path(name).exists():
            yield name, name
    yield environment
    yield from mounts


def _bind(descriptor: int, target: str, *, device: bool) -> None:
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    syscalls.mount(f"/proc/self/fd/{descriptor}", target, None, _BIND)
    if not device:
        syscalls.make_read_only(target, all_below=True)
    os.close(descriptor)
