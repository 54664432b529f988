"""Grades deep-learning coursework: takes hand-ins in, executes them in isolation, scores the evidence, reports."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
