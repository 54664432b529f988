"""Plausibility of what a training run printed: rules over rows of numbers, which tell a person and never mark.

A run is chance, so no rule compares with exact numbers; each says what cannot be, or hardly ever is. Rows are parsed
elsewhere: here they are mappings of plain numbers.
"""

from __future__ import annotations

from reference.curves.finding import Finding, Row
from reference.curves.log import check_log
from reference.curves.schedule import learning_rate

__all__ = ["Finding", "Row", "check_log", "learning_rate"]
