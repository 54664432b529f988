"""Memory of kernels, sampled from outside while they run: what is theirs alone (USS), and their fair share (PSS).

A kernel is a process of a foreign pid namespace (ours run so), or one that was started as `ipykernel_launcher` (the
peers'). Of a namespace the largest process counts: beside it are only launchers. Reading others' memory needs root.
"""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KERNEL = b"ipykernel_launcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The most that kernels had at any moment at which one looked; medians over the kernels, in bytes."""

    kernels: int
    uss: float
    pss: float
    worst_uss: float


def rollup(text: str) -> tuple[int, int]:
    """(USS, PSS) in bytes, out of the text of /proc/PID/smaps_rollup."""
    sizes: dict[str, int] = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        sizes[name] = int(rest.split()[0]) * 1024
    return sizes["Private_Clean"] + sizes["Private_Dirty"], sizes["Pss"]


class Sampler:
    """Looks at processes each time that it is called, and keeps the most of each kernel."""

    def __init__(self) -> None:
        self._ours = str(Path("/proc/self/ns/pid").readlink())
        self._peaks: dict[str, dict[str, tuple[int, int]]] = {}
        """Kernel -> process -> the most that it had, USS and PSS."""

    def __call__(self, processes: Sequence[int]) -> None:
        """Look at these processes; those that end meanwhile, or that we may not read, are passed over."""
        for process in processes:
            with contextlib.suppress(OSError, KeyError, IndexError, ValueError):
                self._look(Path("/proc", str(process)))

    def _look(self, folder: Path) -> None:
        namespace = str((folder / "ns" / "pid").readlink())
        # A process id may come twice, not with the same time of its start.
        name = f"{folder.name}@{(folder / 'stat').read_text().rpartition(')')[2].split()[19]}"
        if namespace != self._ours:
            kernel = namespace
        elif _KERNEL in (folder / "cmdline").read_bytes():
            kernel = name
        else:
            return
        uss, pss = rollup((folder / "smaps_rollup").read_text())
        among = self._peaks.setdefault(kernel, {})
        before = among.get(name, (0, 0))
        among[name] = (max(uss, before[0]), max(pss, before[1]))

    def memory(self) -> Memory | None:
        """What was seen; None if no kernel was."""
        return summary(self._peaks)


def summary(peaks: Mapping[str, Mapping[str, tuple[int, int]]]) -> Memory | None:
    """Medians over kernels, of each of which the largest process counts; None if there are none."""
    largest = [_largest(processes.values()) for processes in peaks.values() if processes]
    if not largest:
        return None
    return Memory(
        kernels=len(largest),
        uss=statistics.median(uss for uss, _ in largest),
        pss=statistics.median(pss for _, pss in largest),
        worst_uss=max(uss for uss, _ in largest),
    )


def _largest(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    return max(sizes, key=lambda size: size[1])
