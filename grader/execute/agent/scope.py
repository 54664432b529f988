"""The named values of one run of a probe, and the expressions that read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from . import draws  # type: ignore[attr-defined]  # the host puts draws.py beside this file
from .control import AgentError, MissingName
from .modules import Parameters, Parts, facts_text
from .values import Recorder, is_array

Json = dict[str, Any]
_NOTHING = object()


class Scope:
    """Live values by name, and where their records go."""

    def __init__(
        self,
        *,
        seed: str,
        dtype: torch.dtype,
        namespace: dict[str, Any],
        recorder: Recorder,
        followed: frozenset[str],
    ) -> None:
        self.seed = seed
        self.dtype = dtype
        self.recorder = recorder
        self.records: dict[str, Json] = {}
        """JSON of `Value` by name."""
        self.step = 0
        """The top-level step that runs."""
        self.salt = 0
        """The highest salt that a module was filled with."""
        self.fills: dict[str, tuple[Json, int]] = {}
        """The step and the salt by which a module was filled last, by its name."""
        self.call = 0
        """The number of the call that a `sample` step makes."""
        self.suffix = ""
        """What the repetition that runs appends to names."""
        self._namespace = namespace
        self._replaced: dict[str, Any] = {}
        self._followed = followed
        self._live: dict[str, Any] = {}
        self._builders: tuple[tuple[str, Callable[[Json], Any]], ...] = (
            ("ref", lambda e: fresh(self.named(e["ref"]))),
            ("name", lambda e: self.student(e["name"])),
            ("live", lambda e: self.named(e["live"])),
            ("draw", lambda e: _drawn(seed, e).to(dtype)),
            ("integers", lambda e: draws.draw_integers(seed, e["integers"], e["shape"], below=e["below"])),
            ("values", lambda e: torch.tensor(e["values"], dtype=dtype)),
            ("zeros", lambda e: torch.zeros(e["zeros"], dtype=dtype)),
            ("tuple", lambda e: tuple(self.evaluate(item) for item in e["tuple"])),
            ("dict", lambda e: {key: self.evaluate(item) for key, item in e["dict"].items()}),
            ("numpy", lambda e: self.evaluate(e["numpy"]).detach().numpy()),
            ("part", lambda e: part_of(self.evaluate(e["part"]), e["at"])),
            ("step", lambda e: self.evaluate(e["of"])[..., e["step"]]),
            ("sum", lambda e: _added(self.evaluate(e["sum"]))),
            ("call", lambda e: self.call * e["call"] % 2**32),  # what every generator takes for a seed
        )

    def evaluate(self, expression: Any) -> Any:
        """The value of an expression.

        Raises:
            MissingName: if the notebook does not define a name in it.
            AgentError: if it is no expression.
        """
        if isinstance(expression, list):
            return [self.evaluate(item) for item in expression]
        if not isinstance(expression, dict):
            return expression
        for key, build in self._builders:
            if key in expression:
                return build(expression)
        raise AgentError(f"no expression has the keys {sorted(expression)}")

    def student(self, dotted: str) -> Any:
        """A name of the student's, with attributes behind dots.

        Raises:
            MissingName: if it is not defined.
        """
        first, *rest = dotted.split(".")
        if first not in self._namespace:
            raise MissingName(dotted)
        value = self._namespace[first]
        for attribute in rest:
            value = getattr(value, attribute)
        return value

    def replace(self, name: str, value: Any) -> None:
        """Put something else behind a name of the student's, until `restore`."""
        self._replaced.setdefault(name, self._namespace.get(name, _NOTHING))
        self._namespace[name] = value

    def restore(self) -> None:
        """Put back what `replace` has taken away."""
        for name, value in self._replaced.items():
            if value is _NOTHING:
                self._namespace.pop(name, None)
            else:
                self._namespace[name] = value
        self._replaced.clear()

    def full_name(self, name: str) -> str:
        """The name as saved by the innermost repetition that has saved it.

        Raises:
            AgentError: if no step has.
        """
        suffix = self.suffix
        while suffix and name + suffix not in self._live:
            suffix = suffix.rpartition(".")[0]
        if name + suffix not in self._live:
            raise AgentError(f"no step has saved {name!r}")
        return name + suffix

    def named(self, name: str) -> Any:
        """A live value."""
        return self._live[self.full_name(name)]

    def save(self, name: str, value: Any) -> None:
        """Name a live value; inputs that a derivative asks for are followed from here on."""
        if name in self._followed and isinstance(value, torch.Tensor) and value.is_floating_point():
            value = value.detach().requires_grad_()
        self._live[name + self.suffix] = value

    def save_result(self, name: str, value: Any) -> None:
        """Name what a step yielded."""
        self._live[name + self.suffix] = value

    def record(self, name: str, value: Any, **more: Any) -> None:
        """Record a value under a name, with further fields."""
        full = name + self.suffix
        self.records[full] = {**self.recorder.value(full, value), **more}

    def record_object(
        self, name: str, value: Any, *, gradients: dict[str, str], parts: Parts | None, parameters: Parameters | None
    ) -> None:
        """Record what an object looks like, whatever its class; `parts` and `parameters` are those of a module."""
        self.records[name + self.suffix] = {
            "kind": "object",
            "facts": facts_text(value, parts, parameters),
            "gradients": gradients,
        }


def _drawn(seed: str, expression: Json) -> torch.Tensor:
    name, shape = expression["draw"], expression["shape"]
    if "between" in expression:
        low, high = expression["between"]
        found: torch.Tensor = draws.draw_between(seed, name, shape, low=low, high=high)
    else:
        found = draws.draw(seed, name, shape, scale=expression.get("scale", 1))
    return found


def part_of(value: Any, keys: list[Any]) -> Any:
    """What stands under the first key that a dictionary has, or at the first place that a tuple or list has.

    Raises:
        LookupError: if there is none of them.
    """
    for key in keys:
        if isinstance(value, dict) and key in value:
            return value[key]
        if isinstance(value, (tuple, list)) and type(key) is int and -len(value) <= key < len(value):
            return value[key]
    raise LookupError(f"a {type(value).__name__} has none of {keys}")


def _added(values: list[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def fresh(value: Any) -> Any:
    """A value in which tensors are copies on the same graph, so that no call can change what a later one gets."""
    if isinstance(value, torch.nn.Parameter):
        return value
    if isinstance(value, torch.Tensor):
        return value.clone()
    if is_array(value):
        return value.copy()
    if type(value) is tuple:
        return tuple(fresh(item) for item in value)
    if type(value) is list:
        return [fresh(item) for item in value]
    if type(value) is dict:
        return {key: fresh(item) for key, item in value.items()}
    return value


def followed_names(steps: list[Json]) -> Iterator[str]:
    """Names that derivatives and `alive` tests ask for."""
    for step in steps:
        yield from step.get("wrt", ())
        if step.get("alive"):
            yield step["alive"]
        yield from followed_names(step.get("steps", []))
