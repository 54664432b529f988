"""Kinds of answer. Importing this package registers them all: every module in this folder with a judge in it."""

from __future__ import annotations

import importlib
import pkgutil

from grader.score.kinds.base import JudgeContext, Kind, Verdict, kind, kind_of, known_kinds, takes, waits_for_a_person

__all__ = ["JudgeContext", "Kind", "Verdict", "kind", "kind_of", "known_kinds", "takes", "waits_for_a_person"]

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
