"""Kind `samples`: texts that a model of the student's generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field, field_validator

from grader.records import Outcome
from grader.score.kinds.answer_region import AnswerRegion, pieces_of
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.credit import joined
from grader.score.kinds.log import NOTED, executed_outputs
from grader.score.kinds.log_rules import Oddity
from grader.score.kinds.sample_texts import Sample, same_label, samples_in
from grader.score.kinds.text_statistics import compared, statistics
from grader.score.marks import ZERO, outcome_of, share

_FEWEST_CHARS = 60
"""Texts with fewer characters in all are not compared: chance would decide."""
_STEADY = 0.05
"""By how much the share of repeated characters may grow from the first to the last texts before that is said."""


class SamplesParameters(AnswerRegion):
    """What a line with a sample looks like, and which there should be."""

    pattern: str
    """Regular expression of a line, with a group `text`, and a group `label` where samples have labels."""
    wanted: dict[str, int] = {}
    """Label -> how many samples it should have; without labels, `{'': 5}`."""
    more_varied: tuple[tuple[str, str], ...] = ()
    """Pairs of labels, the second of which should have the more varied texts: `['0.5', '2']`."""
    later_better: bool = False
    """True if labels count steps of training, so that later texts should repeat single characters less."""
    fewest_chars: int = Field(default=_FEWEST_CHARS, ge=1)
    """Below so many characters on one side nothing is compared."""

    @field_validator("pattern")
    @classmethod
    def _has_the_group(cls, value: str) -> str:
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if "text" not in groups:
            raise ValueError("`pattern` has no group (?P<text>...)")
        return value

    @field_validator("wanted", mode="before")
    @classmethod
    def _labels_are_words(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return {str(label): 1 for label in value}
        return {str(label): count for label, count in value.items()} if isinstance(value, dict) else value

    @field_validator("more_varied", mode="before")
    @classmethod
    def _pairs_are_words(cls, value: Any) -> Any:
        return tuple(tuple(map(str, pair)) for pair in value) if isinstance(value, list | tuple) else value


@kind("samples", parameters=SamplesParameters, parts=("training",))
def judge(context: JudgeContext, parameters: SamplesParameters) -> Verdict:
    """Marks generated texts for being there, and tells a person what about their statistics is odd.

    Looks at: lines between `after` and `before`, or in the question's own place, that cells printed or that are written
        there, then the rest of the stored outputs, then what the training cells printed when they were run here.
    Why: what a model generates is chance, but its statistics are not.
    Passes: as many samples of each label as are `wanted`; the mark is their share.
    Does not pass: samples that are missing. Texts of a pair of labels of which the second is not more varied, later
        texts that repeat more than the first ones, and texts that are all the same are flags `samples-*` for a person,
        and change no mark.
    Limits: a text may be made up. Fewer than `fewest_chars` characters are not compared.
    """
    samples, where = _samples(context, parameters)
    if not samples:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="No generated text was found.")
    missing = list(_missing(samples, parameters))
    wanted = sum(parameters.wanted.values())
    present = wanted - sum(count for _, count in missing)
    mark = share(context.check.marks, present, wanted) if wanted else context.check.marks
    found = list(_oddities(samples, parameters))
    lacks = ", ".join(f"{count} of {label}" if label else f"{count}" for label, count in missing[:6])
    said = [
        f"{len(samples)} generated texts were found{where}.",
        f"Missing: {lacks}." if missing else "",
        *(oddity.sentence for oddity in found),
        NOTED if found else "",
    ]
    return Verdict(
        outcome=outcome_of(mark, context.check.marks) if context.check.marks else Outcome.PASSED,
        mark=mark,
        reason=joined(said),
        flags=tuple(dict.fromkeys(oddity.flag for oddity in found)),
        evidence=("training",) if context.evidence.has("training") else (),
    )


def _samples(context: JudgeContext, parameters: SamplesParameters) -> tuple[list[Sample], str]:
    """The samples of the first place that has any, with words for that place where it is not the usual one."""
    notebook = context.evidence.notebook
    mine = pieces_of(notebook, parameters, context.student_version, context.question.id)
    here = [text for piece in mine for text in (piece.prose, *piece.outputs)]
    stored = [text for cell in notebook.cells for text in cell.outputs]
    for texts, where in ((here, ""), (stored, "")):
        found = samples_in(texts, parameters.pattern)
        if found:
            return found, where
    rerun = [text for texts in executed_outputs(context.evidence) for text in texts]
    return samples_in(rerun, parameters.pattern), ", in our run of your training"


def _missing(samples: Sequence[Sample], parameters: SamplesParameters) -> Iterator[tuple[str, int]]:
    for label, count in parameters.wanted.items():
        there = len(_of(samples, label))
        if there < count:
            yield label, count - there


def _of(samples: Iterable[Sample], label: str) -> list[str]:
    return [sample.text for sample in samples if same_label(sample.label, label)]


def _oddities(samples: Sequence[Sample], parameters: SamplesParameters) -> Iterator[Oddity]:
    texts = [sample.text for sample in samples]
    if len(texts) > 2 and len(set(texts)) == 1:
        yield Oddity(flag="samples-identical", sentence="All the texts are the same.")
    for colder, warmer in parameters.more_varied:
        yield from _not_more_varied(samples, colder, warmer, parameters.fewest_chars)
    if parameters.later_better:
        yield from _not_better(samples, parameters.fewest_chars)


def _not_more_varied(samples: Sequence[Sample], colder: str, warmer: str, fewest: int) -> Iterator[Oddity]:
    cold, warm = compared(_of(samples, colder), _of(samples, warmer))
    if cold.characters < fewest:
        return
    if warm.entropy <= cold.entropy or warm.distinct < cold.distinct:
        yield Oddity(
            flag="samples-not-more-varied",
            sentence=f"The texts of {warmer} are not more varied than those of {colder}: over {cold.characters} "
            f"characters {warm.distinct} against {cold.distinct} different ones, entropy {warm.entropy:.2f} against "
            f"{cold.entropy:.2f}.",
        )


def _not_better(samples: Sequence[Sample], fewest: int) -> Iterator[Oddity]:
    numbered = sorted((number, place) for place, one in enumerate(samples) if (number := one.number) is not None)
    ordered = [samples[place].text for _, place in numbered]
    third = max(1, len(ordered) // 3)
    first, last = ordered[:third], ordered[-third:]
    if len(ordered) < 3 or min(len("".join(first)), len("".join(last))) * len(ordered) < fewest:
        return
    early, late = statistics(first), statistics(last)
    if late.degenerate > early.degenerate + _STEADY:
        yield Oddity(
            flag="samples-no-better",
            sentence=f"The last texts repeat one character over {late.degenerate:.0%} of their length, the first over "
            f"{early.degenerate:.0%}.",
        )
