"""Searches every readable file for a key: rubrics, solutions, expected values, other hand-ins."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="marks",
    holds="No key exists in the sandbox, and the job holds no expected value.",
    code="""
import json
import os

def attack():
    words = ("rubric", "solution", "expected", "mutant", "hand-in", "submission", "run.sqlite", ".ipynb")
    found = []
    for root, folders, files in os.walk("/"):
        if root == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "usr", "env")]
        found += [name for name in (*folders, *files) if any(word in name for word in words)]
    with open("/job/job.json") as file:
        job = json.load(file)
    del job["cells"]
    job = json.dumps(job)
    found += [word for word in ("expected", "1640", "n d + n^2", "marks", "it cancels") if word in job]
    if found:
        return found
    raise LookupError
""",
    raises=("LookupError",),
)
