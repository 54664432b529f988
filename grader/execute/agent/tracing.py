"""Records every call of every submodule while a module runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

import torch

from .control import Refused
from .modules import modules_of
from .tensor_file import Content, content_of
from .values import Recorder, flat_tensors

_CALLS = 3_000
_NO_FORWARD = object()


class Tracer:
    """Wraps `forward` on the instances inside a module, for as long as it is entered.

    On the instance, because some code calls `forward` directly: both ways are then seen, each call once.
    """

    def __init__(self, root: Any, whole: Sequence[str] = ()) -> None:
        """`whole` has names of classes whose objects are not looked into."""
        self._parts: list[tuple[str, torch.nn.Module]] = []
        inside: tuple[str, ...] = ()
        for name, part in modules_of(root)[1:] if isinstance(root, torch.nn.Module) else ():
            if not name.startswith(inside):
                self._parts.append((name, part))
                if type(part).__name__ in whole:
                    inside = (*inside, f"{name}.")
        self._before: list[Any] = []
        self._calls: list[tuple[str, str, list[Content | None], list[Content | None]]] = []

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
            outputs: list[Content | None] = []
            inputs = _contents([arguments, keywords] if keywords else arguments)
            self._calls.append((name, type(part).__name__, inputs, outputs))
            value = forward(*arguments, **keywords)
            outputs += _contents(value)
            return value

        return traced

    def as_text(self, recorder: Recorder) -> str:
        """JSON of `TracedCall`s in the order in which the calls began, as text; one that raised has no outputs.

        Raises:
            Refused: if the tensors do not fit.
        """
        heads: dict[tuple[str, str], str] = {}
        texts = []
        for name, class_name, inputs, outputs in self._calls:
            head = heads.get((name, class_name))
            if head is None:
                head = f'{{"module":{_quoted(name)},"class_name":{_quoted(class_name)}'
                heads[name, class_name] = head
            seen = ",".join([f'"{recorder.keep_by_content(content)}"' for content in inputs])
            made = ",".join([f'"{recorder.keep_by_content(content)}"' for content in outputs])
            texts.append(f'{head},"inputs":[{seen}],"outputs":[{made}]}}')
        return f"[{','.join(texts)}]"


def _contents(value: Any) -> list[Content | None]:
    return [content_of(tensor) for tensor in flat_tensors(value)]
