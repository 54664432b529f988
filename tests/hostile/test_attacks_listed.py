"""Every attack says what it is, is run by some test, and stands on the page of attacks."""

from __future__ import annotations

import pytest
from helpers.command_line import ROOT
from helpers.hostile_attacks import (
    AIMS,
    LEVELS,
    Answer,
    Content,
    Denied,
    Ending,
    FileName,
    HandIn,
    Neighbours,
    Payload,
    attacks,
    title_of,
)

RUN = (Answer, Content, Denied, Ending, FileName, HandIn, Neighbours, Payload)
"""Kinds that the other modules go through in full."""
ROOMS = sorted({attack.room for attack in attacks().values() if isinstance(attack, HandIn) and attack.room})
PAGE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")


def test_there_are_attacks_on_everything() -> None:
    assert len(attacks()) >= 60
    assert {attack.aims_at for attack in attacks().values()} == set(AIMS)
    assert {type(attack) for attack in attacks().values()} == set(RUN)


@pytest.mark.parametrize("name", attacks())
def test_an_attack_says_what_it_tries_and_what_holds(name: str) -> None:
    attack = attacks()[name]

    assert title_of(name).endswith(".")
    assert attack.holds.endswith(".")
    assert attack.levels
    assert set(attack.levels) <= set(LEVELS)
    assert f"[{name}](../tests/hostile/attacks/{name}.py)" in PAGE


@pytest.mark.parametrize("room", ROOMS)
def test_attacks_that_may_share_a_hand_in_change_different_answers(room: str) -> None:
    sharing = [attack for attack in attacks().values() if isinstance(attack, HandIn) and attack.room == room]
    changed = [question for attack in sharing for question in attack.answers]

    assert len(sharing) > 1
    assert len(changed) == len(set(changed))
    assert len({(attack.base, attack.layered) for attack in sharing}) == 1
