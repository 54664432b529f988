"""Ours against otter-grader 7.0.0 and nbgrader 0.9.6, on the same generated hand-ins of the first coursework.

    benchmarks/peers/setup                          once: the peers' own environment (2.1 GB, two minutes)
    python benchmarks/compare.py [--size 20] [--rounds 1] [--training without|with|both] [--json FILE]

Half of the hand-ins are right, in many ways, half have one planted mistake. Each round runs all contenders back to
back, every second one in the opposite order: ours as `grader grade --jobs 2`; the peers in their best form without
Docker, two processes each; and as the floor a child forked from a warm process, which runs the same cells and probes
and nothing else. A peer takes many minutes in which a machine has faster and slower ones, and ours a part of one: so
ours and the floor have a turn before, between and after the peers, and their cost in a round is that of all turns.
Before the rounds a few hand-ins go through all of them, to warm caches and to look at the memory of kernels.

Ratios are taken within a round. CPU seconds are those of all processes of a command, its start included, by control
group; run it as root, or they and the memory of kernels are incomplete, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from peers import floor, ours
from peers.cohort import Generated, cohort, write_cohort
from peers.contenders import Nbgrader, Otter, Peer, environment
from peers.memory import Memory, Sampler
from peers.meter import Command, Reading, measure
from peers.table import FLOOR, OURS, Cost, costs_table, each_further, full_marks, together, verdicts

from grader.execute import locate
from grader.pipeline.course import Course
from grader.workshop.hand_in import HandIn

RUBRIC = Path(__file__).resolve().parents[1] / "rubrics" / "imperial_cw3"
PEERS: tuple[type[Peer], ...] = (Otter, Nbgrader)


@dataclass(slots=True, kw_only=True)
class Found:
    """What was measured of one cohort."""

    rounds: list[dict[str, Cost]] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[str, Memory | None] = field(default_factory=dict)
    lost: dict[str, dict[str, float]] = field(default_factory=dict)
    """Marks lost by key, by contender."""
    further: dict[str, float] = field(default_factory=dict)
    """CPU seconds of each hand-in beyond those of the small round, by contender."""
    again: dict[str, list[str]] = field(default_factory=dict)
    """Keys of hand-ins that a peer left out at first, by peer."""
    floor: list[floor.Spent] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    kernels: int = 0
    loads: list[float] = field(default_factory=list)
    """Load averages before each round, so that one sees how quiet the machine was."""


class Field:
    """All contenders over one cohort.

    Args:
        folder: scratch; made.
        size: hand-ins.
        training: True if they train.
        level: of isolation; None for the strongest.
    """

    def __init__(self, folder: Path, size: int, *, training: bool, level: str | None) -> None:
        self.course = Course.load(RUBRIC)
        self._folder = folder
        self._data = RUBRIC / "data"
        self._interpreter = locate(RUBRIC).interpreter
        self._ours = ours.Ours(RUBRIC, level)
        folder.mkdir(parents=True)
        self.members = write_cohort(cohort(self.course.rubric, size, training=training), folder / "handed-in")
        solution = HandIn(self.course.rubric).bytes()
        home = environment()
        self._peers = {one.name: one(home, folder / one.name.split()[0]) for one in PEERS}
        for peer in self._peers.values():
            peer.prepare(self.members, solution, self._data)

    def run(self, found: Found, *, backwards: bool, sample: bool) -> None:
        """One round.

        Args:
            found: takes what is measured.
            backwards: True for the opposite order of the peers; the floor always follows ours, whose evidence it needs.
            sample: True to look at the memory of kernels.
        """
        found.loads.append(os.getloadavg()[0])
        names = list(self._peers)
        turns = [self._measure_ours(found, Sampler() if sample else None)]
        costs: dict[str, Cost] = {}
        for name in reversed(names) if backwards else names:
            costs[name] = self._measure_peer(name, found, Sampler() if sample else None)
            turns.append(self._measure_ours(found, Sampler() if sample else None))
        costs |= {name: together([turn[name] for turn in turns]) for name in (OURS, FLOOR)}
        found.rounds.append({name: costs[name] for name in (OURS, *names, FLOOR)})

    def _measure_ours(self, found: Found, sampler: Sampler | None) -> dict[str, Cost]:
        run = self._folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        command = self._ours.command(self._folder / "handed-in", run)
        costs = {OURS: self._cost(OURS, [command], found, sampler)}
        self._check(OURS, ours.lost(run), found)
        found.levels, found.kernels = ours.levels(run), ours.kernels(run)
        return costs | {FLOOR: self._measure_floor(run, found)}

    def _measure_floor(self, run: Path, found: Found) -> Cost:
        folder = self._folder / "floor"
        folder.mkdir(exist_ok=True)
        measure([floor.write_jobs(run, self.course, self._interpreter, self._data, folder)])
        spent = floor.read_spent(folder)
        found.floor.append(spent)
        found.memory[FLOOR] = Memory(kernels=len(self.members), uss=spent.uss, pss=spent.pss, worst_uss=spent.uss)
        return Cost(cpu_s=spent.cpu_s / len(self.members), per_minute=60 * len(self.members) / spent.wall_s)

    def _measure_peer(self, name: str, found: Found, sampler: Sampler | None) -> Cost:
        peer = self._peers[name]
        cost = self._cost(name, peer.commands(self.members), found, sampler)
        lost, again = peer.lost_by_all([member.key for member in self.members])
        found.again.setdefault(name, []).extend(again)
        self._check(name, lost, found)
        return cost

    def _cost(self, name: str, commands: Sequence[Command], found: Found, sampler: Sampler | None) -> Cost:
        reading: Reading = measure(commands, sampler)
        found.readings.append({"contender": name, "submissions": len(self.members), **asdict(reading)})
        if sampler is not None:
            found.memory[name] = sampler.memory()
        size = len(self.members)
        print(f"{name}: {reading.cpu_s / size:.2f} CPU s a submission, {reading.wall_s:.0f} s in all", file=sys.stderr)
        return Cost(cpu_s=reading.cpu_s / size, per_minute=60 * size / reading.wall_s)

    def _check(self, name: str, lost: dict[str, float], found: Found) -> None:
        """Nothing is a measurement in which work was left out."""
        keys = {member.key for member in self.members}
        if set(lost) != keys:
            raise SystemExit(f"{name} has no marks for {', '.join(sorted(keys - set(lost))[:5])}")
        if lost[self.members[0].key] != 0:
            raise SystemExit(f"{name} takes {lost[self.members[0].key]:g} marks from the model solution")
        found.lost[name] = lost


def compare(options: argparse.Namespace, *, training: bool, scratch: Path) -> tuple[Found, list[Generated]]:
    """The small round for warmth and memory, then all rounds."""
    small = Field(scratch / "small", options.memory_size, training=training, level=options.level)
    warm, found = Found(), Found()
    small.run(warm, backwards=False, sample=True)
    whole = Field(scratch / "whole", options.size, training=training, level=options.level)
    for number in range(options.rounds):
        whole.run(found, backwards=number % 2 == 1, sample=False)
    found.memory = warm.memory | found.memory
    found.further = each_further(found.rounds, options.size, warm.rounds[0], options.memory_size)
    return found, whole.members


def show(found: Found, members: Sequence[Generated], *, training: bool) -> None:
    """Print the table, the ratios and what one has to know to read them."""
    right = {member.key: member.right for member in members}
    full = {name: full_marks(lost, right) for name, lost in found.lost.items()}
    print(f"\n### {'With a short training' if training else 'Without training'}\n")
    print(costs_table(found.rounds, found.memory, full), "\n")
    print("\n".join(verdicts(found.rounds, training=training)), "\n")
    sources = sorted({reading["source"] for reading in found.readings})
    size, spent = len(members), found.floor[-1]
    loads = ", ".join(f"{load:.1f}" for load in found.loads)
    print(f"{size} hand-ins, {len(found.rounds)} rounds; CPU time by {', '.join(sources)}; load before each: {loads}.")
    print(f"Ours: level {', '.join(found.levels)}, {found.kernels / size:.1f} kernels a submission.")
    for name, keys in found.again.items():
        if keys:
            print(f"{name} left out {len(keys)} at first and was called again for them, which is not counted.")
    if found.further:
        each = ", ".join(f"{name} {cpu_s:.2f}" for name, cpu_s in found.further.items())
        print(f"CPU s of each further hand-in, without what a command pays once: {each}.")
    print(
        f"Of the floor, in CPU ms a submission: cells {1000 * spent.cells_s / size:.0f}, "
        f"probes {1000 * spent.probes_s / size:.0f}, training {1000 * spent.training_s / size:.0f}."
    )


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = _options()
    environment()
    report: dict[str, Any] = {"python": platform.python_version(), "cpus": os.cpu_count(), "argv": sys.argv[1:]}
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-", dir=options.scratch) as scratch:
        for training in {"without": (False,), "with": (True,), "both": (False, True)}[options.training]:
            found, members = compare(options, training=training, scratch=Path(scratch, str(training)))
            show(found, members, training=training)
            report["with training" if training else "without training"] = _facts(found, members)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _facts(found: Found, members: Sequence[Generated]) -> Mapping[str, Any]:
    what = {member.key: member.what or "the model solution" for member in members}
    return {**asdict(found), "hand_ins": what}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20, help="hand-ins of a round; half of them are right")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--training", choices=("without", "with", "both"), default="both")
    parser.add_argument("--level", help="of isolation; the strongest of this host if left out")
    parser.add_argument("--memory-size", type=int, default=4, help="hand-ins of the small round before the others")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all readings")
    parser.add_argument("--scratch", type=Path, help="folder for what is made meanwhile; a temporary one if left out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
