"""Grades notebooks with otter-grader, one after the other, in one process; runs in the peers' environment.

python otter_worker.py AUTOGRADER.zip MARKS.json NOTEBOOK...
"""

import json
import sys
from pathlib import Path

import otter.api


def main() -> None:
    """Write the marks of each notebook by its name."""
    autograder, marks, *notebooks = sys.argv[1:]
    found = {}
    for notebook in notebooks:
        graded = otter.api.grade_submission(notebook, autograder, quiet=True)
        found[Path(notebook).stem] = float(graded.total)
    Path(marks).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
