"""What a test reports through: the `check` fixture, and the one error by which a helper says "not met" in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from grader.errors import CheckFaultError
from grader.records import Outcome
from grader.score.kinds.base import Verdict
from grader.score.marks import ZERO, as_mark, outcome_of

NOT_MET = "The property was not met."


class UnmetError(AssertionError):
    """A property does not hold, and the reason may be shown to the student; other assertion texts never are."""

    def __init__(self, reason: str, next_step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.next_step = next_step


class CheckRecorder:
    """Takes the mark of one check on one definition, once.

    Args:
        maximum: the marks of the check.
        evidence: identifiers of the probes that it looks at.
    """

    def __init__(self, maximum: Decimal, evidence: tuple[str, ...] = ()) -> None:
        self.max = maximum
        self.flags: list[str] = []
        self.verdict: Verdict | None = None
        self.fault: CheckFaultError | None = None
        """Kept so that a test which catches everything cannot hide it."""
        self._evidence = evidence
        self._expected = NOT_MET
        self._next_step = ""

    def award(
        self,
        mark: Decimal | int | float | str | None = None,
        *,
        reason: str = "",
        next_step: str = "",
        diagnosis: Sequence[str] = (),
        convention: str = "",
        follow_through: bool = False,
        uncertain: bool = False,
    ) -> None:
        """Give a mark between 0 and the check's; without a mark, all of it.

        Raises:
            CheckFaultError: if the check was decided before, or the mark makes no sense.
        """
        try:
            given = as_mark(self.max if mark is None else mark, maximum=self.max)
        except ValueError as error:
            self.fault = CheckFaultError("check-mark-out-of-range", str(error))
            raise self.fault from error
        self._decide(
            Verdict(
                outcome=outcome_of(given, self.max),
                mark=given,
                reason=reason,
                next_step=next_step,
                diagnosis=tuple(diagnosis),
                convention=convention,
                follow_through=follow_through,
                uncertain=uncertain,
                evidence=self._evidence,
            )
        )

    def manual(self, reason: str, *, uncertain: bool = False) -> None:
        """Leave the mark to a person; `uncertain` if that is not how the question was meant."""
        self._decide(
            Verdict(outcome=Outcome.MANUAL, mark=None, reason=reason, uncertain=uncertain, evidence=self._evidence)
        )

    def blocked(self, reason: str) -> None:
        """Give no mark because another question's answer makes this one impossible to judge."""
        self._decide(Verdict(outcome=Outcome.BLOCKED, mark=ZERO, reason=reason, evidence=self._evidence))

    def flag(self, word: str) -> None:
        """Add a kebab-case word for the instructor to the submission's flags."""
        self.flags.append(word)

    def expect(self, sentence: str, *, next_step: str = "") -> None:
        """Say in words for the student what the following assertions demand; printed if one of them fails."""
        self._expected, self._next_step = sentence, next_step

    def unmet(self, error: AssertionError) -> Verdict:
        """The verdict for a failed assertion."""
        reason, next_step = self._expected, self._next_step
        if isinstance(error, UnmetError):
            reason, next_step = error.reason, error.next_step or next_step
        return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=reason, next_step=next_step, evidence=self._evidence)

    def _decide(self, verdict: Verdict) -> None:
        if self.verdict is not None:
            self.fault = CheckFaultError("check-awarded-twice", "the check was decided twice")
            raise self.fault
        self.verdict = verdict
