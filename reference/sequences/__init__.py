"""Recognition of models that read a sequence and hold their cell inside, from raw parameters in any layout."""

from __future__ import annotations

from reference.sequences.families import SEQUENCES, SequenceFamily
from reference.sequences.judge import recognise_sequence

__all__ = ["SEQUENCES", "SequenceFamily", "recognise_sequence"]
