"""Where a student's answers stand in a notebook: by markers, headings, names of cells, names in code, and place.

The ways are tried together and trusted in that order. Nothing is run and nothing is parsed as Python: a notebook is
read as lines, once, in time that grows with its length alone.
"""

from __future__ import annotations

from grader.score.locate.fences import fenced_regions
from grader.score.locate.located import Located, Reading, locate
from grader.score.locate.ways import Place, Way

__all__ = ["Located", "Place", "Reading", "Way", "fenced_regions", "locate"]
