"""Modules of helpers that a course gives its students: imported from the job where nothing else has their names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

Note = Callable[[str], None]


class _Supply(MetaPathFinder, Loader):
    """Finds and runs the modules that the rubric supplies."""

    def __init__(self, sources: dict[str, str], note: Note) -> None:
        self._sources = sources
        self._note = note

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module, if it is supplied."""
        return spec_from_loader(fullname, self) if fullname in self._sources else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's source."""
        self._note(f"The helpers of `{module.__name__}` are the course's own here.")
        code = compile(self._sources[module.__name__], f"<{module.__name__}>", "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102 - the rubric's own text, as given to the students


def install(sources: dict[str, str], note: Note) -> None:
    """Let the modules be imported; whatever else is found under their names goes first.

    Args:
        sources: Python source by the name of its module.
        note: takes a sentence for the student when one of them is used.
    """
    if sources:
        sys.meta_path.append(_Supply(sources, note))
