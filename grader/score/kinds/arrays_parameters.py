"""What a rubric says about a function on arrays: its inputs, how it is called, and where its outputs are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, field_validator, model_validator

from grader.probes import Expression
from grader.records import Mark, Record
from grader.score.kinds.credit import Shares

NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
Keys = tuple[int | str, ...]
"""Places in a tuple and keys of a dict under which something may be found; the first that is there counts."""


class ArrayInput(Record):
    """An array that is drawn, or stated."""

    shape: tuple[int, ...] = ()
    scale: float = 1.0
    between: tuple[float, float] | None = None
    """Drawn evenly between two numbers in place of around zero."""
    below: int | None = Field(default=None, ge=1)
    """Whole numbers from 0 to below this."""
    value: int | float | tuple[int, ...] | tuple[tuple[float, ...], ...] | None = None
    """A number that is stated, a list of whole ones, or the rows of a matrix."""
    zeros: bool = False

    @property
    def expression(self) -> Expression:
        """What makes the input in a probe, but for its name."""
        if isinstance(self.value, tuple):
            rows = [list(row) for row in self.value if isinstance(row, tuple)]
            return {"numpy": {"values": rows}} if rows else list(self.value)
        if self.value is not None:
            return self.value
        if self.zeros:
            return {"numpy": {"zeros": list(self.shape)}}
        if self.below is not None:
            return {"numpy": {"integers": None, "shape": list(self.shape), "below": self.below}}
        drawn: dict[str, Any] = {"draw": None, "shape": list(self.shape)}
        drawn |= {"scale": self.scale} if self.between is None else {"between": list(self.between)}
        return {"numpy": drawn}


class ArrayOutput(Record):
    """One output that is judged by itself."""

    at: Keys
    share: Mark = Field(default=Mark(1), gt=0)
    """Of the marks, beside those of the other outputs."""


class EarlierCall(Record):
    """A call of another function of the student's, whose result is handed to the one that is judged."""

    call: str = Field(pattern=NAME)
    arguments: tuple[Expression, ...]
    keep: dict[str, Keys]
    """Name -> where it stands in what the call returns."""


class Followed(Record):
    """A function of the student's that was judged before, and what of it is followed through."""

    call: str = Field(pattern=NAME)
    arguments: tuple[Expression, ...]
    outputs: dict[str, Keys] = Field(min_length=1)
    """Name, as the oracle calls it -> where it stands."""


class Carried(Record):
    """What one step hands to the next."""

    start: Expression
    at: Keys


class Steps(Record):
    """How the function is made of calls of the student's own step: whoever has that step wrong is charged there."""

    call: str = Field(pattern=NAME)
    times: int = Field(ge=2, le=20)
    backwards: bool = False
    """True if the last step comes first."""
    arguments: tuple[Expression, ...]
    """With `{now: e}` for what stands at the step's place of the last axis, and `now` for its number."""
    carry: dict[str, Carried] = {}
    each: dict[str, Keys] = {}
    """Output -> where a step's part of it stands; the parts lie side by side along a last axis."""
    total: dict[str, Keys] = {}
    """Output -> where a step's part of it stands; the parts are added up."""
    last: dict[str, str] = {}
    """Output -> what is carried after the last call."""
    stub: Expression = None
    """What a function of ours returns that takes the step's place once more, with `{made: shape}` for each array: so
    the loop can be judged where the student's step raises, or returns what no loop can use."""

    @property
    def order(self) -> list[int]:
        """The steps in the order in which they are called."""
        return list(range(self.times))[:: -1 if self.backwards else 1]


class ArraysParameters(Record):
    """What a rubric says about a function."""

    target: str = Field(pattern=NAME)
    """The function."""
    function: str
    """As the oracle calls it."""
    probe: str = Field(default="", pattern=r"^[A-Za-z0-9_]*$")
    """What tells this experiment from another on the same function."""
    inputs: dict[str, ArrayInput] = Field(min_length=1)
    """Name, as the oracle calls it -> shape, or how it is drawn."""
    values: dict[str, Expression] = {}
    """Further values made of them, such as a dictionary of parameters."""
    earlier: tuple[EarlierCall, ...] = ()
    """Calls of other functions of the student's, such as the one that makes the cache."""
    given: dict[str, Expression] = {}
    """What stands in for the results of `earlier`, made of inputs, where the student's own cannot be had."""
    arguments: tuple[Expression, ...]
    outputs: dict[str, ArrayOutput] = Field(min_length=1)
    """Output, as the oracle calls it -> where it is found."""
    changes: str = ""
    """The value that may be changed in place instead of being returned; it stands as `{live: ...}` in `arguments`."""
    own: tuple[str, ...] = ()
    """Outputs of the function itself, as the oracle calls them, after which its other outputs are judged."""
    follows: tuple[Followed, ...] = ()
    steps: Steps | None = None
    times: int | None = Field(default=None, ge=100, le=5_000)
    """How often a function is called that draws at random and returns whole numbers."""
    length: int = Field(default=20, ge=1, le=100)
    """How many of these numbers are looked at."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a mistake by its identifier, keep of an output's marks."""

    @field_validator("inputs", mode="before")
    @classmethod
    def _shape_alone(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"shape": one} if isinstance(one, list | tuple) else one for name, one in value.items()}

    @field_validator("outputs", mode="before")
    @classmethod
    def _place_alone(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: one if isinstance(one, dict | ArrayOutput) else {"at": one} for name, one in value.items()}

    @model_validator(mode="after")
    def _consistent(self) -> ArraysParameters:
        kept = {name for call in self.earlier for name in call.keep}
        if self.given and set(self.given) != kept:
            raise ValueError("given: it has to name exactly what `earlier` keeps")
        if self.changes and self.changes not in self.values:
            raise ValueError(f"changes: {self.changes!r} is none of the values")
        if set(self.own) - set(self.outputs):
            raise ValueError(f"own: {sorted(set(self.own) - set(self.outputs))[0]!r} is no output")
        made = set(self.steps.each) | set(self.steps.total) | set(self.steps.last) if self.steps else set()
        if made - set(self.outputs):
            raise ValueError(f"steps: {sorted(made - set(self.outputs))[0]!r} is no output")
        return self

    @property
    def in_caches(self) -> frozenset[str]:
        """Inputs that only stand-ins are made of: what a right cache holds instead is the oracle's business."""
        elsewhere: list[Expression] = [*self.arguments, *self.values.values()]
        elsewhere += [argument for call in self.earlier for argument in call.arguments]
        elsewhere += [argument for call in self.follows for argument in call.arguments]
        only = set(references(list(self.given.values()))) - set(references(elsewhere))
        return frozenset(only & set(self.inputs))


def references(expression: Expression) -> Iterator[str]:
    """The names that an expression reads."""
    if isinstance(expression, Mapping):
        for key, value in expression.items():
            if key in ("ref", "live"):
                yield value
            else:
                yield from references(value)
    elif isinstance(expression, list | tuple):
        for item in expression:
            yield from references(item)
