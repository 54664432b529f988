"""Samples whose files are not as they should be, though the work in them is good."""

from __future__ import annotations

from _base import NAME, blank, handed_in, sample, solution
from sample_kit import zipped


@sample("s050-messy-nbformat-3.zip")
def messy_nbformat_3() -> bytes:
    """The work in the old format: worksheets, `input` for `source`, no ids."""
    notebook = solution()
    cells = []
    for cell in notebook.cells:
        if cell["cell_type"] == "code":
            code = {"cell_type": "code", "collapsed": False, "language": "python", "metadata": {}, "outputs": []}
            cells.append(code | {"input": "".join(cell["source"]), "prompt_number": 1})
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": "".join(cell["source"])})
    notebook.content = {
        "metadata": {"name": "CW3"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return handed_in(notebook)


@sample("s051-messy-utf-16.zip")
def messy_utf_16() -> bytes:
    """UTF-16 with a byte order mark and Windows line ends."""
    text = solution("gates g, o, f, i with the sigmoid written out", questions=("1b",)).text().replace("\n", "\r\n")
    return zipped({NAME: b"\xff\xfe" + text.encode("utf-16-le")})


@sample("s052-messy-cut-off.zip")
def messy_cut_off() -> bytes:
    """A file that ends in the middle of the training cell: the cells before it are whole, the theory is lost."""
    text = solution().text()
    return zipped({NAME: text[: text.index("optimizer.zero_grad()")].encode()})


COLAB = """%load_ext autoreload
from google.colab import drive
drive.mount('/content/drive')
%cd /content/drive/MyDrive/cw3
!wget -q http://example.org/files/speech_commands.zip
!unzip -q speech_commands.zip
"""
PICTURE = (
    "from IPython.display import Image, display\ndisplay(Image(filename='Performance by epoch.png', width=550))\n\n"
)


@sample("s053-messy-colab.zip")
def messy_colab() -> bytes:
    """Magics, shell lines, a mounted drive, `.cuda()` without a GPU, and labels below a picture that is not there."""
    notebook = solution("gates f, i, g, o by slices", questions=("1a", "1b"))
    notebook.insert("colab", COLAB, before="given")
    notebook.write("theory-3-labels", PICTURE + notebook.source("theory-3-labels"))
    notebook.insert("gpu", "probe = torch.zeros(2, 2).cuda()\n!nvidia-smi\n", before="question-1")
    notebook.content["metadata"]["colab"] = {"name": "CW3.ipynb", "provenance": []}
    notebook.content["metadata"]["accelerator"] = "GPU"
    return handed_in(notebook)


@sample("s055-messy-several-notebooks.zip")
def messy_several_notebooks() -> bytes:
    """An empty notebook, the template, a checkpoint, the Mac's own files, and in a folder the work itself."""
    empty = solution()
    empty.content["cells"] = []
    return zipped(
        {
            "Untitled.ipynb": empty.bytes(),
            "CW3 template.ipynb": blank().bytes(),
            ".ipynb_checkpoints/CW3_RNNs-checkpoint.ipynb": blank().bytes(),
            "__MACOSX/work/._CW3_RNNs.ipynb": b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ",
            "work/CW3_RNNs (1).ipynb": solution("gates o, g, i, f by split", questions=("2e",)).bytes(),
            "work/notes.txt": b"see the notebook\n",
        }
    )


@sample("s056-messy-script.zip")
def messy_script() -> bytes:
    """Handed in as a script that an editor exported, with cells marked by `# %%`."""
    parts = []
    for cell in solution("gates o, g, i, f by split", questions=("1d",)).cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts.append(f"# %%\n{source}\n")
        else:
            commented = "\n".join(f"# {line}".rstrip() for line in source.split("\n"))
            parts.append(f"# %% [markdown]\n{commented}\n")
    return zipped({"cw3_rnns.py": "\n".join(parts).encode()})


@sample("s057-messy-“quotes” & 名前 d'été (2).zip")
def messy_name() -> bytes:
    """A file name with curly and straight quotes, an ampersand, accents and characters of three scripts."""
    return zipped({"Copy of CW3 – final’s “last” 版.ipynb": solution().bytes()})


@sample("s058-messy-nested.zip")
def messy_nested() -> bytes:
    """A zip in a zip, the notebook with a byte order mark."""
    inner = zipped({NAME: b"\xef\xbb\xbf" + solution().bytes()})
    return zipped({"submission/CW3_RNNs.zip": inner, "__MACOSX/submission/._CW3_RNNs.zip": b"\x00\x05\x16\x07"})
