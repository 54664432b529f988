"""What `nvidia-smi` says about cards and the slices (MIG) that they are cut into; read tolerantly, never relied on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

_SECONDS = 20.0
_CARD = re.compile(r"^GPU (\d+): (.+?) \(UUID: (GPU-[0-9a-f-]+)\)")
_SLICE = re.compile(r"^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[0-9A-Za-z/-]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a card with memory and processors of its own."""

    name: str
    uuid: str
    gpu_instance: str
    compute_instance: str


def ask(arguments: Sequence[str]) -> str:
    """What nvidia-smi prints; nothing where it is not installed, fails or hangs."""
    try:
        done = subprocess.run(
            ["nvidia-smi", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def listed(text: str, minors: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Minor -> (model, UUID) out of `nvidia-smi -L`, where it lists as many cards as there are nodes."""
    cards = [match for match in map(_CARD.match, text.splitlines()) if match is not None]
    if len(cards) != len(minors):
        return {}
    return {minor: (card[2], card[3]) for minor, card in zip(minors, cards, strict=True)}


def slices(command: Callable[[Sequence[str]], str]) -> dict[str | None, list[Slice]]:
    """UUID of a card -> its slices; a card that is not cut is not there."""
    instances = _instances(command(["-q", "-x"]))
    found: dict[str | None, list[Slice]] = {}
    card = ""
    for line in command(["-L"]).splitlines():
        if match := _CARD.match(line):
            card = match[3]
        elif match := _SLICE.match(line):
            pieces = found.setdefault(card, [])
            instance = instances.get((card, match[2]))
            if instance is not None:
                pieces.append(
                    Slice(name=match[1], uuid=match[3], gpu_instance=instance[0], compute_instance=instance[1])
                )
    return found


def _instances(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(UUID of a card, number of a slice on it) -> numbers of its GPU instance and its compute instance."""
    try:
        document = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    found = {}
    for card in document.iter("gpu"):
        for piece in card.iter("mig_device"):
            numbers = [piece.findtext(name, "") for name in ("index", "gpu_instance_id", "compute_instance_id")]
            if all(number.strip().isdecimal() for number in numbers):
                index, gpu_instance, compute_instance = (number.strip() for number in numbers)
                found[card.findtext("uuid", "").strip(), index] = (gpu_instance, compute_instance)
    return found
