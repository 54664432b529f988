"""What a test sees of a probe's run: recorded values, and the inputs recomputed from the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import cast

import torch

from grader import draws
from grader.errors import CheckFaultError
from grader.evidence import Part, ProbeRun, Raised, RunOutline
from grader.score.recorder import UnmetError
from grader.values import Facts, Value

_NOT_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


class ProbeView:
    """The run of one probe on one definition.

    A value that is not of the kind asked for is the student's doing: it ends the check with a reason in words. A value
    that the probe never records is a fault of the test's.
    """

    def __init__(
        self, ending: RunOutline | ProbeRun, part: Part, others: Mapping[str, ProbeView] | None = None
    ) -> None:
        self._ending = ending
        self._part = part
        self._others = others if others is not None else {}

    @cached_property
    def run(self) -> ProbeRun:
        """The run with everything that was recorded; read when it is first asked for."""
        return cast(ProbeRun, self._part.probe(self._ending.probe, self._ending.definition))

    @property
    def status(self) -> str:
        """How the run ended: done, raised, timeout, killed, skipped, missing-name, refused."""
        return self._ending.status

    @property
    def raised(self) -> Raised | None:
        """The exception that ended it, None if none did."""
        return self.run.raised

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type in which the student's code ran."""
        return torch.float64 if self.run.dtype == "float64" else torch.float32

    def probe(self, identifier: str) -> ProbeView:
        """The view of another probe that the test has declared.

        Raises:
            CheckFaultError: if the test's markers do not name it.
        """
        if identifier == self._ending.probe:
            return self
        try:
            return self._others[identifier]
        except KeyError:
            raise CheckFaultError(
                "check-undeclared-probe",
                f'the test asks for the probe "{identifier}" without declaring it',
                next_step=f'add @pytest.mark.probe("{identifier}")',
            ) from None

    def has(self, name: str) -> bool:
        """True if a value of that name was recorded."""
        return name in self.run.values

    def value(self, name: str) -> Value:
        """The recorded value of that name.

        Raises:
            CheckFaultError: if the probe recorded none.
        """
        try:
            return self.run.values[name]
        except KeyError:
            raise CheckFaultError(
                "check-no-such-value",
                f'probe "{self.run.probe}" recorded no "{name}"',
                where=", ".join(self.run.values) or "no values at all",
            ) from None

    def tensor(self, name: str, *path: int) -> torch.Tensor:
        """A recorded tensor or array; `path` leads into tuples and lists.

        Raises:
            UnmetError: if the student's code returned something else.
        """
        value = self.value(name)
        for position in path:
            if value.kind not in ("tuple", "list") or position >= len(value.items):
                raise UnmetError(f"`{name}` should hold at least {position + 1} values; it is {_in_words(value)}.")
            value = value.items[position]
        found = self._part.tensor(value) if value.kind in ("tensor", "array") else None
        if found is None:
            raise UnmetError(f"`{name}` should be a tensor; it is {_in_words(value)}.")
        return found

    def gradient(self, name: str, wrt: str) -> torch.Tensor:
        """The Jacobian or gradient recorded for `wrt` ("x", or "<module>.<qualified name>") by the step `name`.

        Raises:
            CheckFaultError: if the probe recorded none.
        """
        found = self._part.tensor(self.value(name).gradients.get(wrt))
        if found is None:
            known = ", ".join(self.value(name).gradients) or "none"
            raise CheckFaultError("check-no-such-value", f'"{name}" has no gradient for "{wrt}"', where=known)
        return found

    def scalar(self, name: str) -> int | float | bool:
        """A recorded number or truth value; NaN and infinities included.

        Raises:
            UnmetError: if the student's code returned something else.
        """
        value = self.value(name)
        if value.kind == "scalar":
            if value.scalar is not None:
                return value.scalar
            if value.text in _NOT_FINITE:
                return _NOT_FINITE[value.text]
        if value.kind in ("tensor", "array") and value.shape == ():
            return self.tensor(name).item()
        raise UnmetError(f"`{name}` should be a number; it is {_in_words(value)}.")

    def text(self, name: str) -> str:
        """A recorded text; for a `catch` step the class name of what was raised, empty if nothing was.

        Raises:
            UnmetError: if the student's code returned something else.
        """
        value = self.value(name)
        if value.kind == "none":
            return ""
        if value.kind != "text" or value.text is None:
            raise UnmetError(f"`{name}` should be a text; it is {_in_words(value)}.")
        return value.text

    def facts(self, name: str) -> Facts:
        """What an object that the probe constructed looks like.

        Raises:
            UnmetError: if it is no object.
        """
        value = self.value(name)
        if value.facts is None:
            raise UnmetError(f"`{name}` should be an object; it is {_in_words(value)}.")
        return value.facts

    def draw(self, name: str, shape: Sequence[int], *, scale: float = 1.0) -> torch.Tensor:
        """The input of that name, recomputed from the run's seed in the dtype in which the student's code ran."""
        return draws.draw(self.run.seed, name, shape, scale=scale).to(self.dtype)

    def integers(self, name: str, shape: Sequence[int], *, below: int) -> torch.Tensor:
        """The integer input of that name, recomputed from the run's seed."""
        return draws.draw_integers(self.run.seed, name, shape, below=below)

    def parameter(
        self, owner: str, qualified: str, shape: Sequence[int], *, scale: float | str = "fan_in"
    ) -> torch.Tensor:
        """A parameter as the `fill` step set it, recomputed from the run's seed."""
        name = draws.parameter_name(owner, qualified, self.run.salt)
        width = draws.parameter_scale(shape, scale)
        return draws.draw(self.run.seed, name, shape, scale=width).to(self.dtype)


def _in_words(value: Value) -> str:
    """A recorded value as a noun phrase for the student."""
    words = {
        "none": "`None`",
        "missing": "not there",
        "scalar": "a number",
        "text": "a text",
        "tensor": "a tensor",
        "array": "a NumPy array",
        "dict": "a dict",
        "object": "an object",
    }
    if value.kind in ("tuple", "list"):
        return f"a {value.kind} of {len(value.items)} values"
    if value.kind == "object" and value.facts is not None:
        return f"an object of class `{value.facts.class_name[:80]}`"
    if value.kind == "other":
        return f"of type `{(value.text or 'unknown')[:80]}`"
    return words[value.kind]
