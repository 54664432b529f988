"""Library layers behind the coursework's names, so that what builds on a broken definition can be judged."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from .control import AgentError


def replace(namespace: dict[str, Any], stand_ins: dict[str, str]) -> None:
    """Put a stand-in behind each name.

    Raises:
        AgentError: if a dotted name is not a class.
    """
    for name, dotted in stand_ins.items():
        module, _, attribute = dotted.rpartition(".")
        try:
            base = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise AgentError(f"no stand-in is called {dotted}") from error
        if not isinstance(base, type):
            raise AgentError(f"the stand-in {dotted} is not a class")
        namespace[name] = stand_in_for(base)


def stand_in_for(base: type) -> type:
    """A subclass under the base's own name that ignores constructor arguments which the base does not know."""
    accepted = [name for name in inspect.signature(base).parameters if name not in ("device", "dtype")]

    def construct(self: Any, *arguments: Any, **keywords: Any) -> None:
        known = {name: value for name, value in keywords.items() if name in accepted}
        base.__init__(self, *arguments[: len(accepted)], **known)  # type: ignore[misc]  # `base` is what we subclass

    return type(base.__name__, (base,), {"__init__": construct, "__module__": base.__module__})
