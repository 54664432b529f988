"""Reads what was handed in, of any kind and in any state, without running any of it."""

from __future__ import annotations

from grader.intake.batch import take_in
from grader.intake.expectation import Expectation
from grader.intake.roster import Person, Roster, load_roster, parse_roster

__all__ = ["Expectation", "Person", "Roster", "load_roster", "parse_roster", "take_in"]
