"""Records every call of every submodule while a module runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .control import Refused
from .modules import modules_of
from .values import Recorder, flat_tensors, own_copy

_CALLS = 3_000
_NO_FORWARD = object()


class Tracer:
    """Wraps `forward` on the instances inside a module, for as long as it is entered.

    On the instance, because some code calls `forward` directly: both ways are then seen, each call once.
    """

    def __init__(self, root: Any) -> None:
        self._parts: list[tuple[str, torch.nn.Module]] = (
            modules_of(root)[1:] if isinstance(root, torch.nn.Module) else []
        )
        self._before: list[Any] = []
        self._calls: list[tuple[str, str, list[torch.Tensor], list[torch.Tensor]]] = []

    def __enter__(self) -> Tracer:
        for name, part in self._parts:
            self._before.append(vars(part).get("forward", _NO_FORWARD))
            vars(part)["forward"] = self._wrapped(name, part, part.forward)
        return self

    def __exit__(self, *raised: object) -> None:
        for place, before in enumerate(self._before):
            attributes = vars(self._parts[place][1])
            if before is _NO_FORWARD:
                attributes.pop("forward", None)
            else:
                attributes["forward"] = before

    def _wrapped(self, name: str, part: torch.nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def traced(*arguments: Any, **keywords: Any) -> Any:
            if len(self._calls) == _CALLS:
                raise Refused("calls")
            outputs: list[torch.Tensor] = []
            self._calls.append((name, type(part).__name__, _copies([arguments, keywords]), outputs))
            value = forward(*arguments, **keywords)
            outputs += _copies(value)
            return value

        return traced

    def as_json(self, recorder: Recorder) -> list[dict[str, Any]]:
        """JSON of `TracedCall`s in the order in which the calls began; one that raised has no outputs.

        Raises:
            Refused: if the tensors do not fit.
        """
        return [
            {
                "module": name,
                "class_name": class_name,
                "inputs": [recorder.keep_by_content(tensor) for tensor in inputs],
                "outputs": [recorder.keep_by_content(tensor) for tensor in outputs],
            }
            for name, class_name, inputs, outputs in self._calls
        ]


def _copies(value: Any) -> list[torch.Tensor]:
    return [own_copy(tensor) for tensor in flat_tensors(value)]
