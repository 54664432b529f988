"""Samples that attack, or look like it: each loses only what it touched."""

from __future__ import annotations

from _base import NAME, handed_in, sample, solution
from sample_kit import Notebook, marked_encrypted, with_link, zipped


def with_cell(source: str) -> Notebook:
    """The model solution and one more cell, above the first question."""
    return solution().insert("more", source, before="question-1")


@sample("s060-hostile-endless-definition.zip")
def hostile_endless_definition() -> bytes:
    """A definition that never ends: it costs its own time and nothing else."""
    return handed_in(with_cell("class Waiting:\n    count = 0\n    while True:\n        count += 1\n"))


@sample("s062-hostile-exit.zip")
def hostile_exit() -> bytes:
    """An assignment that ends the process: the other cells are read in a fresh kernel."""
    return handed_in(with_cell("import os\n\nended = os._exit(0)\n"))


@sample("s064-hostile-flood.zip")
def hostile_flood() -> bytes:
    """Prints without end where names are defined, and 2 MB in every step of the LSTM cell."""
    flood = "def shout():\n    for number in range(10**7):\n        print('flood', number)\n\n\nshouted = shout()\n"
    return handed_in(solution(q1b="talkative").insert("flood", flood, before="question-1"))


@sample("s065-hostile-zip-slip.zip")
def hostile_zip_slip() -> bytes:
    """Entries that leave the folder beside a good notebook: they are passed over, a person is told."""
    return zipped({"../../outside.txt": b"outside\n", NAME: solution().bytes(), "/absolute.txt": b"absolute\n"})


@sample("s066-hostile-link.zip")
def hostile_link() -> bytes:
    """A symbolic link out of the folder beside a good notebook."""
    return with_link(handed_in(solution()), "answers.ipynb", "../../../../etc/passwd")


@sample("s067-hostile-encrypted.zip")
def hostile_encrypted() -> bytes:
    """Encrypted with a password that nobody has."""
    return marked_encrypted(handed_in(solution()))


@sample("s068-hostile-truncated.zip")
def hostile_truncated() -> bytes:
    """The first half of a zip: an upload that broke off."""
    whole = handed_in(solution())
    return whole[: len(whole) // 2]


SEARCH = '''import glob
import os
import sys


def search(root="/"):
    """Everything that looks like a key."""
    found = []
    for folder, _, names in os.walk(root):
        found += [os.path.join(folder, name) for name in names if name in ("rubric.yaml", "solution.ipynb", "expected.csv")]
    return found


def imported(name):
    try:
        return __import__(name)
    except ImportError:
        return None


KEYS = search()
GRADER = imported("grader")
ORACLE = imported("reference")
KEY = open(KEYS[0]).read() if KEYS else ""
'''


@sample("s069-hostile-reads-the-rubric.zip")
def hostile_reads_the_rubric() -> bytes:
    """Looks for the key on the whole machine to take its labels from there; it finds none, and the labels are lost."""
    labels = "# Answers below:\n\n" + "".join(
        f"{letter}_model = KEY.partition('{letter}_model: ')[2][:4].strip(', ')\n" for letter in "ABC"
    )
    return handed_in(with_cell(SEARCH).write("theory-3-labels", labels + "\n# Give your reasons below:\n"))


SCRIPT = "<script>document.title='taken over'</script><img src=x onerror=\"document.title='taken over'\">"


@sample("s070-hostile-<b onmouseover=alert(1)>.zip")
def hostile_markup() -> bytes:
    """Markup in the file name, in answers, in outputs and in a message of an error: pages show it as text."""
    notebook = solution().insert("markup", SCRIPT, before="theory-2", kind="markdown")
    notebook.write(
        "theory-1-answer", f"{SCRIPT}\n\n[click](javascript:alert(1))\n\n$$\\href{{javascript:alert(1)}}{{x}}$$\n"
    )
    notebook.insert("message", f"raised = int('''{SCRIPT}''')\n", before="question-1")
    notebook.printed("seeds", f"{SCRIPT}\n\x1b[31mred\x1b[0m\n")
    return handed_in(notebook)


@sample("=cmd()+s071.zip")
def hostile_formula_name() -> bytes:
    """A file name that a spreadsheet would take for a formula."""
    return handed_in(solution())
