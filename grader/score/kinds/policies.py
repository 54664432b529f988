"""The instructor's choices: which there are, whether a rubric's make sense, and what they mean for marks.

The oracle says which it follows, each kind of answer says which it reads; a rubric may set any of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import cast

from grader.errors import RubricError
from grader.oracle import Oracle, Policy
from grader.rubric import Rubric, place_in_rubric
from grader.score.kinds.base import kind_policies
from grader.score.kinds.credit import Charge


def known_policies(oracle: Oracle | None) -> dict[str, Policy]:
    """All policies by name: those of the kinds, and those of the oracle if there is one."""
    found: dict[str, Policy] = {**kind_policies()}
    return found | dict(oracle.policies()) if oracle is not None else found


def validate_policies(rubric: Rubric, oracle: Oracle | None) -> None:
    """Nothing, if every policy of the rubric is known and has a value that it can have.

    Raises:
        RubricError: with file, line and a near name.
    """
    known = known_policies(oracle) if rubric.policies else {}
    for name, value in rubric.policies.items():
        if name not in known:
            raise RubricError(
                "rubric-unknown-policy",
                f'there is no policy "{name}"',
                where=place_in_rubric(rubric, "policies", name),
                next_step=_near(name, sorted(known)),
            )
        values = list(known[name].values)
        if value not in values:
            raise RubricError(
                "rubric-unknown-policy-value",
                f'the policy "{name}" cannot be "{value}"',
                where=place_in_rubric(rubric, "policies", name),
                next_step=_near(value, values),
            )


def charges(rubric: Rubric, oracle: Oracle | None) -> Mapping[str, Charge]:
    """What the chosen policies say about the cost of named mistakes."""
    found: dict[str, Charge] = {}
    for name, policy in known_policies(oracle).items():
        chosen = policy.charges.get(rubric.policies.get(name, policy.default), {})
        found |= cast(Mapping[str, Charge], chosen)
    return found


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(known)
    return f'did you mean "{near[0]}"? There are {listed}' if near else f"there are {listed}"
