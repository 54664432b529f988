"""Ties hand-ins to people: by the roster, or by the file name alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from grader.intake.handins import HandIn
from grader.intake.roster import Person, Roster, parse_time
from grader.intake.slugs import label_of, natural_key, slug_of, tokens_of, unique_slug


@dataclass(slots=True, kw_only=True)
class Owner:
    """Somebody who handed something in, or should have."""

    slug: str
    name: str
    person: Person | None = None
    """None for somebody who is not on the roster, or without one."""
    hand_ins: list[HandIn] = field(default_factory=list)
    """Attempts in order, the first one first."""
    flags: tuple[str, ...] = ()


def owners_of(hand_ins: Sequence[HandIn], roster: Roster | None) -> list[Owner]:
    """Everybody with their hand-ins in order; people on the roster come first, handed in or not."""
    taken: set[str] = set()
    owners: list[Owner] = []
    for person in roster.people if roster else ():
        slug = unique_slug(person.key, taken)
        flags = ("name-clash",) if slug != slug_of(person.key) else ()
        taken.add(slug)
        owners.append(Owner(slug=slug, name=person.name, person=person, flags=flags))
    strangers: list[tuple[HandIn, tuple[str, ...]]] = []
    matcher = _Matcher([owner.person for owner in owners if owner.person is not None])
    for hand_in in hand_ins:
        found = matcher.people_of(hand_in)
        if len(found) == 1:
            _give(hand_in, found[0], owners)
        else:
            flags = ("roster-ambiguous",) if found else ("not-on-roster",) if roster else ()
            strangers.append((hand_in, flags))
    owners.extend(_strangers(strangers, taken))
    for owner in owners:
        owner.hand_ins.sort(key=_order)
    return owners


def _give(hand_in: HandIn, person: Person, owners: list[Owner]) -> None:
    """Adds the hand-in to the person, and to the other members of the person's group."""
    for owner in owners:
        member = owner.person
        if member is not None and (
            member.key == person.key or (person.group is not None and member.group == person.group)
        ):
            owner.hand_ins.append(hand_in)


def _strangers(found: list[tuple[HandIn, tuple[str, ...]]], taken: set[str]) -> list[Owner]:
    """An owner for each name; files marked as copies belong to the one they are copies of."""
    owners: list[Owner] = []
    by_name: dict[str, Owner] = {}
    slugs: dict[str, Owner] = {}
    for hand_in, flags in sorted(found, key=lambda one: (label_of(one[0].label).is_copy, one[0].path)):
        label = label_of(hand_in.label)
        original = by_name.get(label.name.casefold())
        if label.is_copy and original is not None:
            original.hand_ins.append(hand_in)
            continue
        slug = unique_slug(label.name, taken)
        if slug != slug_of(label.name):
            flags = (*flags, "name-clash")
            twin = slugs.get(slug_of(label.name))
            if twin is not None and "name-clash" not in twin.flags:
                twin.flags = (*twin.flags, "name-clash")
        taken.add(slug)
        owner = Owner(slug=slug, name=label.name, hand_ins=[hand_in], flags=flags)
        slugs[slug] = owner
        by_name.setdefault(label.name.casefold(), owner)
        owners.append(owner)
    return owners


def _order(hand_in: HandIn) -> tuple[bool, datetime | None, int, tuple[tuple[int, int, str], ...]]:
    """Attempts by time where it is known, then by the number in the name, then by the name."""
    moment = parse_time(hand_in.received) if hand_in.received else None
    # Two hand-ins without a time never get to compare None, because the booleans differ or both are None.
    return moment is not None, moment, label_of(hand_in.label).number, natural_key(hand_in.path)


def hours_late(received: str | None, person: Person | None) -> float | None:
    """Hours after the person's deadline with its extension; None if one of the two times is unknown."""
    if received is None or person is None or person.deadline is None:
        return None
    due = person.deadline + timedelta(hours=person.extension_hours)
    return round((parse_time(received) - due).total_seconds() / 3600, 4)


class _Matcher:
    """Finds people in file names: by key, LMS number, e-mail, name, and group, the surest first."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = people
        self._marks = [_marks_of(person) for person in people]
        groups: dict[str, Person] = {}
        for person in people:
            if person.group is not None:
                groups.setdefault(person.group, person)
        self._groups = [(tokens_of(group), person) for group, person in groups.items()]

    def people_of(self, hand_in: HandIn) -> list[Person]:
        """Nobody, the one person whose it is, or several who cannot be told apart."""
        if hand_in.lms_id is not None:
            known = [person for person in self._people if person.lms_id == hand_in.lms_id]
            if known:
                return known
        words = tokens_of(label_of(hand_in.label).name)
        for sort in range(len(_SORTS)):
            found = [
                (len(" ".join(marks[sort])), person)
                for person, marks in zip(self._people, self._marks, strict=True)
                if _holds(words, marks[sort], in_order=_SORTS[sort] != "name")
            ]
            if found:
                longest = max(length for length, _ in found)
                return [person for length, person in found if length == longest]
        return [person for group, person in self._groups if _holds(words, group, in_order=True)]


_SORTS = ("key", "lms_id", "email", "name")


def _marks_of(person: Person) -> tuple[tuple[str, ...], ...]:
    local_part = (person.email or "").partition("@")[0]
    texts = (person.key, person.lms_id or "", local_part, person.name)
    return tuple(tokens_of(text) for text in texts)


def _holds(words: tuple[str, ...], wanted: tuple[str, ...], *, in_order: bool) -> bool:
    """True if the words hold the wanted ones: side by side, or for names in any order."""
    if not wanted:
        return False
    if not in_order:
        return set(wanted) <= set(words)
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))
