"""GPUs of this host, found without touching CUDA, and lent to one kernel at a time, whole or in fractions.

Nothing here loads a driver library into the grader: device nodes and the files of the driver are looked at, and the
driver's own `nvidia-smi` is asked in a process of its own. A fraction is bookkeeping: it says how many kernels share a
card, and the agent asks torch to keep to its share of the memory. Only a card of its own, or a slice that the card
itself has cut (MIG), is a wall.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.execute.layout import Devices
from grader.execute.nvidia_smi import Slice, ask, listed, slices

GPUS_VARIABLE = "GRADER_GPUS"
"""Numbers of the cards that kernels may use, separated by commas; all if it is not set, none if it is empty."""
_NEEDED = ("nvidiactl", "nvidia-uvm")
_WHERE_THERE = ("nvidia-uvm-tools",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A card, or a slice of one, that can be lent."""

    name: str
    minor: int
    """Number of its node, /dev/nvidia<minor>."""
    uuid: str | None
    """None where the driver does not tell."""
    nodes: tuple[tuple[Path, str], ...]
    """Where each device node lies here, and where a kernel sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpus:
    """What was found."""

    cards: tuple[Gpu, ...] = ()
    absent: str = "this host has no GPU"
    """Why there is none; half a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one kernel is lent."""

    gpu: Gpu
    fraction: float

    @property
    def devices(self) -> Devices:
        """The nodes of this card and no other, and the variable that names it."""
        # Where the driver tells no UUID the number has to do: a kernel sees one card only, so that it is the first.
        return Devices(nodes=self.gpu.nodes, variables={"CUDA_VISIBLE_DEVICES": self.gpu.uuid or "0"})


class GpuSlots:
    """Lends cards, first come, first served; the card of which least is lent goes first.

    Args:
        gpus: what there is.
        fraction: of a card, for each kernel.
    """

    def __init__(self, gpus: Gpus, fraction: float) -> None:
        self._cards = gpus.cards
        self._fraction = fraction
        self._lent = [0] * len(gpus.cards)
        self._kernels = len(gpus.cards) * int(1 / fraction + 1e-9)
        self._room = asyncio.Semaphore(self._kernels)

    def __len__(self) -> int:
        """Kernels that may have a share at a time."""
        return self._kernels

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Share]:
        """A share for as long as the context lasts."""
        async with self._room:
            place = min(range(len(self._lent)), key=self._lent.__getitem__)
            self._lent[place] += 1
            try:
                yield Share(gpu=self._cards[place], fraction=self._fraction)
            finally:
                self._lent[place] -= 1


def find_gpus(root: Path = Path("/"), *, command: Callable[[Sequence[str]], str] = ask) -> Gpus:
    """The GPUs that kernels may use on this host.

    Args:
        root: below which `dev` and `proc` are looked for.
        command: runs nvidia-smi with some arguments; its output, or nothing where that cannot be had.
    """
    dev = root / "dev"
    minors = sorted(int(path.name[6:]) for path in dev.glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name))
    if not minors:
        return Gpus()
    allowed, why_not = _allowed(minors)
    if why_not:
        return Gpus(absent=why_not)
    for name in (*_NEEDED, *(f"nvidia{minor}" for minor in allowed)):
        if not _usable(dev / name):
            return Gpus(absent=f"/dev/{name} is missing, or not open to the user of a kernel")
    nodes = tuple((dev / name, f"/dev/{name}") for name in (*_NEEDED, *_WHERE_THERE) if _usable(dev / name))
    told = _told_by_driver(root, minors)
    if len(told) < len(minors):  # the command lists cards in the order of their buses, which need not be that of nodes
        told = listed(command(["-L"]), minors) | told
    cut = slices(command) if any((dev / "nvidia-caps").glob("nvidia-cap*")) else {}
    cards: list[Gpu] = []
    for minor in allowed:
        name, uuid = told.get(minor, ("GPU", None))
        own = (*nodes, (dev / f"nvidia{minor}", f"/dev/nvidia{minor}"))
        if uuid not in cut:
            cards.append(Gpu(name=name, minor=minor, uuid=uuid, nodes=own))
            continue
        for piece in cut[uuid]:
            caps = tuple(_capabilities(root, minor, piece))
            if len(caps) == 2:
                cards.append(Gpu(name=f"{name}, {piece.name}", minor=minor, uuid=piece.uuid, nodes=(*own, *caps)))
    if not cards:
        return Gpus(absent="no slice of its cards can be told from the others")
    return Gpus(cards=tuple(cards))


def describe(gpus: Gpus) -> str:
    """One line for `grader doctor`."""
    if not gpus.cards:
        return f"none ({gpus.absent}); training cells that a rubric sends to one run on the CPU"
    cards = ", ".join(f"{gpu.minor}: {gpu.name}" for gpu in gpus.cards)
    return f"{cards}; for training cells that a rubric sends there, and for nothing else"


def _allowed(minors: Sequence[int]) -> tuple[list[int], str]:
    """The numbers that the variable leaves, or why it leaves none."""
    wanted = os.environ.get(GPUS_VARIABLE)
    if wanted is None:
        return list(minors), ""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    found = [minor for minor in minors if str(minor) in names]
    if not found:
        return [], f"{GPUS_VARIABLE} is {wanted!r}, and the cards of this host are {', '.join(map(str, minors))}"
    return found, ""


def _usable(path: Path) -> bool:
    """True for a device that the user of a kernel may open for reading and writing."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    # As root, each kernel has a user of its own, who is no member of any group.
    open_to_kernels = mode & 0o006 == 0o006 if os.geteuid() == 0 else os.access(path, os.R_OK | os.W_OK)
    return stat.S_ISCHR(mode) and open_to_kernels


def _told_by_driver(root: Path, minors: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Minor -> (model, UUID), as /proc/driver/nvidia has them."""
    found = {}
    for path in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        facts = dict(re.findall(r"^([\w ]+?):[ \t]*(.*?)[ \t]*$", _text(path), flags=re.MULTILINE))
        minor, uuid = facts.get("Device Minor", ""), facts.get("GPU UUID", "")
        known = re.fullmatch(r"GPU-[0-9a-f-]+", uuid)  # of a card that was not used since the start it is all "?"
        if known and minor.isdecimal() and int(minor) in minors:
            found[int(minor)] = (facts.get("Model", "GPU"), uuid)
    return found


def _capabilities(root: Path, minor: int, piece: Slice) -> Iterator[tuple[Path, str]]:
    """The two nodes that open a slice: of its part of the memory, and of its part of the processors."""
    home = root / f"proc/driver/nvidia/capabilities/gpu{minor}/mig/gi{piece.gpu_instance}"
    for access in (home / "access", home / f"ci{piece.compute_instance}" / "access"):
        number = re.search(r"^DeviceFileMinor:\s*(\d+)", _text(access), flags=re.MULTILINE)
        if number is not None and _usable(root / f"dev/nvidia-caps/nvidia-cap{number[1]}"):
            name = f"nvidia-caps/nvidia-cap{number[1]}"
            yield root / "dev" / name, f"/dev/{name}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
