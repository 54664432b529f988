"""Samples whose files are not as they should be, though the work in them is good."""

from __future__ import annotations

from _base import NAME, blank, handed_in, sample, solution
from sample_kit import zipped


@sample("s050-messy-unread.zip")
def messy_unread() -> bytes:
    """Derivations that no machine reads: a person looks, with the place where reading stopped."""
    return handed_in(solution(answers={"4a": "unread", "4b": "unread", "4c": "unread"}))


@sample("s051-messy-own-cells.zip")
def messy_own_cells() -> bytes:
    """The given cells stay as they were; every answer to part 1 stands in a cell of its own below."""
    notebook, given = solution(), blank()
    for question in ("1a", "1b", "2", "3a", "3b", "4s", "4a", "4b", "4c", "4d", "4e", "4f"):
        text = notebook.source(f"answer-{question}")
        following = notebook.cells[notebook.cells.index(notebook.cell(f"answer-{question}")) + 1]["id"]
        notebook.write(f"answer-{question}", given.source(f"answer-{question}"))
        notebook.insert(f"mine-{question}", text, before=following, kind="markdown")
    return handed_in(notebook)


COLAB = """%load_ext autoreload
from google.colab import drive
drive.mount('/content/drive')
%cd /content/drive/MyDrive/hw2
!pip install -q torch
"""


@sample("s052-messy-colab.zip")
def messy_colab() -> bytes:
    """Magics, shell lines, a mounted drive, prints in `forward`, no markers, Windows line ends, a byte order mark."""
    notebook = solution("time first inside, log-probabilities, no bias in the projection")
    notebook.insert("colab", COLAB, before="imports")
    notebook.without_markers("model").without_markers("loss").without_markers("training-parts")
    notebook.replace(
        "model", "y, states = self.net(x, states)", 'y, states = self.net(x, states)\n        print("shape", y.shape)'
    )
    return zipped({NAME: b"\xef\xbb\xbf" + notebook.text().replace("\n", "\r\n").encode()})


@sample("s053-messy-script.zip")
def messy_script() -> bytes:
    """Handed in as a script that an editor exported, with cells marked by `# %%`."""
    parts = []
    for cell in solution().cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts.append(f"# %%\n{source}\n")
        else:
            commented = "\n".join(f"# {line}".rstrip() for line in source.split("\n"))
            parts.append(f"# %% [markdown]\n{commented}\n")
    return zipped({"hw2.py": "\n".join(parts).encode()})


@sample("s054-messy-two-notebooks.zip")
def messy_two_notebooks() -> bytes:
    """The template beside the work, a checkpoint, and the Mac's own files."""
    return zipped(
        {
            "hw2 template.ipynb": blank().bytes(),
            ".ipynb_checkpoints/hw2-checkpoint.ipynb": blank().bytes(),
            "__MACOSX/._hw2 final.ipynb": b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ",
            "hw2 final.ipynb": solution().bytes(),
        }
    )


@sample("s055-messy-does-not-parse.zip")
def messy_does_not_parse() -> bytes:
    """A bracket is missing in `detach_states`; the functions above it in the same cell count."""
    notebook = solution()
    notebook.replace(
        "training-parts", "tuple(state.detach() for state in states)", "tuple(state.detach( for state in states)"
    )
    return handed_in(notebook)
