"""Which attacks share a hand-in, and what has to hold of each of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from helpers.hostile_attacks import (
    LEVELS,
    Content,
    Denied,
    Ending,
    FileName,
    HandIn,
    Kind,
    Neighbours,
    attacks_of,
)
from helpers.hostile_batch import BASES, FIRST, LAST, Batch, Graded, Way, graded
from helpers.hostile_coursework import hand_in

WAYS = [
    pytest.param(Way(None, None), id="strongest"),
    *(
        pytest.param(Way(level, ordinary), id=str(Way(level, ordinary)), marks=pytest.mark.slow)
        for level in LEVELS
        for ordinary in (False, True)
    ),
]
"""Each attack is run once at the strongest level of the host, and in `make test-all` in all ways."""
_ENDINGS = 5
"""In one hand-in: each takes a kernel with it, and a hand-in has eight."""
GOT_THROUGH = "GotThrough"


@dataclass
class Plan:
    """The hand-ins of a batch, and where each attack is."""

    files: dict[str | bytes, bytes | str] = field(default_factory=dict)
    place: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Attack -> its file, and the index of the cell that calls it."""
    shared: dict[str, list[str]] = field(default_factory=dict)
    """File -> the attacks of kind `HandIn` in it."""


class Tried:
    """A batch of attacks that was run."""

    def __init__(self, batch: Batch, plan: Plan) -> None:
        self.batch = batch
        self._plan = plan

    def graded(self, name: str) -> Graded:
        """The hand-in in which an attack was tried; skips one that the level does not have to withstand."""
        if name not in self._plan.place:
            pytest.skip(f"this need not hold at the level {self.batch.level}")
        return self.batch.of(self._plan.place[name][0])

    def cell(self, name: str) -> int:
        """The cell that called it."""
        return self._plan.place[name][1]

    def company(self, name: str) -> list[HandIn]:
        """The attacks that were tried in the same hand-in, itself included."""
        known = attacks_of(HandIn)
        return [known[other] for other in self._plan.shared[self._plan.place[name][0]]]


@contextmanager
def tried(way: Way, *, layered: bool) -> Iterator[Tried]:
    """Run all attacks in the given way; skips with the reason where that is not possible."""
    if way.impossible:
        pytest.skip(way.impossible)
    plan = _plan(way, layered=layered)
    with graded(way, plan.files, layered=layered) as batch:
        yield Tried(batch, plan)


def _plan(way: Way, *, layered: bool) -> Plan:
    plan = Plan()
    # Kernels forked from a warm parent cost little, so there each attack has a hand-in of its own.
    packed = way.level is None and way.name != "sealed"
    _add_hand_ins(plan, _holding(HandIn, way), packed=packed, layered=layered)
    if layered:
        return plan
    _add_cells(plan, "200-denied.ipynb", {name: attack.code for name, attack in _holding(Denied, way).items()})
    endings = list(_holding(Ending, way).items())
    for number in range(0, len(endings), _ENDINGS):
        some = dict(endings[number : number + _ENDINGS])
        _add_cells(plan, f"300-ending-{number}.ipynb", {name: attack.code for name, attack in some.items()})
    for name, neighbours in _holding(Neighbours, way).items():
        # The first two of a batch are begun at the same time.
        victim = with_call(neighbours.victim) + 3 * "attacked = attacked_again()\n"
        _add(plan, "000-a.ipynb", hand_in("right", first=[victim]).decode())
        _add_cells(plan, "000-b.ipynb", {name: neighbours.code})
    names = _holding(FileName, way)
    for name, attack in names.items():
        plan.files[attack.name] = hand_in("right", first=["# a name"])
        plan.place[name] = (attack.student, 0)
    for name, content in _holding(Content, way).items():
        file = f"400-{name}{content.suffix}"
        plan.files[file] = content.make()
        plan.place[name] = (file, 0)
    return plan


def _holding(kind: type[Kind], way: Way) -> dict[str, Kind]:
    """Attacks that the level has to withstand."""
    level = way.name
    return {name: attack for name, attack in attacks_of(kind).items() if level in attack.levels}


def _add(plan: Plan, file: str, content: str) -> None:
    plan.files[file] = content


def _add_cells(plan: Plan, file: str, codes: Mapping[str, str]) -> None:
    """A hand-in with right answers and a cell for each attack."""
    _add(plan, file, hand_in("right", first=[with_call(code) for code in codes.values()]).decode())
    for index, name in enumerate(codes, start=1):
        plan.place[name] = (file, index)


def _add_hand_ins(plan: Plan, found: Mapping[str, HandIn], *, packed: bool, layered: bool) -> None:
    rooms: dict[str, list[str]] = {}
    for name, attack in found.items():
        if attack.layered == layered:
            rooms.setdefault(attack.room if packed and attack.room else name, []).append(name)
    for room, names in rooms.items():
        some = [found[name] for name in names]
        content = hand_in(
            some[0].base,
            first=[attack.first for attack in some if attack.first],
            answers={question: cell for attack in some for question, cell in attack.answers.items()},
            last=[attack.last for attack in some if attack.last],
            layered=layered,
        )
        file = f"100-{room}.ipynb"
        _add(plan, file, content.decode())
        plan.shared[file] = names
        for name in names:
            plan.place[name] = (file, 0)


def with_call(code: str) -> str:
    """A cell that calls its `attack()`, and says so if that comes back."""
    return (
        f"class {GOT_THROUGH}(Exception):\n    pass\n\n{code}\n"
        f"def attacked_again():\n    raise {GOT_THROUGH}(str(attack()))\n\nattacked = attacked_again()\n"
    )


def assert_nothing_gained(tried: Tried, name: str) -> None:
    """A hand-in that attacks earns what the honest one earns that wrote the same answers."""
    mine = tried.graded(name)
    company = tried.company(name)
    honest = tried.batch.of(BASES[company[0].base])
    for check, mark in mine.marks.items():
        question = check.split("/")[0]
        if mark is None or honest.marks[check] is None:
            assert mark == honest.marks[check] or _any(company, "waits", question), check
        elif mark > honest.marks[check]:
            assert _any(company, "earns", question), f"{check} earned {mark}"
        elif mark < honest.marks[check]:
            assert _any(company, "loses", question), f"{check} lost {honest.marks[check]}"


def assert_as_honest(tried: Tried, mine: Graded) -> None:
    """A hand-in of right answers that loses nothing."""
    assert mine.marks == tried.batch.of(FIRST).marks


def assert_undisturbed(tried: Tried) -> None:
    """The honest hand-in behind all attacks has the evidence, the marks and the page's facts of the one before them."""
    first, last = tried.batch.of(FIRST), tried.batch.of(LAST)
    assert last.record == first.record
    assert last.tensors == first.tensors
    assert (last.marks, last.outcomes, last.flags) == (first.marks, first.outcomes, first.flags)
    assert last.row["status"] == first.row["status"] == "open"


def _any(company: Sequence[HandIn], what: str, question: str) -> bool:
    return any(question in getattr(attack, what) for attack in company)
