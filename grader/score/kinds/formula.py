"""Kind `formula`: a formula in given symbols, equal to the key whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import Field, field_validator, model_validator

from grader.oracle import FormulaOracle, Oracle
from grader.probes import Probe
from grader.records import Outcome, Record
from grader.rubric import Check, Rubric
from grader.score.kinds.answer_place import AnswerPlace, nothing_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.cell_probes import require_known, require_mistakes
from grader.score.kinds.credit import Credit, Shares, joined, outcome_of
from grader.score.kinds.formula_grammar import read_formula
from grader.score.kinds.formula_text import Unread, Written, written_formula
from grader.score.kinds.formula_tokens import FormulaError, Symbols
from grader.score.kinds.formula_value import Formula, first_difference, same


class WrongFormula(Record):
    """A wrong formula that is known by name."""

    formula: str
    says: str
    """What the student did, in one sentence."""
    next_step: str = ""


class FormulaParameters(AnswerPlace):
    """The key, the symbols, and wrong formulas that have names."""

    answer: str
    """The right formula; any form of it is right."""
    accept: tuple[str, ...] = ()
    """Other formulas that are right, too: another convention that the text leaves open."""
    symbols: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Symbol -> other spellings of it; a list of symbols where there are none."""
    wrong: dict[str, WrongFormula] = {}
    """Name -> a wrong formula, and what it says about whoever wrote it."""
    named_by: str = ""
    """What the formula counts, for an oracle that names wrong formulas."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a wrong formula by its name, keep."""

    @field_validator("symbols", mode="before")
    @classmethod
    def _list_or_mapping(cls, value: Any) -> Any:
        return dict.fromkeys(value, ()) if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _readable(self) -> FormulaParameters:
        written = {"answer": self.answer, **{f"accept.{place}": text for place, text in enumerate(self.accept)}}
        written |= {f"wrong.{name}": wrong.formula for name, wrong in self.wrong.items()}
        for key, text in written.items():
            try:
                readings = read_formula(text, self.table)
            except FormulaError as error:
                raise ValueError(f"{key}: {error.why}, at character {error.position + 1} of {text!r}") from error
            if len(readings) > 1:
                raise ValueError(f"{key}: {text!r} can be read in two ways; write the brackets")
        for name in self.wrong:
            if any(same(self._one(self.wrong[name].formula), right) for right in self.right):
                raise ValueError(f"wrong.{name}: the formula is right")
        return self

    @property
    def table(self) -> Symbols:
        """How the symbols may be spelt."""
        return Symbols.of(self.symbols)

    @property
    def right(self) -> tuple[Formula, ...]:
        """The key, then what else is accepted."""
        return tuple(self._one(text) for text in (self.answer, *self.accept))

    def wrong_formula(self, name: str) -> Formula:
        """The formula that belongs to a name."""
        return self._one(self.wrong[name].formula)

    def _one(self, text: str) -> Formula:
        return read_formula(text, self.table)[0]


def _checked(rubric: Rubric, check: Check, parameters: FormulaParameters, oracle: Oracle | None) -> Iterable[Probe]:
    others = [name for name in Credit(shares=parameters.credit).mistakes if name not in parameters.wrong]
    if oracle is not None:
        require_mistakes(rubric, check, oracle, others)
    if parameters.named_by and isinstance(oracle, FormulaOracle):
        known = oracle.formulas()
        require_known(rubric, check, "formula", parameters.named_by, tuple(known))
        for symbol in parameters.symbols:
            require_known(rubric, check, "symbol", symbol, known[parameters.named_by])
    return ()


@kind("formula", parameters=FormulaParameters, probes=_checked)
def judge(context: JudgeContext, parameters: FormulaParameters) -> Verdict:
    """Marks a formula by what it computes, not by how it is written.

    Looks at: the text or the Python expression assigned to `variable`, the formula in the prose between `after` and
        `before`, or, with none of these, in the question's own place; plain text, Unicode signs or simple LaTeX, with
        or without a left side and signs of multiplication. It is read by a small grammar and never run.
    Why: one count has many forms, and all of them are right.
    Passes: a formula that equals the key, or one in `accept`, at every size. Where `1/2n` can be read in two ways, the
        better reading counts.
    Does not: another formula. One that is known by name keeps the share `named`, others `unnamed`.
    Limits: sums, products, quotients and whole powers up to 12; what cannot be read, and several formulas that differ,
        wait for a person.
    """
    notebook, template = context.evidence.notebook, context.student_version
    written = written_formula(parameters, notebook, template, parameters.table, context.question.id)
    if written is None:
        return nothing_at(context, parameters)
    if isinstance(written, Unread):
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason=f"Your formula could not be read by machine, so a person will look at it. {written.why}",
        )
    if is_right(written, parameters):
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="Right.")
    named = _named(context, parameters, written)
    credit = Credit(shares=parameters.credit)
    fraction = credit.unnamed if named is None else credit.of(named.id)
    return Verdict(
        outcome=outcome_of(fraction),
        mark=context.check.marks * fraction,
        reason=_reason(context, parameters, written, named),
        next_step=named.next_step
        if named is not None and named.next_step
        else "Count by hand with every size 1 or 2, and compare with what your formula gives.",
        diagnosis=() if named is None else (named.id,),
    )


def is_right(written: Written, parameters: FormulaParameters) -> bool:
    """True if one of the readings equals the key or what is accepted."""
    return any(same(one, right) for one in written.readings for right in parameters.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    id: str
    says: str
    next_step: str


def _named(context: JudgeContext, parameters: FormulaParameters, written: Written) -> _Named | None:
    """The name of a wrong formula: the rubric's, else the oracle's."""
    for name, wrong in parameters.wrong.items():
        if any(same(one, parameters.wrong_formula(name)) for one in written.readings):
            return _Named(id=name, says=wrong.says, next_step=wrong.next_step)
    oracle = context.oracle
    if not parameters.named_by or oracle is None or not isinstance(oracle, FormulaOracle):
        return None
    for one in written.readings:
        mistake = oracle.name_formula(parameters.named_by, _valued(one))
        if mistake is not None:
            text = oracle.describe(mistake)
            return _Named(id=mistake, says=text.what_you_did, next_step=text.next_step)
    return None


def _valued(formula: Formula) -> Callable[[Mapping[str, int]], Fraction | None]:
    """The formula as a function of sizes; it need not use all of them."""

    def value(sizes: Mapping[str, int]) -> Fraction | None:
        return formula.value({name: sizes[name] for name in formula.names})

    return value


def _reason(context: JudgeContext, parameters: FormulaParameters, written: Written, named: _Named | None) -> str:
    formula = written.readings[0]
    said = [f"Your formula, `{shown(written)}`, is not the right one."]
    if context.question.show in ("misconception", "gap"):
        right = parameters.right[0]
        said.append(named.says if named is not None else "")
        ignored = [name for name in sorted(right.names) if right.depends_on(name) and not formula.depends_on(name)]
        if ignored and named is None:
            said.append(f"It does not depend on {' and '.join(f'`{name}`' for name in ignored)}.")
        if context.question.show == "gap":
            point = first_difference(formula, right, parameters.symbols)
            sizes = ", ".join(f"{name} = {size}" for name, size in point.items())
            found, wanted = formula.value(point), right.value(point)
            said.append(f"With {sizes} it gives {in_words(found)}, where {in_words(wanted)} is right.")
    return joined(said)


def shown(written: Written) -> str:
    """The formula as written, in one line for a message."""
    line = written.text.replace("`", "").strip("$ ")
    return line if len(line) <= 80 else f"{line[:80]} …"


def in_words(value: Fraction | None) -> str:
    """A number as a message prints it: 1,600, 0.25, or that there is none."""
    if value is None:
        return "no number"
    if abs(value) >= 10**15:
        return f"a number of {len(str(int(abs(value)))):,} digits"
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.6g}"
