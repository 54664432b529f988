"""Marks that are equal, held once: most checks of a cohort are, and as an object each takes ten times its text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from grader.records import CheckMark, QuestionMark, SubmissionMarks


class SharedMarks:
    """Gives for marks the equal ones that came first, to the last digit of every number; threads may share one."""

    def __init__(self) -> None:
        self._checks: dict[bytes, CheckMark] = {}
        self._questions: dict[tuple[object, ...], QuestionMark] = {}

    def row(self, row: SubmissionMarks) -> SubmissionMarks:
        """The row with shared questions."""
        return row.model_copy(update={"questions": self.questions(row.questions)})

    def questions(self, questions: Iterable[QuestionMark]) -> tuple[QuestionMark, ...]:
        """The questions, each shared as a whole where it can be, else check by check."""
        return tuple(self._question(question) for question in questions)

    def _question(self, question: QuestionMark) -> QuestionMark:
        checks = tuple(self._checks.setdefault(_key(check), check) for check in question.checks)
        # Shared checks are never dropped, so no two of them have one id.
        numbers = str(question.mark), str(question.max)  # 3 and 3.0 are equal, and written differently
        key = (question.id, question.title, *numbers, question.outcome, *map(id, checks))
        found = self._questions.get(key)
        if found is None:
            found = self._questions[key] = question.model_copy(update={"checks": checks})
        return found


def _key(check: CheckMark) -> bytes:
    return hashlib.blake2b(check.model_dump_json().encode(), digest_size=16).digest()
