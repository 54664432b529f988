"""The experiments on a model that reads a sequence and keeps its cell inside: runs of several lengths."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from grader.probes import Call, Construct, Fill, Jacobian, Probe, Step
from grader.records import Record
from grader.score.kinds.credit import Charge, Credit, Shares

OWNER = "model"
"""Name of the constructed module in the probe; parameters are drawn under it, the same for every length."""
HIDDEN, CLASSES = 3, 7
"""More classes than units, so that what the last layer reads can be worked out from its scores."""
DIGITS = (
    (0, 2, 1, 3, 1, 0, 2, 2, 1),
    (1, 0, 2, 1, 3, 2, 0, 1, 2),
    (2, 1, 0, 2, 0, 3, 1, 0, 1),
    (3, 3, 1, 0, 2, 1, 2, 3, 0),
    (1, 2, 3, 1, 0, 2, 3, 1, 1),
)
"""One row a sequence. Each step has a zero: what multiplies the input does nothing there, and a bias does."""
FILL_SCALE = 0.6
"""Standard deviation of parameters: sums stay of ordinary size for digits up to 3."""
BATCH = len(DIGITS)
LENGTHS = (1, 2, 3, 9)
DIFFERENTIATED = (1, 2, 3)
"""Lengths at which derivatives are taken; the longest run only has to agree."""

Form = Literal["numbers", "column", "digits", "one-hot"]
Size = Literal["steps", "input_size", "hidden_size", "classes", "batch"]
Range = tuple[float, float]


class SequenceParameters(Record):
    """What a rubric says about a model that keeps its cell inside."""

    target: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The model's class."""
    family: str
    """Of the cell inside, as the oracle calls it."""
    arguments: tuple[Size | str, ...] = ("steps", "input_size", "hidden_size", "classes", "batch", "cpu")
    """The constructor's arguments, in order; other texts stand for themselves."""
    forms: Annotated[tuple[Form, ...], Field(min_length=1)] = ("numbers",)
    """How the sequence is given, the usual way first; the others are tried where it cannot be run. `numbers`: (batch,
    steps), input size 1; `column`: (batch, steps, 1); `digits`: (batch, steps), which the model encodes; `one-hot`:
    (batch, steps, `digits`)."""
    digits: int = Field(default=10, ge=4, le=100)
    """Input size of the last two forms."""
    ranges: dict[str, Range] = {}
    """Parameters that mean nothing outside a range, by name in small letters -> least and largest value."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a mistake by its identifier, keep; what several lose adds up."""
    charge: dict[str, Charge] = {}
    """Mistakes that cost nothing, a part, or everything."""

    @model_validator(mode="after")
    def _consistent(self) -> SequenceParameters:
        for name, (low, high) in self.ranges.items():
            if not low < high:
                raise ValueError(f"ranges: {name} goes from {low} to {high}")
        return self

    @property
    def keeps(self) -> Credit:
        """What faults keep of the marks."""
        return Credit(shares=self.credit, charge=self.charge)

    def share(self, mistakes: tuple[str, ...]) -> Decimal:
        """What is left of the marks after all of these mistakes."""
        lost = sum((1 - self.keeps.of(mistake) for mistake in mistakes), Decimal(0))
        return max(Decimal(0), 1 - lost)

    def probe_of(self, form: Form) -> str:
        """Identifier of the probe for a form."""
        return f"sequence.{self.target}.{form}"

    def input_size(self, form: Form) -> int:
        """How wide the input is at each step."""
        return 1 if form in ("numbers", "column") else self.digits

    def encoded(self, steps: int, form: Form) -> list[Any]:
        """The sequences as vectors: (batch, steps, input size)."""
        size = self.input_size(form)
        if size == 1:
            return [[[digit] for digit in row[:steps]] for row in DIGITS]
        return [[[int(place == digit) for place in range(size)] for digit in row[:steps]] for row in DIGITS]


def run_name(steps: int) -> str:
    """Name under which the outputs of a run are saved."""
    return f"run{steps}"


def again_name(steps: int) -> str:
    """Name under which the outputs of the same call once more are saved."""
    return f"again{steps}"


def sequence_probes(parameters: SequenceParameters) -> Iterator[Probe]:
    """A probe for each form; those after the first are run only where that one could not be."""
    first = parameters.forms[0]
    for form in parameters.forms:
        yield Probe(
            id=parameters.probe_of(form),
            subject=parameters.target,
            steps=tuple(_steps(parameters, form)),
            after=() if form == first else (parameters.probe_of(first),),
            unless=() if form == first else (parameters.probe_of(first),),
        )


def _steps(parameters: SequenceParameters, form: Form) -> Iterator[Step]:
    target = {"ref": OWNER}
    for steps in LENGTHS:
        sizes: dict[str, Any] = {
            "steps": steps,
            "input_size": parameters.input_size(form),
            "hidden_size": HIDDEN,
            "classes": CLASSES,
            "batch": BATCH,
        }
        given: list[Any] = [list(row[:steps]) for row in DIGITS]
        x = {"values": parameters.encoded(steps, form) if form in ("column", "one-hot") else given}
        yield Construct(
            save=OWNER, target=parameters.target, args=tuple(sizes.get(one, one) for one in parameters.arguments)
        )
        yield Fill(of=OWNER, scale=FILL_SCALE, ranges=parameters.ranges, keep_fixed=True)
        if steps in DIFFERENTIATED:
            yield Jacobian(save=run_name(steps), target=target, args=(x,), wrt=(OWNER,))
        else:
            yield Call(save=run_name(steps), target=target, args=(x,))
        yield Call(save=again_name(steps), target=target, args=(x,))
