"""What the engine asks of an oracle. An oracle knows a field; it is found through the entry points `grader.oracles`.

The engine knows modules, calls and arrays only. It hands over plain mappings of tensors and gets verdicts back; an
oracle imports nothing of `grader` and matches these shapes structurally.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import torch


class MistakeText(Protocol):
    """A named mistake as the pages print it."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str:
        """Noun phrase that a student can search for."""

    @property
    def formula(self) -> str: ...
    @property
    def what_you_did(self) -> str: ...
    @property
    def next_step(self) -> str: ...
    @property
    def effect(self) -> str:
        """`wrong`, or `equivalent`: a re-parameterisation that earns full marks."""


class Policy(Protocol):
    """A choice that is the instructor's: a switch under `policies` in rubric.yaml."""

    @property
    def values(self) -> Mapping[str, str]:
        """Each value with what it means."""

    @property
    def default(self) -> str: ...
    @property
    def text(self) -> str:
        """What is to be chosen, and when."""

    @property
    def charges(self) -> Mapping[str, Mapping[str, str]]:
        """For a value: what a named mistake costs (`none`, `part` or `full`) where the rubric's `charge` is silent."""


class CellVerdict(Protocol):
    """What a cell computes.

    `status` is one of: exact, equivalent (earn full marks); mistake (named, `mistakes` has one identifier); ambiguous
    (`mistakes` has the candidates); unnamed (wrong for certain, no name fits); unrecognised (a person looks).
    """

    @property
    def status(self) -> str: ...
    @property
    def mistakes(self) -> Sequence[str]: ...
    @property
    def convention(self) -> str: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def formula(self) -> str | None:
        """Identifier of the step function that reproduces the cell, right or wrong; None if there is none."""

    @property
    def layout(self) -> Any:
        """How parameters map to that step function, whatever the sizes; opaque to the engine."""

    @property
    def nearest(self) -> Sequence[tuple[str, float]]:
        """Known formulas by distance, for `grader explain`; two significant digits."""


class ModelVerdict(Protocol):
    """What a model does with its cells; `status` as for cells, plus `blocked` where nothing can be said."""

    @property
    def status(self) -> str: ...
    @property
    def mistakes(self) -> Sequence[str]: ...
    @property
    def edges(self) -> Sequence[str]:
        """Sentences about the data flow: "layer 2 reads the input, not layer 1"."""

    @property
    def by(self) -> str:
        """`replay` or `data flow`: how it was judged."""

    @property
    def as_made(self) -> bool:
        """True if the model is right, as far as it runs, but for the cells that its constructor has made.

        `mistakes` may name that fault.
        """

    @property
    def notes(self) -> Sequence[str]: ...


@runtime_checkable
class Oracle(Protocol):
    """The judge's knowledge of a field."""

    @property
    def version(self) -> str:
        """Digest of everything that can change a verdict."""

    def families(self) -> Sequence[str]:
        """Families of cells that can be recognised."""

    def architectures(self) -> Sequence[str]:
        """Architectures that can be judged."""

    def policies(self) -> Mapping[str, Policy]:
        """The choices that a rubric may make, by name; verdicts follow them."""

    def cell_sizes(self, family: str) -> tuple[int, int]:
        """(input, hidden) sizes at which a cell of the family is best probed."""

    def has_cell_state(self, family: str) -> bool:
        """True if a step takes and returns a pair (hidden, cell)."""

    def recognise_cell(self, family: str, observation: Mapping[str, Any], policy: Mapping[str, str]) -> CellVerdict:
        """Judge one cell.

        Observation:
            input_size, hidden_size   int
            dtype                     "float64" | "float64 differences" | "float32"; the second where outputs have
                                      all digits, and derivatives are central differences of them
            parameters                {qualified name: tensor} as filled
            x, h, c                   (B, d), (B, n), (B, n): the point of the Jacobian; c absent without a cell state
            outputs                   tuple of tensors (B, n), in the order returned
            directions                (B, K, n · outputs) where K sums of the outputs of each sample, side by side, were
                                      differentiated in place of each output, as at sizes where that would be too much
            jacobian                  {"x" | "h" | "c" | qualified parameter name: (outputs flattened, *shape)}; with
                                      directions (B · K, *shape), sample by sample
            trials                    sequence of {"x", "h", "c", "outputs"}: fresh points, at least two
            repeated                  outputs of the first trial once more, after the others
        """

    def judge_model(
        self,
        architecture: str,
        observation: Mapping[str, Any],
        cells: Mapping[str, CellVerdict | None],
        policy: Mapping[str, str],
    ) -> ModelVerdict:
        """Judge one run of a model.

        Observation:
            mode                      str: key of `cells`-by-mode in the rubric, as the rubric calls it
            family                    str: the family of its cells
            input_size, hidden_size, layers, output_size, batch, steps   int;  bias  bool
            dtype                     "float64" | "float32"
            parameters                {qualified name: tensor} as filled
            modules                   {qualified name: {"class": str, "library": bool, "attributes": {...}}}
            x                         (B, T, d)
            outputs                   tensor, or None if the call raised
            error                     {"type", "line"} or None
            weights                   tensor of the outputs' shape, used for `gradients`; None if there are none
            gradients                 {"x" | qualified parameter name: tensor}; empty if there are none
            calls                     sequence of {"module": qualified name, "class": str,
                                      "inputs": [tensor id...], "outputs": [tensor id...]} in call order
            tensors                   {tensor id: tensor}
            roles                     {"cells": attribute, "reverse_cells": attribute, "classifier": attribute}
            numbers                   hashable name of parameters, modules, x and weights, or absent: where it is equal,
                                      they are
            gradient_vector           all gradients one after the other, "x" first, then in the order of the
                                      parameters; or absent
        What is costly may be made only when it is looked at.

        `cells` maps the class names of the student's cells to their verdicts.
        """

    def describe(self, mistake: str) -> MistakeText:
        """The text of a named mistake.

        Raises:
            KeyError: if there is no such mistake.
        """

    def nearest_mistakes(self, prefix: str) -> Sequence[str]:
        """Identifiers of all named mistakes that start with `prefix`."""


@runtime_checkable
class FormulaOracle(Protocol):
    """What an oracle may offer beside: names for wrong formulas. The engine asks, and does without."""

    def formulas(self) -> Mapping[str, Sequence[str]]:
        """What is counted by a formula, as rubrics call it -> the symbols that such a formula may hold."""

    def name_formula(self, subject: str, value: Callable[[Mapping[str, int]], Fraction | None]) -> str | None:
        """The named mistake that a wrong formula makes; None if no name fits.

        Args:
            subject: what the formula should count, as the rubric calls it (`named_by`).
            value: the formula's exact value at given sizes; None where it has none.
        """


class RowFinding(Protocol):
    """Something that does not fit in what a run printed."""

    @property
    def code(self) -> str:
        """Kebab-case; becomes a flag."""

    @property
    def sentence(self) -> str:
        """For a person who has the rows in front of them."""


@runtime_checkable
class LogOracle(Protocol):
    """What an oracle may offer beside: rules about the logs of its field. The engine asks, and does without."""

    def log_expectations(self) -> Mapping[str, str]:
        """What may be expected of a log, by key, with what it means."""

    def check_log(
        self, rows: Sequence[Mapping[str, int | float]], expectation: Mapping[str, Any]
    ) -> Sequence[RowFinding]:
        """What does not fit in the rows of a log.

        Args:
            rows: name of a column, as the oracle calls it -> number.
            expectation: by the keys of `log_expectations`.
        """


Tensors = Mapping[str, torch.Tensor]


class GradientVerdict(Protocol):
    """What an oracle says about a gradient; `status` is one of exact, mistake, ambiguous, unnamed."""

    @property
    def status(self) -> str: ...
    @property
    def mistakes(self) -> Sequence[str]:
        """The one mistake, or several that give these numbers."""

    @property
    def right(self) -> bool:
        """True if the right formula gives these numbers."""


@runtime_checkable
class GradientOracle(Protocol):
    """What an oracle may offer beside: names for wrong gradients. The engine asks, and does without."""

    def gradient_items(self) -> Mapping[str, Sequence[str]]:
        """Family of derivations -> the gradients in it that can be named."""

    def gradient_inputs(self, family: str, options: Mapping[str, str], *, size_one: bool) -> Tensors | None:
        """The point at which gradients of the family are named: name of a symbol -> value.

        A symbol with several steps has one value for each, named `x_1`, `x_2` and so on. None where every size is 1
        and nothing can be told there.

        Raises:
            ValueError: for an option that the family does not know.
        """

    def name_gradient(
        self,
        family: str,
        item: str,
        value: torch.Tensor,
        options: Mapping[str, str],
        *,
        size_one: bool,
        slopes: Mapping[str, Callable[[torch.Tensor], torch.Tensor]],
    ) -> GradientVerdict:
        """The formula by which a gradient was computed at that point.

        Args:
            family: of derivations.
            item: the gradient in it.
            value: what the student's formula gives there.
            options: what the rubric says beside, and `scope`: `local` or `total`.
            size_one: which of the two points it is.
            slopes: function -> its slope from its value, where a student's own is followed through.
        """
