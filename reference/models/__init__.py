"""Judging of models: replay of the recognised cells, and recorded data flow."""

from __future__ import annotations

from reference.models.judge import ARCHITECTURES, judge

__all__ = ["ARCHITECTURES", "judge"]
