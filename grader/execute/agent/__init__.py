"""The agent: runs inside a student's kernel, takes evidence, and holds no answer.

The host ships this folder, with a copy of `draws.py` in it, as the package `_grader_agent`; it needs torch and Python
3.9 or later and imports nothing of the grader. It cannot be imported from here, where `draws.py` does not lie.
Each function below is one request of the host's, and returns nothing.
"""

from __future__ import annotations

from .requests import cell, finish, probe, stand_in, start, train

__all__ = ["cell", "finish", "probe", "stand_in", "start", "train"]
