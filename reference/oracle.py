"""The oracle for recurrent networks: what the engine finds through its entry point."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from reference.counts import QUANTITIES, quantity_named
from reference.counts.sizes import NAMES
from reference.curves import Finding, Row, check_log
from reference.curves.log import KEYS as log_keys  # noqa: N811 - a table, called by what it is
from reference.gradients.points import ITEMS, named_inputs, point, with_slopes
from reference.mistakes import Mistake, all_mistakes
from reference.models import ARCHITECTURES, judge
from reference.policies import POLICIES, Policy
from reference.recognition import FAMILIES, CellVerdict, ModelVerdict, recognise

if TYPE_CHECKING:
    from reference.gradients.naming import GradientVerdict


@cache
def _source_digest() -> str:
    """Digest over all source files of this package: whatever can change a verdict is in them."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class RecurrentOracle:
    """Judges recurrent cells and models from evidence."""

    @property
    def version(self) -> str:
        """Digest of the package's sources."""
        return _source_digest()

    def families(self) -> Sequence[str]:
        """Families of cells that can be recognised."""
        return tuple(FAMILIES)

    def architectures(self) -> Sequence[str]:
        """Architectures that can be judged."""
        return ARCHITECTURES

    def policies(self) -> Mapping[str, Policy]:
        """The choices that a rubric may make, by name; see `reference.policies`."""
        return POLICIES

    def cell_sizes(self, family: str) -> tuple[int, int]:
        """(input, hidden) sizes at which a cell of the family is best probed."""
        return FAMILIES[family].probe_sizes

    def has_cell_state(self, family: str) -> bool:
        """True if a step takes and returns a pair (hidden, cell)."""
        return FAMILIES[family].has_cell_state

    def recognise_cell(self, family: str, observation: Mapping[str, Any], policy: Mapping[str, str]) -> CellVerdict:
        """Judge one cell; see `reference.recognition.judge`."""
        return recognise(family, observation, policy)

    def judge_model(
        self,
        architecture: str,
        observation: Mapping[str, Any],
        cells: Mapping[str, CellVerdict | None],
        policy: Mapping[str, str],
    ) -> ModelVerdict:
        """Judge one run of a model; see `reference.models.judge`."""
        return judge(architecture, observation, cells, policy)

    def formulas(self) -> Mapping[str, Sequence[str]]:
        """Numbers of parameters that are known by a formula, with the symbols of `reference.counts.sizes`."""
        return dict.fromkeys(QUANTITIES, NAMES)

    def name_formula(self, subject: str, value: Callable[[Mapping[str, int]], Fraction | None]) -> str | None:
        """The mistake in a formula for a number of parameters; None if no single one explains it.

        Raises:
            ValueError: if nothing of that name is counted.
        """
        # Comparing formulas needs SymPy, which takes longer to import than all the rest.
        from reference.counts.naming import name_count

        def counted(sizes: Mapping[str, int]) -> Fraction:
            found = value(sizes)
            if found is None:
                raise ZeroDivisionError("the formula has no value there")
            return found

        found = name_count(counted, quantity_named(subject))
        return found.mistakes[0] if found.status == "mistake" else None

    def gradient_items(self) -> Mapping[str, Sequence[str]]:
        """Families of derivations, with the gradients that can be named; see `reference.gradients.naming`."""
        return ITEMS

    def gradient_inputs(self, family: str, options: Mapping[str, str], *, size_one: bool) -> dict[str, Tensor] | None:
        """The point at which gradients of a family are named; see `reference.gradients.points`."""
        case = point(family, options, size_one=size_one)
        return None if case is None else named_inputs(case)

    def name_gradient(
        self,
        family: str,
        item: str,
        value: Tensor,
        options: Mapping[str, str],
        *,
        size_one: bool,
        slopes: Mapping[str, Callable[[Tensor], Tensor]],
    ) -> GradientVerdict:
        """The formula by which a gradient was computed at that point.

        Raises:
            ValueError: if there is no such family, item or option, or nothing to be told at that point.
        """
        # The mistakes that it compares with are imported only where a gradient is named.
        from reference.gradients.naming import name_gradient

        case = point(family, options, size_one=size_one)
        if case is None:
            raise ValueError(f"nothing can be told about the family {family!r} where every size is 1")
        sloped = with_slopes(case, slopes)
        found = name_gradient(family, sloped, item, value)
        if found.status == "unnamed" and value.shape[-1] == 1 < value.numel():
            return name_gradient(family, sloped, item, value.reshape(-1))  # some formulas give arrays of one axis
        return found

    def log_expectations(self) -> Mapping[str, str]:
        """What may be expected of a training log; see `reference.curves.log`."""
        return log_keys

    def check_log(self, rows: Sequence[Row], expectation: Mapping[str, Any]) -> Sequence[Finding]:
        """What does not fit in a training log; see `reference.curves.check_log`."""
        return check_log(rows, expectation)

    def describe(self, mistake: str) -> Mistake:
        """The text of a named mistake.

        Raises:
            KeyError: if there is no such mistake.
        """
        return all_mistakes()[mistake]

    def nearest_mistakes(self, prefix: str) -> Sequence[str]:
        """Identifiers of all named mistakes that start with `prefix`, without the right forms."""
        return tuple(name for name in sorted(all_mistakes()) if name.startswith(prefix) and ".correct" not in name)


ORACLE = RecurrentOracle()
