"""The probe language: straight-line steps that the agent runs on a student's definitions. It carries no expected value.

A probe names its inputs (`grader.draws`), so both sides know them. Steps read and write named values; whatever a step
yields is recorded as evidence under its name. Expressions are plain JSON:

    3, "tanh", true, null, [1, 2]          themselves
    {"ref": "cell"}                        a value named by an earlier step; a copy, where it holds numbers
    {"live": "gradients"}                  the value itself, so that what a call changes in it can be seen afterwards
    {"name": "MyModel"}                    looked up in the student's namespace (the subject: its probed definition)
    {"draw": "x", "shape": [3, 5]}         float64 tensor of `draws.draw(seed, "x", shape, scale=scale or 1)`;
                                           with "between": [low, high] evenly from low to high instead
    {"integers": "tokens", "shape": [3], "below": 20}      int64 tensor of `draws.draw_integers`
    {"zeros": [3, 4]}                      tensor of zeros in the probe's dtype
    {"values": [[0, 2], [1, 0]]}           tensor of these numbers in the probe's dtype
    {"tuple": [e, e]}  {"dict": {"k": e}}  built from expressions
    {"numpy": e}                           a tensor as a NumPy array
    {"part": e, "at": [0, "a"]}            the first of these keys and places that a dict, tuple or list has
    {"step": 2, "of": e}                   what stands at a place of the last axis
    {"sum": [e, e]}                        tensors or arrays, added up
    {"call": 2654435761}                   so many times the number of the call, modulo 2**32, in the arguments of a
                                           `sample` step; small factors give seeds whose draws resemble each other
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from grader.records import Record

Expression = Any
"""JSON as described above."""


class Construct(Record):
    """Call a class of the student's; a module is converted to the probe's dtype and its facts are recorded."""

    do: Literal["construct"] = "construct"
    save: str
    target: str
    """Name in the student's namespace."""
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    initial: bool = True
    """False: the values that the constructor has given to parameters are not recorded."""


class Let(Record):
    """Name a value; it is recorded only if `record`."""

    do: Literal["let"] = "let"
    save: str
    value: Expression
    record: bool = False


class Get(Record):
    """Read a dotted attribute of a named value and record it."""

    do: Literal["get"] = "get"
    save: str
    of: str
    attribute: str


class Set(Record):
    """Assign a dotted attribute of a named value."""

    do: Literal["set"] = "set"
    of: str
    attribute: str
    value: Expression


class Fill(Record):
    """Overwrite every parameter of a named module with its draw (`draws.parameter_name`; owner: the value's name)."""

    do: Literal["fill"] = "fill"
    of: str
    scale: float | Literal["fan_in"] = "fan_in"
    ranges: dict[str, tuple[float, float]] = {}
    """Name of a parameter, in small letters and without the modules that it lies in -> least and largest value of its
    draw, for one that means nothing outside (`draws.draw_between`)."""
    keep_fixed: bool = False
    """True: parameters that need no gradient keep what the constructor gave them, those with a range apart."""


class SeedStep(Record):
    """Seed torch, NumPy and random inside the kernel."""

    do: Literal["seed"] = "seed"
    value: int


class Call(Record):
    """Call a named value or a name of the student's; records what it returns and which tensor arguments it changed."""

    do: Literal["call"] = "call"
    save: str
    target: Expression
    """{"ref": ...} or {"name": ...}"""
    method: str | None = None
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    kept: tuple[str, ...] = ()
    """Names of arrays that a function makes: if it raises, those that it holds by then are recorded as a dictionary."""


class Jacobian(Record):
    """Call, then the Jacobian of all outputs, flattened and concatenated, with respect to parameters and inputs.

    Recorded: `<save>` (the outputs) and for each name in `wrt` `<save>/d/<name>` of shape (outputs, *shape of it). For
    a module in `wrt` there is one entry for each of its parameters, `<save>/d/<module>.<qualified name>`.
    A name that the outputs do not depend on yields zeros.

    Where the call returns NumPy arrays, derivatives are central differences, each by two more calls; names in `wrt` are
    then those of arrays, or of dictionaries of arrays, with one entry `<save>/d/<dictionary>.<key>` for each.
    """

    do: Literal["jacobian"] = "jacobian"
    save: str
    target: Expression
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    wrt: tuple[str, ...]
    """Names of tensors (made by `let`) or modules."""
    directions: int | None = Field(default=None, ge=1, le=64)
    """So many sums of outputs are differentiated for each sample, in place of each output.

    Sample b and sum k: the outputs of the sample, flattened and side by side, times row (b, k) of the draw named
    `<save>.directions` of shape (samples, sums, outputs of a sample). What is recorded comes sample by sample. None:
    every output.
    """
    revive: str | None = None
    """Name of a filled module: while all derivatives by its parameters are zero, as where every relu is closed, it is
    filled again with the next salt, at most four times, and called again. None: never."""


class Vjp(Record):
    """Gradients of sum(weights * outputs) of an earlier call, weights = draw of the outputs' shape named `weights`.

    Outputs are flattened and concatenated. Recorded like a Jacobian, with the shape of the parameter itself.
    """

    do: Literal["vjp"] = "vjp"
    save: str
    output: str
    """Name saved by a `call`, `trace` or `jacobian`."""
    weights: str
    wrt: tuple[str, ...]


class Trace(Record):
    """A call during which every call of every submodule is recorded, in order, with its inputs and outputs.

    Tensors are copied at call time and stored once for each distinct content. Where `gradients` is a name, the
    gradients of the output are recorded under it, as by a `vjp` step with these `weights` and `wrt`. Where `alive`
    names an input among `wrt`, the module is filled again with the next salt, at most four times, while these
    gradients say that the output does not depend on the first time step (dimension 1) of that input.
    """

    do: Literal["trace"] = "trace"
    save: str
    target: Expression
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    whole: tuple[str, ...] = ()
    """Names of classes whose objects are not looked into: calls of what lies inside them are left out."""
    gradients: str | None = None
    weights: str | None = None
    wrt: tuple[str, ...] = ()
    alive: str | None = None
    """Name of the input tensor whose first time step must matter; None to skip the test."""

    @model_validator(mode="after")
    def _consistent(self) -> Trace:
        if self.gradients is not None and self.weights is None:
            raise ValueError("gradients need weights")
        if self.alive is not None and (self.gradients is None or self.alive not in self.wrt):
            raise ValueError("alive has to be among wrt, and needs gradients")
        return self


class Sample(Record):
    """Call many times what draws at random and returns whole numbers; record all of them as one tensor of integers.

    Before each call torch, NumPy and random are seeded anew. The tensor has a row for each call, filled up with -1; of
    a tuple the first part counts, and of what is returned at most `length` numbers.
    """

    do: Literal["sample"] = "sample"
    save: str
    target: Expression
    args: tuple[Expression, ...] = ()
    kwargs: dict[str, Expression] = {}
    times: int = Field(ge=1, le=5_000)
    length: int = Field(ge=1, le=100)


class Stub(Record):
    """Until the probe ends, put a function of ours behind a name of the student's, so that what calls it can be tried.

    It computes nothing that anybody asks for: each array that it returns is tanh of drawn sums of all numbers that it
    is given, so that another argument or another order shows.
    """

    do: Literal["stub"] = "stub"
    name: str
    returns: Expression
    """An expression with `{"made": [3, 4]}` for each array, of that shape."""


class Catch(Record):
    """Run steps and record the class name of what they raise, if anything; raising inside does not end the probe."""

    do: Literal["catch"] = "catch"
    save: str
    missing: bool = False
    """True: a name that the notebook does not define is caught as well, under the name MissingName."""
    steps: tuple[Step, ...]


class Repeat(Record):
    """Run steps several times; the names saved inside get `.0`, `.1`, ... appended."""

    do: Literal["repeat"] = "repeat"
    times: int = Field(ge=1, le=100)
    steps: tuple[Step, ...]


Step = Annotated[
    Construct | Let | Get | Set | Fill | SeedStep | Call | Jacobian | Vjp | Trace | Sample | Stub | Catch | Repeat,
    Field(discriminator="do"),
]

Catch.model_rebuild()
Repeat.model_rebuild()


class Probe(Record):
    """One experiment on the student's definitions, run in its own time."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    """Unique in the rubric."""
    subject: str | None = None
    """The definition under test: run for each definition of that name, at most three. None: the final namespace."""
    steps: tuple[Step, ...]
    order: int = 0
    """Lower runs first: cells before models."""
    after: tuple[str, ...] = ()
    """Probes on which this one builds: if one of them hung or killed the kernel, this one is skipped."""
    unless: tuple[str, ...] = ()
    """Probes of the same subject: this one is run only for definitions on which one of them was not done."""
    stand_ins: bool = False
    """True for the copy that runs with stand-ins, in the kernel that holds them."""

    @field_validator("unless", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @cached_property
    def as_sent(self) -> Mapping[str, Any]:
        """JSON as a kernel gets it, made once: every kernel of a batch gets the same probes."""
        return self.model_dump(mode="json")

    @cached_property
    def sent_text(self) -> str:
        """The same as text."""
        return json.dumps(self.as_sent, sort_keys=True)
