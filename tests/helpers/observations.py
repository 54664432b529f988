"""Student cells in many layouts, and the observations that the kernel's agent would make of them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from reference.cells.roles import Role, StepInputs
from reference.mistakes import cell_mistakes
from reference.recognition.families import FAMILIES

F64 = torch.float64


def noise(seed: int, *shape: int) -> Tensor:
    """Uniform numbers of variance 1 from a generator of their own."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(*shape, generator=generator, dtype=F64) * 2 - 1) * 3**0.5


def fill(module: nn.Module, seed: int, scale: float | None = 0.7) -> nn.Module:
    """Overwrite every parameter; None scales weights by 1/√fan-in and biases by 0.5, as probes do."""
    with torch.no_grad():
        for index, (_, parameter) in enumerate(sorted(module.named_parameters())):
            fan_in = 1 / parameter.shape[-1] ** 0.5 if parameter.dim() >= 2 else 0.5
            parameter.copy_(noise(seed * 1000 + index, *parameter.shape) * (fan_in if scale is None else scale))
    return module


# ------------------------------------------------------------------------------------------------ cells


class StudentCell(nn.Module):
    """A cell that computes any named formula with its parameters in any layout."""

    def __init__(
        self,
        family: str,
        formula: str,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        layout: str = "fused",
        order: str | None = None,
        seed: int = 0,
        scale: float | None = 0.7,
    ) -> None:
        super().__init__()
        self.family = FAMILIES[family]
        steps = {entry.mistake.id: entry.step for entry in cell_mistakes(self.family.prefix)}
        self.step = steps[formula]
        self.input_size, self.hidden_size, self.layout = input_size, hidden_size, layout
        self.order = list(order or self.family.roles)
        self.names = [f"q{index}" for index in range(2 * len(self.order))]
        random.Random(seed).shuffle(self.names)
        BUILDERS[layout](self, input_size, hidden_size, len(self.order), bias)
        fill(self, seed + 1, scale)

    def roles(self) -> dict[str, Role]:
        return READERS[self.layout](self)

    def forward(self, input: Tensor, hx: Any = None) -> Any:  # the coursework's own name
        if hx is None:
            zero = input.new_zeros(input.shape[0], self.hidden_size)
            hx = (zero, zero) if self.family.has_cell_state else zero
        h, c = hx if self.family.has_cell_state else (hx, hx)
        outputs = self.step(StepInputs(x=input, h=h, c=c, roles=self.roles(), activation=self.family.activation))
        return outputs if self.family.has_cell_state else outputs[0]


def _bias(linear: nn.Linear, rows: slice | Any = slice(None)) -> Tensor:
    if linear.bias is None:
        return linear.weight.new_zeros(linear.weight.shape[0])[rows]
    return linear.bias[rows]


def _build_fused(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.x2h, cell.h2h = nn.Linear(d, k * n, bias=bias, dtype=F64), nn.Linear(n, k * n, bias=bias, dtype=F64)


def _read_fused(cell: Any, rows: Callable[[int], slice] | None = None) -> dict[str, Role]:
    n = cell.hidden_size
    at = rows or (lambda index: slice(index * n, (index + 1) * n))
    state_order = cell.order[::-1] if cell.layout == "two_orders" else cell.order
    return {
        role: Role(
            W_x=cell.x2h.weight[at(cell.order.index(role))],
            b_x=_bias(cell.x2h, at(cell.order.index(role))),
            W_h=cell.h2h.weight[at(state_order.index(role))],
            b_h=_bias(cell.h2h, at(state_order.index(role))),
        )
        for role in cell.order
    }


def _build_one_bias(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.x2h, cell.h2h = nn.Linear(d, k * n, bias=bias, dtype=F64), nn.Linear(n, k * n, bias=False, dtype=F64)


def _read_interleaved(cell: Any) -> dict[str, Role]:
    return _read_fused(cell, lambda index: slice(index, None, len(cell.order)))


def _build_separate(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    state_bias = bias and cell.layout == "separate"
    maps: list[nn.Linear] = [nn.Linear(d, n, bias=bias, dtype=F64) for _ in range(k)]
    maps += [nn.Linear(n, n, bias=state_bias, dtype=F64) for _ in range(k)]
    for name, linear in sorted(zip(cell.names, maps, strict=True), key=lambda pair: pair[0]):
        setattr(cell, name, linear)


def _read_separate(cell: Any) -> dict[str, Role]:
    k = len(cell.order)
    maps = [getattr(cell, name) for name in cell.names]
    return {
        role: Role(W_x=maps[i].weight, b_x=_bias(maps[i]), W_h=maps[k + i].weight, b_h=_bias(maps[k + i]))
        for i, role in enumerate(cell.order)
    }


def _build_joined(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.gates = nn.Linear(d + n, k * n, bias=bias, dtype=F64)


def _join(cell: Any, weight: Tensor, bias: Tensor) -> Role:
    n, d = cell.hidden_size, cell.input_size
    state_first = cell.layout in ("hx", "gate_hx")
    return Role(
        W_x=weight[:, n:] if state_first else weight[:, :d],
        W_h=weight[:, :n] if state_first else weight[:, d:],
        b_x=bias,
        b_h=torch.zeros_like(bias),
    )


def _read_joined(cell: Any) -> dict[str, Role]:
    n = cell.hidden_size
    found = {}
    for index, role in enumerate(cell.order):
        rows = slice(index * n, (index + 1) * n)
        found[role] = _join(cell, cell.gates.weight[rows], _bias(cell.gates, rows))
    return found


def _build_gate_joined(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    for name in sorted(cell.names[:k]):
        setattr(cell, name, nn.Linear(d + n, n, bias=bias, dtype=F64))


def _read_gate_joined(cell: Any) -> dict[str, Role]:
    maps = [getattr(cell, name) for name in cell.names[: len(cell.order)]]
    return {role: _join(cell, linear.weight, _bias(linear)) for role, linear in zip(cell.order, maps, strict=True)}


def _parameter(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape, dtype=F64))


def _build_raw(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    for index in range(k):
        setattr(cell, f"U{index}", _parameter(d, n))
        setattr(cell, f"V{index}", _parameter(n, n))
        if bias:
            setattr(cell, f"k{index}", _parameter(n))


def _read_raw(cell: Any) -> dict[str, Role]:
    zero = torch.zeros(cell.hidden_size, dtype=F64)
    return {
        role: Role(
            W_x=getattr(cell, f"U{i}").mT,
            W_h=getattr(cell, f"V{i}").mT,
            b_x=getattr(cell, f"k{i}", zero),
            b_h=zero,
        )
        for i, role in enumerate(cell.order)
    }


def _build_raw_fused(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.U, cell.V = _parameter(d, k * n), _parameter(n, k * n)
    if bias:
        cell.k = _parameter(1, k * n)


def _read_raw_fused(cell: Any) -> dict[str, Role]:
    n = cell.hidden_size
    at = [slice(i * n, (i + 1) * n) for i in range(len(cell.order))]
    return {
        role: Role(
            W_x=cell.U[:, at[i]].mT,
            W_h=cell.V[:, at[i]].mT,
            b_x=cell.k[0, at[i]] if hasattr(cell, "k") else torch.zeros(n, dtype=F64),
            b_h=torch.zeros(n, dtype=F64),
        )
        for i, role in enumerate(cell.order)
    }


def _build_stacked(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.W, cell.U = _parameter(k, n, d), _parameter(k, n, n)
    if bias:
        cell.b, cell.e = _parameter(k, n), _parameter(k, n)


def _read_stacked(cell: Any) -> dict[str, Role]:
    zero = torch.zeros(len(cell.order), cell.hidden_size, dtype=F64)
    b, e = getattr(cell, "b", zero), getattr(cell, "e", zero)
    return {role: Role(W_x=cell.W[i], W_h=cell.U[i], b_x=b[i], b_h=e[i]) for i, role in enumerate(cell.order)}


def _build_stacked_transposed(cell: Any, d: int, n: int, k: int, bias: bool) -> None:
    cell.W = _parameter(k, d + n, n)
    if bias:
        cell.b = _parameter(k, 1, n)


def _read_stacked_transposed(cell: Any) -> dict[str, Role]:
    zero = torch.zeros(len(cell.order), 1, cell.hidden_size, dtype=F64)
    b = getattr(cell, "b", zero)
    return {role: _join(cell, cell.W[i].mT, b[i, 0]) for i, role in enumerate(cell.order)}


BUILDERS: Mapping[str, Callable[..., None]] = {
    "fused": _build_fused,
    "two_orders": _build_fused,
    "one_bias": _build_one_bias,
    "interleaved": _build_fused,
    "separate": _build_separate,
    "separate_one_bias": _build_separate,
    "hx": _build_joined,
    "xh": _build_joined,
    "gate_hx": _build_gate_joined,
    "raw": _build_raw,
    "raw_fused": _build_raw_fused,
    "stacked": _build_stacked,
    "stacked_transposed": _build_stacked_transposed,
}
READERS: Mapping[str, Callable[..., dict[str, Role]]] = {
    "fused": _read_fused,
    "two_orders": _read_fused,
    "one_bias": _read_fused,
    "interleaved": _read_interleaved,
    "separate": _read_separate,
    "separate_one_bias": _read_separate,
    "hx": _read_joined,
    "xh": _read_joined,
    "gate_hx": _read_gate_joined,
    "raw": _read_raw,
    "raw_fused": _read_raw_fused,
    "stacked": _read_stacked,
    "stacked_transposed": _read_stacked_transposed,
}
LAYOUTS = tuple(BUILDERS)


def gate_orders(family: str) -> list[str]:
    """All orders of a family's gates."""
    return ["".join(order) for order in itertools.permutations(FAMILIES[family].roles)]


# ------------------------------------------------------------------------------------------------ observations


class Wrapped(nn.Module):
    """A cell inside another module."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, *arguments: Any) -> Any:
        return self.cell(*arguments)


def grid(family: str) -> list[tuple[str, str | None]]:
    """(layout, order of the gates) of every way of storing parameters that is tried; `wrapped` is one of them."""
    orders = [("fused", order) for order in gate_orders(family) if list(order) != list(FAMILIES[family].roles)]
    return [*((layout, None) for layout in LAYOUTS), *orders, ("wrapped", None)]


def make_cell(
    family: str, formula: str, layout: str, *, sizes: tuple[int, int] | None = None, **options: Any
) -> nn.Module:
    """A student's cell in a layout of the grid."""
    inner = "fused" if layout == "wrapped" else layout
    cell = StudentCell(family, formula, *(sizes or FAMILIES[family].probe_sizes), layout=inner, **options)
    return Wrapped(cell) if layout == "wrapped" else cell


def _call(cell: nn.Module, state: bool, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    """One step on copies of the inputs, as the agent makes them: nothing that is changed in place comes back."""
    x, h, c = x.clone(), h.clone(), c.clone()
    result = cell(x, (h, c)) if state else cell(x, h)
    return result if isinstance(result, tuple) else (result,)


def observe_cell(
    cell: nn.Module,
    family: str,
    seed: int = 7,
    dtype: torch.dtype = F64,
    *,
    sizes: tuple[int, int] | None = None,
    directions: int | None = None,
) -> dict[str, Any]:
    """The evidence about one cell, as the agent records it.

    A net that is dead at the point of the derivatives is filled anew, as the probe does.

    Args:
        cell: with parameters filled.
        family: what it is meant to be.
        seed: of the inputs.
        dtype: in which the cell computes.
        sizes: (input, hidden), where they are not those of the probe.
        directions: how many random sums of outputs are differentiated for each sample; None: every output.
    """
    known = FAMILIES[family]
    d, n = sizes or known.probe_sizes
    state = known.has_cell_state
    cell = cell.to(dtype)
    points = [
        tuple(noise(seed * 100 + 10 * index + part, 3 + index, size).to(dtype) for part, size in enumerate((d, n, n)))
        for index in range(3)
    ]
    for salt in range(5):
        seen = _derivatives(cell, state, points[0], directions, seed)
        if any(bool(seen["jacobian"][name].any()) for name, _ in cell.named_parameters()):
            break
        fill(cell, 100 * (salt + 1) + seed)
    with torch.no_grad():
        trials = [{"x": a, "h": b, "c": e, "outputs": _call(cell, state, a, b, e)} for a, b, e in points[1:]]
        repeated = _call(cell, state, *points[1])
    return {
        "input_size": d,
        "hidden_size": n,
        "dtype": "float64" if dtype == F64 else "float32",
        "parameters": {name: value.detach().clone() for name, value in cell.named_parameters()},
        "trials": trials,
        "repeated": repeated,
    } | seen


def _derivatives(
    cell: nn.Module, state: bool, point: tuple[Tensor, ...], directions: int | None, seed: int
) -> dict[str, Any]:
    """The point, the outputs there, and their derivatives."""
    x, h, c = (value.clone().requires_grad_() for value in point)
    outputs = _call(cell, state, x, h, c)
    targets = {"x": x, "h": h} | ({"c": c} if state else {}) | dict(cell.named_parameters())
    flat, seen = torch.cat([value.flatten() for value in outputs]), {}
    ways = torch.eye(flat.numel(), dtype=flat.dtype)
    if directions is not None:
        batch, side_by_side = x.shape[0], torch.cat(outputs, dim=1)
        drawn = noise(seed * 100 + 99, batch, directions, side_by_side.shape[1]).to(flat.dtype)
        flat = torch.einsum("bo,bko->bk", side_by_side, drawn).flatten()
        ways, seen = torch.eye(flat.numel(), dtype=flat.dtype), {"directions": drawn}
    jacobian = {name: torch.zeros(len(ways), *value.shape, dtype=flat.dtype) for name, value in targets.items()}
    if flat.requires_grad:
        found = torch.autograd.grad(
            flat, list(targets.values()), ways, retain_graph=True, allow_unused=True, is_grads_batched=True
        )
        jacobian |= {name: rows for name, rows in zip(targets, found, strict=True) if rows is not None}
    seen |= {"x": x.detach(), "h": h.detach(), "outputs": tuple(value.detach() for value in outputs)}
    return seen | {"jacobian": jacobian} | ({"c": c.detach()} if state else {})
