"""Attacks on the host, on other hand-ins, on the grader and on marks, through the whole pipeline.

One batch holds all of them; the first hand-in and the last are honest, and equal in all that is stored about them.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.command_line import table
from helpers.hostile_attacks import Content, Denied, Ending, FileName, HandIn, Neighbours, attacks_of
from helpers.hostile_batch import BASES
from helpers.hostile_plan import (
    WAYS,
    Tried,
    assert_as_honest,
    assert_nothing_gained,
    assert_undisturbed,
    tried,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]
HAND_INS = [name for name, attack in attacks_of(HandIn).items() if not attack.layered]
FORMULAS = tuple("=+-@\t\r")
FILLED_IN = str(982451653 * 57885161)
"""What a page would show that read names as a template; a digest of a run holds shorter numbers now and then."""


@pytest.fixture(scope="module", params=WAYS)
def attacked(request: pytest.FixtureRequest) -> Iterator[Tried]:
    with tried(request.param, layered=False) as done:
        yield done


@pytest.mark.parametrize("name", attacks_of(Denied))
def test_what_is_denied_raises_in_the_students_own_code(name: str, attacked: Tried) -> None:
    graded = attacked.graded(name)

    statement = graded.last_statement(attacked.cell(name))

    assert statement.status == "raised"
    assert statement.raised is not None
    assert statement.raised.type in attacks_of(Denied)[name].raises, statement.raised
    assert_as_honest(attacked, graded)


@pytest.mark.parametrize("name", attacks_of(Ending))
def test_what_ends_a_kernel_costs_the_statement_and_nothing_else(name: str, attacked: Tried) -> None:
    graded = attacked.graded(name)

    statement = graded.last_statement(attacked.cell(name))

    assert statement.status in attacks_of(Ending)[name].ends, statement
    assert statement.raised is None or statement.raised.type != "GotThrough"
    assert_as_honest(attacked, graded)


@pytest.mark.parametrize("name", HAND_INS)
def test_a_hand_in_that_attacks_gains_nothing_and_is_flagged(name: str, attacked: Tried) -> None:
    graded, attack = attacked.graded(name), attacks_of(HandIn)[name]

    assert_nothing_gained(attacked, name)
    assert set(attack.flags) <= set(graded.flags)
    assert not attack.flags or graded.row["status"] == "needs-review"
    assert not attack.earns or attack.flags
    attack.shown(graded)


@pytest.mark.parametrize("name", attacks_of(Neighbours))
def test_hand_ins_that_run_at_the_same_time_do_not_meet(name: str, attacked: Tried) -> None:
    caller, victim = attacked.graded(name), attacked.batch.of("000-a.ipynb")

    tries = [statement for cell in victim.record.cells for statement in cell.statements if statement.raised]
    statement = caller.last_statement(attacked.cell(name))

    assert len(tries) == 4
    assert {run.raised.type for run in [*tries, statement] if run.raised} == set(attacks_of(Neighbours)[name].raises)
    assert_as_honest(attacked, caller)
    assert_as_honest(attacked, victim)


@pytest.mark.parametrize("name", attacks_of(FileName))
def test_a_hostile_name_is_graded_and_shown_as_text(name: str, attacked: Tried) -> None:
    graded = attacked.graded(name)

    assert_as_honest(attacked, graded)
    assert graded.row["student"] == attacks_of(FileName)[name].student
    for page in (graded.page, graded.summary):
        assert not [bad for bad in ("<img", "\x1b", "\u202e", FILLED_IN) if bad in page]
    (row,) = [row for row in table(attacked.batch.run / "marks.csv") if row["student"] == graded.row["student"]]
    for cell in row.values():
        assert not cell.startswith(FORMULAS)
        assert cell.isprintable()


@pytest.mark.parametrize("name", attacks_of(Content))
def test_hostile_content_is_refused_with_a_reason_or_graded(name: str, attacked: Tried) -> None:
    graded, attack = attacked.graded(name), attacks_of(Content)[name]

    if attack.refused:
        assert graded.row["status"] == "refused"
        assert graded.row["total"] == 0
        assert graded.row["reason"]["code"] == attack.refused
    else:
        assert graded.marks == attacked.batch.of(BASES[attack.base]).marks
    attack.shown(graded)


def test_the_honest_hand_in_behind_all_attacks_is_untouched(attacked: Tried) -> None:
    assert_undisturbed(attacked)


def test_nothing_is_left_running_and_nothing_of_the_host_was_reached(attacked: Tried) -> None:
    assert attacked.batch.left == []
    assert attacked.batch.reached == []
    assert sorted(path.name for path in attacked.batch.run.parent.iterdir()) == ["hand-ins", "rubric", "run", "secret"]
