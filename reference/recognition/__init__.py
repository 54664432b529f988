"""Recognition of cells: which step formula a cell computes, in whatever layout its parameters are stored."""

from __future__ import annotations

from reference.recognition.families import FAMILIES, Family
from reference.recognition.judge import recognise
from reference.recognition.verdicts import CellVerdict, ModelVerdict

__all__ = ["FAMILIES", "CellVerdict", "Family", "ModelVerdict", "recognise"]
