"""Student models built from live cells, and the observation that the kernel's agent would make of one run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from helpers.observations import F64, StudentCell, fill, noise
from torch import Tensor, nn

from reference.models.network import Loop, Network, NotApplicableError, State


class ModuleLayer:
    """A live cell as a layer of the reference loops."""

    def __init__(self, cell: nn.Module, other: nn.Module | None = None) -> None:
        self.cell, self.other = cell, other

    def step(self, x: Tensor, state: State | None) -> State:
        hx = state if state is None or len(state) > 1 else state[0]
        result = self.cell(x, hx)
        return result if isinstance(result, tuple) else (result,)

    def with_other_activation(self) -> ModuleLayer:
        raise NotApplicableError("build the model with other cells instead")


Forward = Callable[[Network], Tensor]


class StudentModel(nn.Module):
    """A model with the coursework's attributes whose forward is any function of its network."""

    def __init__(
        self,
        make_cell: Callable[[int, int, bool], nn.Module],
        sizes: tuple[int, int, int, int],
        bidirectional: bool = False,
        bias: bool = True,
        forward: Forward = Network.output,
        classifier_width: int | None = None,
    ) -> None:
        super().__init__()
        d, n, layers, classes = sizes
        self.sizes, self.program, self.bidirectional = sizes, forward, bidirectional
        self.rnn_cell_list = nn.ModuleList([make_cell(d if i == 0 else n, n, bias) for i in range(layers)])
        if bidirectional:
            self.rnn_cell_list_rev = nn.ModuleList([make_cell(d if i == 0 else n, n, bias) for i in range(layers)])
        self.fc = nn.Linear(classifier_width or (2 * n if bidirectional else n), classes, dtype=F64)

    def forward(self, x: Tensor) -> Tensor:
        return self.program(
            Network(
                x=x,
                layers=[ModuleLayer(cell) for cell in self.rnn_cell_list],
                reverse_layers=[ModuleLayer(cell) for cell in self.rnn_cell_list_rev] if self.bidirectional else (),
                classifier=self.fc,
                wanted_layers=self.sizes[2],
                hidden_size=self.sizes[1],
                bidirectional=self.bidirectional,
            )
        )


def student_cells(family: str, formula: str, layout: str = "fused") -> Callable[[int, int, bool], nn.Module]:
    """A maker of cells of one class."""
    return lambda d, n, bias: StudentCell(family, formula, d, n, bias=bias, layout=layout)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in _tensors(item)]
    if isinstance(value, dict):
        return [tensor for item in value.values() for tensor in _tensors(item)]
    return []


class _Recorder:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.tensors: dict[str, Tensor] = {}

    def keep(self, value: Tensor) -> str:
        content = value.detach().contiguous()
        digest = hashlib.sha256(content.numpy().tobytes() + str(tuple(content.shape)).encode()).hexdigest()
        self.tensors.setdefault(digest, content.clone())
        return digest

    def wrap(self, name: str, module: nn.Module) -> None:
        inner = module.forward

        def recorded(*args: Any, **kwargs: Any) -> Any:
            inputs = [self.keep(value) for value in _tensors([*args, kwargs])]
            call = {"module": name, "class": type(module).__name__, "inputs": inputs, "outputs": []}
            self.calls.append(call)
            result = inner(*args, **kwargs)
            call["outputs"] = [self.keep(value) for value in _tensors(result)]
            return result

        module.forward = recorded  # type: ignore[method-assign]


def observe_model(
    model: nn.Module,
    family: str,
    sizes: tuple[int, int, int, int],
    batch: int = 4,
    steps: int = 5,
    seed: int = 5,
    dtype: torch.dtype = F64,
    with_calls: bool = True,
    modes: Sequence[str] = ("",),
) -> dict[str, Any]:
    """The evidence about one run of a model, as the agent records it."""
    d, n, layers, classes = sizes
    fill(model, seed, None)
    model.to(dtype)
    recorder = _Recorder()
    facts = {
        name: {
            "class": type(module).__name__,
            "library": type(module).__module__.startswith("torch."),
            "attributes": {"nonlinearity": module.nonlinearity} if hasattr(module, "nonlinearity") else {},
        }
        for name, module in model.named_modules()
        if name
    }
    if with_calls:
        for name, module in model.named_modules():
            if name and not isinstance(module, nn.ModuleList):
                recorder.wrap(name, module)
    x = noise(seed, batch, steps, d).to(dtype).requires_grad_()
    outputs: Tensor | None = None
    error = None
    try:
        outputs = model(x)
    except (RuntimeError, IndexError, TypeError) as caught:
        error = {"type": type(caught).__name__, "line": 1}
    weights, gradients = None, {}
    if outputs is not None and outputs.requires_grad:
        weights = noise(seed + 1, *outputs.shape).to(dtype)
        targets = {"x": x} | dict(model.named_parameters())
        found = torch.autograd.grad((outputs * weights).sum(), list(targets.values()), allow_unused=True)
        gradients = {
            name: torch.zeros_like(value) if gradient is None else gradient
            for (name, value), gradient in zip(targets.items(), found, strict=True)
        }
    return {
        "mode": modes[0],
        "family": family,
        "input_size": d,
        "hidden_size": n,
        "layers": layers,
        "output_size": classes,
        "batch": batch,
        "steps": steps,
        "bias": True,
        "dtype": "float64" if dtype == F64 else "float32",
        "parameters": {name: value.detach().clone() for name, value in model.named_parameters()},
        "modules": facts,
        "x": x.detach(),
        "outputs": None if outputs is None else outputs.detach(),
        "error": error,
        "weights": weights,
        "gradients": gradients,
        "calls": recorder.calls,
        "tensors": recorder.tensors,
        "roles": {"cells": "rnn_cell_list", "reverse_cells": "rnn_cell_list_rev", "classifier": "fc"},
    }


__all__ = ["Loop", "ModuleLayer", "StudentModel", "observe_model", "student_cells"]
