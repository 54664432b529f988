"""Hand-ins find their people, by the roster or by their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.intake.handins import HandIn
from grader.intake.people import Owner, hours_late, owners_of
from grader.intake.roster import Person, Roster, parse_roster

ROSTER = parse_roster(
    "key,name,email,lms_id,group\n"
    "s001,Alpha Stüdent,alphas@example.org,4001,\n"
    "s002,Alpha,second@example.org,4002,\n"
    "s003,Beta Gamma,b.gamma@example.org,4003,team 7\n"
    "s004,Delta,delta@example.org,4004,team 7\n",
    where="roster.csv",
)


def hand_in(name: str) -> HandIn:
    return HandIn(path=name, label=name, entries=(), is_folder=False)


def owned(names: list[str], roster: Roster | None) -> dict[str, list[str]]:
    owners = owners_of([hand_in(name) for name in names], roster)
    return {owner.slug: [one.path for one in owner.hand_ins] for owner in owners if owner.hand_ins}


@pytest.mark.parametrize(
    ("file_name", "slugs"),
    [
        pytest.param("s001.zip", ["s001"], id="key"),
        pytest.param("Work_S002_final.ipynb", ["s002"], id="key-among-words"),
        pytest.param("4001-work.zip", ["s001"], id="lms-id"),
        pytest.param("alphas.zip", ["s001"], id="e-mail"),
        pytest.param("b.gamma.zip", ["s003", "s004"], id="e-mail-with-dot-and-group"),
        pytest.param("STUDENT alpha cw.zip", ["s001"], id="name-in-any-order-without-diacritics"),
        pytest.param("alpha.zip", ["s002"], id="shorter-name"),
        pytest.param("Team_7.zip", ["s003", "s004"], id="group"),
        pytest.param("s0011.zip", ["s0011"], id="only-whole-words-match"),
        pytest.param("alphabet.zip", ["alphabet"], id="no-part-of-a-word"),
    ],
)
def test_a_file_finds_its_people(file_name: str, slugs: list[str]) -> None:
    assert sorted(owned([file_name], ROSTER)) == slugs


def test_a_number_from_the_layout_counts_more_than_the_name() -> None:
    known = replace(hand_in("s001.zip"), lms_id="4002")

    owners = owners_of([known], ROSTER)

    assert [owner.slug for owner in owners if owner.hand_ins] == ["s002"]


def test_an_unknown_number_from_the_layout_leaves_the_name() -> None:
    owners = owners_of([replace(hand_in("s001.zip"), lms_id="999")], ROSTER)

    assert [owner.slug for owner in owners if owner.hand_ins] == ["s001"]


def test_a_file_that_several_people_may_own_is_nobodys() -> None:
    roster = parse_roster("key,name\ns001,Same Name\ns002,Same Name\n", where="r")

    owners = owners_of([hand_in("same name.zip")], roster)

    assert [(owner.slug, owner.flags) for owner in owners if owner.hand_ins] == [("same-name", ("roster-ambiguous",))]


def test_everybody_on_the_roster_is_there_and_strangers_are_flagged() -> None:
    owners = owners_of([hand_in("s001.zip"), hand_in("guest.zip")], ROSTER)

    assert [(owner.slug, len(owner.hand_ins), owner.flags) for owner in owners] == [
        ("s001", 1, ()),
        ("s002", 0, ()),
        ("s003", 0, ()),
        ("s004", 0, ()),
        ("guest", 1, ("not-on-roster",)),
    ]


def test_keys_that_look_alike_are_told_apart() -> None:
    roster = parse_roster("key\na b\na-b\n", where="r")

    assert [(owner.slug, owner.flags) for owner in owners_of([], roster)] == [("a-b", ()), ("a-b-2", ("name-clash",))]


def test_attempts_are_in_natural_order_with_numbered_copies_last() -> None:
    names = ["s001 (10).zip", "s001 (9).zip", "s001.zip"]

    assert owned(names, ROSTER) == {"s001": ["s001.zip", "s001 (9).zip", "s001 (10).zip"]}


def test_attempts_with_times_are_in_the_order_of_time() -> None:
    later = replace(hand_in("s001-a.zip"), received="2026-11-02T10:00")
    sooner = replace(hand_in("s001-b.zip"), received="2026-11-02T10:30+02:00")
    unknown = hand_in("s001-c.zip")

    (owner,) = [owner for owner in owners_of([later, sooner, unknown], ROSTER) if owner.hand_ins]

    assert [one.path for one in owner.hand_ins] == ["s001-c.zip", "s001-b.zip", "s001-a.zip"]


def test_without_a_roster_marked_copies_are_attempts() -> None:
    assert owned(["Copy of alpha.zip", "alpha (1).zip", "alpha.zip"], None) == {
        "alpha": ["alpha.zip", "Copy of alpha.zip", "alpha (1).zip"]
    }


def test_a_copy_alone_is_a_hand_in() -> None:
    assert owned(["Copy of alpha.zip"], None) == {"alpha": ["Copy of alpha.zip"]}


def test_without_a_roster_equal_names_are_two_people_and_flagged() -> None:
    owners = owners_of([hand_in("alpha.zip"), hand_in("alpha.ipynb"), hand_in("Älpha.zip")], None)

    assert [owner.slug for owner in owners] == ["alpha", "alpha-2", "alpha-3"]
    assert {owner.flags for owner in owners} == {("name-clash",)}


@pytest.mark.parametrize(
    ("received", "hours"),
    [
        ("2026-11-18T16:00+00:00", 0.0),
        ("2026-11-18T17:30", 1.5),
        ("2026-11-18T17:00+02:00", -1.0),
        (None, None),
    ],
)
def test_lateness_counts_from_the_deadline_with_its_extension(received: str | None, hours: float | None) -> None:
    person = parse_roster("key,deadline,extension_hours\nx,2026-11-17T16:00,24\n", where="r").people[0]

    assert hours_late(received, person) == hours


@pytest.mark.parametrize("person", [None, Person(key="x", name="x")])
def test_without_a_deadline_nobody_is_late(person: Person | None) -> None:
    assert hours_late("2026-11-18", person) is None


def test_an_owner_starts_without_hand_ins() -> None:
    assert Owner(slug="x", name="x").hand_ins == []
