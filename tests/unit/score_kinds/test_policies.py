"""The instructor's choices are known, validated with their line, documented, and decide what they say they decide."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.kinds_evidence import Bench, question
from helpers.kinds_oracle import CellSaid, FakeOracle
from helpers.kinds_tower import Step as TowerStep
from helpers.kinds_tower import bench as tower_bench
from helpers.kinds_tower import tower
from torch import nn

from grader.errors import RubricError
from grader.records import Outcome
from grader.rubric import load_rubric, place_in_rubric
from grader.score.kinds import Verdict
from grader.score.kinds.base import KindPolicy, kind_policies
from grader.score.kinds.credit import Credit
from grader.score.kinds.policies import charges, known_policies, validate_policies
from grader.score.planning import probe_plan
from reference.oracle import ORACLE

ROOT = Path(__file__).resolve().parents[3]
TURNED = KindPolicy(
    values={"free": "named only", "charge": "charged"},
    default="free",
    text="What turning costs.",
    charges={"free": {"stack.turned": "none"}},
)

RUBRIC = """\
title: A course
oracle: recurrent
policies:
  attribute_names: any
  gru.update: 1
questions:
  - {id: "1", title: First, marks: 1, kind: number, variable: n, answer: 3}
"""


def failing(tmp_path: Path, old: str, new: str) -> RubricError:
    (tmp_path / "rubric.yaml").write_text(RUBRIC.replace(old, new), encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        probe_plan(load_rubric(tmp_path), ORACLE)
    return caught.value


def test_policies_of_kinds_and_oracle_are_accepted_and_a_number_is_a_word(tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    rubric = load_rubric(tmp_path)
    validate_policies(rubric, ORACLE)
    assert rubric.policies == {"attribute_names": "any", "gru.update": "1"}


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "near"),
    [
        pytest.param("gru.update: 1", "gru.updat: 1", "rubric-unknown-policy", 5, '"gru.update"', id="oracle's name"),
        pytest.param("attribute_names", "atribute_names", "rubric-unknown-policy", 4, '"attribute_names"', id="kind's"),
        pytest.param("gru.update: 1", "gru.update: 3", "rubric-unknown-policy-value", 5, "any, 1, 2", id="a value"),
        pytest.param(
            "attribute_names: any",
            "attribute_names: givn",
            "rubric-unknown-policy-value",
            4,
            '"given"',
            id="near value",
        ),
    ],
)
def test_an_unknown_policy_or_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, code: str, line: int, near: str
) -> None:
    error = failing(tmp_path, old, new)
    assert (error.code, error.where) == (code, f"{tmp_path / 'rubric.yaml'}:{line}")
    assert near in error.next_step


def test_without_an_oracle_only_the_policies_of_kinds_are_known(tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC.replace("oracle: recurrent\n", ""), encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        probe_plan(load_rubric(tmp_path), None)
    assert caught.value.code == "rubric-unknown-policy"
    assert set(known_policies(None)) == set(kind_policies()) >= {"attribute_names", "batch_one"}


def test_a_place_that_cannot_be_found_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    rubric = load_rubric(tmp_path)
    assert place_in_rubric(rubric, "policies") == f"{tmp_path / 'rubric.yaml'}:3"
    assert place_in_rubric(rubric, "policies", "none") == str(tmp_path / "rubric.yaml")
    (tmp_path / "rubric.yaml").unlink()
    assert place_in_rubric(rubric, "policies") == str(tmp_path / "rubric.yaml")


def test_a_policy_that_is_no_word_is_refused(tmp_path: Path) -> None:
    assert failing(tmp_path, "gru.update: 1", "gru.update: [1]").code == "rubric-invalid"


def test_kinds_and_oracle_do_not_use_one_name_for_two_policies() -> None:
    assert not set(kind_policies()) & set(ORACLE.policies())


@pytest.mark.parametrize("name", sorted(known_policies(ORACLE)))
def test_every_policy_has_its_default_among_its_values_and_a_sentence_for_each(name: str) -> None:
    policy = known_policies(ORACLE)[name]
    assert policy.default in policy.values
    assert len(policy.values) >= 2
    assert all(policy.values.values())
    assert policy.text.endswith(".")
    for value, costs in policy.charges.items():
        assert value in policy.values
        for mistake, charge in costs.items():
            assert ORACLE.describe(mistake).id == mistake
            assert charge in ("none", "part", "full")


def test_the_page_on_policies_has_every_value_of_every_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from docs_pages.policies import policies_page

    page = policies_page()
    for name, policy in known_policies(ORACLE).items():
        assert f"- `{name}`: {policy.text}" in page
        for value, means in policy.values.items():
            assert f"| `{name}` | `{value}`{' (default)' if value == policy.default else ''} | {means} |" in page


# ------------------------------------------------------------------------------------------- attribute names


class Named(nn.Module):
    """A step with parameters `x2h` (a map) and `h2h` (a bare matrix)."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.x2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Parameter(torch.zeros(hidden_size, hidden_size))

    def forward(self, x: torch.Tensor, state: Any = None) -> Any:
        h = torch.zeros(x.shape[0], self.h2h.shape[0], dtype=x.dtype) if state is None else state[0]
        return self.x2h(x) + h @ self.h2h, h


def judged(tmp_path: Path, policies: dict[str, str], said: str = "exact", **parameters: Any) -> Verdict:
    given = {"target": "Named", "family": "plain", "credit": {"unnamed": "0.1"}} | parameters
    bench = Bench(tmp_path, FakeOracle(cell=lambda seen: CellSaid(status=said)), question("1b", "cell", **given))
    bench.rubric = bench.rubric.model_copy(update={"policies": policies})
    return bench.take({"Named": Named}).judge("1b")


def test_names_that_are_there_are_found_as_maps_and_as_bare_parameters(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"attribute_names": "given"}, attributes=["x2h", "h2h"])
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert "attribute" not in verdict.reason


def test_a_missing_name_is_said_and_free_where_any_name_will_do(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {}, attributes=["x2h", "i2h"])
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert verdict.reason.endswith(
        "The question names the attribute `i2h`; your `Named` has none of that name, which costs nothing here."
    )


@pytest.mark.parametrize(("share", "mark"), [(None, "6.0"), ("0.75", "9.00")])
def test_a_missing_name_costs_the_stated_share_where_names_are_given(
    tmp_path: Path, share: str | None, mark: str
) -> None:
    parameters = {} if share is None else {"without_attributes": Decimal(share)}
    verdict = judged(tmp_path, {"attribute_names": "given"}, attributes=["W", "U"], **parameters)
    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, Decimal(mark))
    assert verdict.reason.endswith("names the attributes `W` and `U`; your `Named` has none of that name.")


def test_a_missing_name_takes_nothing_more_from_a_cell_that_keeps_less(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"attribute_names": "given"}, said="unnamed", attributes=["W"])
    assert verdict.mark == Decimal("1.2")


def test_a_missing_name_decides_nothing_where_a_person_has_to_look(tmp_path: Path) -> None:
    verdict = judged(tmp_path, {"attribute_names": "given"}, said="unrecognised", attributes=["W"])
    assert (verdict.outcome, verdict.mark) == (Outcome.MANUAL, None)


# ------------------------------------------------------------------------------------------- a batch of one


def alone_fails(scope: dict[str, Any]) -> type[nn.Module]:
    """A tower that squeezes its output, so that a batch of one loses a dimension."""
    base: Any = tower(scope)

    class Squeezed(base):  # type: ignore[misc]  # the base is made for each scope
        def forward(self, x: torch.Tensor) -> Any:
            return super().forward(x).squeeze()

    return Squeezed


def judged_tower(tmp_path: Path, policies: dict[str, str], model: Any = alone_fails, **parameters: Any) -> Verdict:
    scope: dict[str, Any] = {}
    made = tower_bench(tmp_path, FakeOracle(), **parameters)
    made.rubric = made.rubric.model_copy(update={"policies": policies})
    return made.take({"Step": TowerStep, "Tower": model(scope)}, stand_ins={"Step": TowerStep}, scope=scope).judge("2e")


def test_a_batch_of_one_is_reported_by_default(tmp_path: Path) -> None:
    verdict = judged_tower(tmp_path, {})
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert verdict.reason.endswith("the output has shape (2,), not (1, 2); that costs nothing.")


@pytest.mark.parametrize(("credit", "mark"), [({}, 6), ({"named": Decimal("0.75")}, 9)])
def test_a_batch_of_one_costs_the_share_of_a_named_fault_where_that_is_chosen(
    tmp_path: Path, credit: dict[str, Decimal], mark: int
) -> None:
    verdict = judged_tower(tmp_path, {"batch_one": "charge"}, credit=credit)
    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, mark)
    assert verdict.reason == "With a batch of one example the output has shape (2,), not (1, 2)."


def test_a_model_that_is_right_for_a_batch_of_one_is_not_touched_by_the_choice(tmp_path: Path) -> None:
    assert judged_tower(tmp_path, {"batch_one": "charge"}, model=tower).mark == 12


# ------------------------------------------------------------------------------------------- costs by policy


@pytest.mark.parametrize(
    ("shares", "charge", "policies", "kept"),
    [
        pytest.param({}, {}, {}, "1", id="the default is free"),
        pytest.param({}, {}, {"turned": "charge"}, "0.5", id="charged by choice"),
        pytest.param({"stack.turned": Decimal("0.8")}, {}, {}, "0.8", id="a share of the rubric goes before"),
        pytest.param({}, {"stack.turned": "full"}, {}, "0", id="a charge of the rubric goes before"),
    ],
)
def test_a_policy_sets_what_a_mistake_costs_where_the_rubric_is_silent(
    tmp_path: Path, shares: dict[str, Decimal], charge: Any, policies: dict[str, str], kept: str
) -> None:
    oracle = FakeOracle(known_policies={"turned": TURNED})
    rubric = Bench(tmp_path, oracle, question("1", "text")).rubric.model_copy(update={"policies": policies})
    credit = Credit(shares=shares, charge=charge, by_policy=charges(rubric, oracle))
    assert credit.of("stack.turned") == Decimal(kept)
    assert credit.of("stack.mean") == Decimal("0.5")
