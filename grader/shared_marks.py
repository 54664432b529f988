"""Marks that are equal, held once: most of a cohort's are, and as an object a check takes ten times its text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import TypeVar

from grader.records import CheckMark, QuestionMark, Record, SubmissionMarks

R = TypeVar("R", bound=Record)


class SharedMarks:
    """Gives for marks the equal ones that came first, to the last digit of every number; threads may share one."""

    def __init__(self) -> None:
        self._checks: dict[bytes, CheckMark] = {}
        self._questions: dict[tuple[object, ...], QuestionMark] = {}
        self._texts: dict[object, object] = {}
        self._numbers: dict[str, Decimal] = {}

    def row(self, row: SubmissionMarks) -> SubmissionMarks:
        """The row with shared questions."""
        return self._slim(row, questions=self.questions(row.questions))

    def questions(self, questions: Iterable[QuestionMark]) -> tuple[QuestionMark, ...]:
        """The questions, each shared as a whole where it can be, else check by check."""
        return tuple(self._question(question) for question in questions)

    def _question(self, question: QuestionMark) -> QuestionMark:
        checks = tuple(self._check(check) for check in question.checks)
        # Shared checks are never dropped, so no two of them have one id.
        numbers = str(question.mark), str(question.max)  # 3 and 3.0 are equal, and written differently
        key = (question.id, question.title, *numbers, question.outcome, *map(id, checks))
        found = self._questions.get(key)
        if found is None:
            found = self._questions.setdefault(key, self._slim(question, checks=checks))
        return found

    def _check(self, check: CheckMark) -> CheckMark:
        key = hashlib.blake2b(check.model_dump_json().encode(), digest_size=16).digest()
        found = self._checks.get(key)
        if found is None:
            found = self._checks.setdefault(key, self._slim(check))
        return found

    def _slim(self, record: R, **changed: object) -> R:
        """The record with the changed fields and shared values; it has no set of fields of its own, 700 bytes."""
        kind = type(record)
        if not changed and record.model_fields_set is _fields(kind):
            return record
        fields = {name: changed.get(name, self._value(value)) for name, value in record}
        return kind.model_construct(_fields(kind), **fields)

    def _value(self, value: object) -> object:
        if isinstance(value, Decimal):
            return self._numbers.setdefault(str(value), value)
        if isinstance(value, tuple) and all(isinstance(item, str) for item in value):
            return self._texts.setdefault(value, value)
        return value


@cache
def _fields(kind: type[Record]) -> set[str]:
    return set(kind.model_fields)
