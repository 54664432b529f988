"""A search for bad input that is guided by coverage, with atheris, which `make test-all` installs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType


def search(target: Callable[[bytes], None], packages: tuple[str, ...], arguments: Sequence[str]) -> None:
    """Run a target on bytes that reach ever more of some packages; ends the process.

    Args:
        target: raises where something is wrong.
        packages: beginnings of names of modules that are loaded; all of torch would take minutes.
        arguments: options of libFuzzer, and folders of its corpus.
    """
    import atheris

    for function in set(_functions(packages)):
        atheris.instrument_func(function)
    atheris.Setup([sys.argv[0], *arguments], target)
    atheris.Fuzz()


def _functions(packages: tuple[str, ...]) -> Iterator[FunctionType]:
    """The functions and methods that the modules define."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(packages):
            continue
        for one in vars(module).values():
            if getattr(one, "__module__", None) == name:
                inside = vars(one).values() if isinstance(one, type) else (one,)
                yield from (found for found in inside if isinstance(found, FunctionType))
