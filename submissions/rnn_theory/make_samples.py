"""Makes the sample hand-ins beside this file from the model solution.

    .venv/bin/python submissions/rnn_theory/make_samples.py [--check] [--out FOLDER]

t01 to t07 are right, each in another convention; t10 to t18 make a mistake of those that can be named or told; t20 to
t23 hold texts whose claims a person has to judge; t30 to t37 are messy; t40 to t42 hold nothing. `expected.csv`, written
by hand, says what each must earn.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Make, Notebook, Samples, run, zipped  # noqa: E402 - the folder above has to be found first

from grader.workshop.planting import blank_hand_in  # noqa: E402 - the same

KIT = Samples(ROOT / "rubrics" / "rnn_theory", "theory.ipynb")
RUBRIC, SAMPLES, handed_in = KIT.rubric, KIT.made, KIT.handed_in
ANSWER, CHOICE = "*Your answer:*", "*Your choice:*"
CHOICES = ("1.1c", "3.2")


def sheet(**answers: str) -> Notebook:
    """The model solution with other answers; `a1_1a="..."` is the one to 1.1a, `why3_2="..."` the reason for 3.2."""
    notebook = Notebook(RUBRIC)
    for name, text in answers.items():
        question = name.removeprefix("why").removeprefix("a").replace("_", ".")
        label = CHOICE if name.startswith("a") and question in CHOICES else ANSWER
        cell = f"a-{question}-why" if name.startswith("why") else f"a-{question}"
        notebook.write(cell, f"{label}\n\n{text}")
    return notebook


def sample(name: str) -> Callable[[Make], Make]:
    """Register what makes the bytes of a sample."""
    return KIT.sample(f"{name}.zip")


ANSWERED: dict[str, dict[str, str]] = {
    # ------------------------------------------------------------------------------------------------ right
    "t01-right-model-solution": {},
    "t02-right-factors-in-latex": {
        "a1_1a": "$$N = n\\,(n + m + k)$$",
        "a1_1b": "$N = 128 \\cdot 158 = 20{,}224$",
        "a1_1c": "(b)",
        "a3_2": "c)",
    },
    "t03-right-one-bias": {"a1_1a": "n^2 + nm + kn + n + k", "a1_1b": "20,362 parameters"},
    "t04-right-two-biases": {
        "a1_1a": "`n*(n + m + 2) + k*(n + 1)`",
        "a1_1b": "With n = 128, m = 20 and k = 10 the network has 20490 parameters.",
    },
    "t05-right-other-letters": {"a1_1a": "$H^2 + H D + K H$", "a1_1b": "20 224", "a1_1c": "B.", "a3_2": "option C"},
    "t06-right-equation-chain": {
        "a1_1a": "params = n*n + n*m + n*k = n(n + m + k)",
        "a1_1b": "128² + 128·20 + 128·10 = 2.0224 × 10^4",
        "a1_1c": "It stays the same",
        "a3_2": "the candidate times the input gate",
    },
    "t07-right-boxes-ticked": {
        "a1_1c": "- [ ] a\n- [x] b\n- [ ] c",
        "a3_2": "- [ ] (a)\n- [ ] (b)\n- [X] (c)\n- [ ] (d)",
    },
    # --------------------------------------------------------------------------------------------- mistakes
    # The number follows from the student's own formula, so that it is charged once, in 1.1a.
    "t10-no-recurrent": {"a1_1a": "$nm + kn$", "a1_1b": "3840"},
    "t11-square-alone": {"a1_1a": "$n^2$", "a1_1b": "16,384"},
    "t12-times-the-length": {"a1_1a": "$T \\cdot (n^2 + nm + kn)$", "a1_1b": "505600 parameters for T = 25."},
    "t13-hidden-layer-alone": {"a1_1a": "n^2 + nm", "a1_1b": "18944"},
    "t14-number-mistyped": {"a1_1b": "20242"},
    # Another formula that nobody knows by name, and a right number from somewhere else.
    "t15-another-formula": {"a1_1a": "(n + m + k)^2", "a1_1b": "20224"},
    "t16-grows-with-the-length": {"a1_1c": "a) it doubles, as there are twice as many steps", "a1_1b": "20224"},
    "t17-old-state-is-kept": {"a3_2": "(a)", "why3_2": "A closed gate leaves the memory as it is."},
    "t18-bias-of-the-output-alone": {"a1_1a": "n^2 + nm + kn + k", "a1_1b": "20234"},
    # ------------------------------------------------------------------- claims that a person has to judge
    "t20-cannot-explode": {
        "a3_3": "What is passed back through the cell is multiplied by the forget gate only. A gate is never larger "
        "than 1, so in an LSTM the gradient is not able to explode."
    },
    "t21-derivative-exactly-one": {
        "a3_3": "The loop in the cell has the identity as its activation. Its derivative is exactly 1.0, so nothing is "
        "ever lost on the way back."
    },
    "t22-vanishing-alone": {
        "a2_1": "Going back through many steps multiplies many small numbers, so that the gradient tends to zero.",
        "a3_4": "Take a GRU: one gate in place of two.",
    },
    "t23-theory-left-out": dict.fromkeys(("why1_1c", "a2_1", "a2_2", "a3_1", "why3_2", "a3_3", "a3_4", "a3_5"), ""),
    # ------------------------------------------------------------------------------------------------ messy
    # Words that are no formula, two formulas, two numbers, two options: a person reads them.
    "t30-messy-formula-in-words": {"a1_1a": "n squared plus n times m plus k times n", "a1_1b": "20224"},
    "t31-messy-two-formulas": {"a1_1a": "$n^2 + nm + kn$ or maybe $n^2 + nm$", "a1_1b": "about 20000 or 20224"},
    "t32-messy-undecided": {"a1_1c": "a or b, I am not sure", "a3_2": "c?"},
}
for _name, _answers in ANSWERED.items():
    SAMPLES[f"{_name}.zip"] = lambda answers=_answers: handed_in(sheet(**answers))


@sample("t33-messy-answers-below-the-label")
def messy_on_the_line_of_the_label() -> bytes:
    """Answers on the line of their label, which so is no line of the template any more."""
    notebook = sheet()
    notebook.write("a-1.1a", "*Your answer:* n^2 + nm + kn").write("a-1.1b", "*Your answer:* 20224")
    notebook.write("a-1.1c", "*Your choice:* b").write("a-3.2", "**Your choice: (c)**")
    return handed_in(notebook)


@sample("t34-messy-answers-in-code-cells")
def messy_code_cells() -> bytes:
    """Answers in code cells, as comments and as they are, below cells that were left as they were."""
    notebook = blank_hand_in(RUBRIC)
    notebook.insert("my-1.1a", "# n^2 + n*m + k*n", before="q-1.1b")
    notebook.insert("my-1.1b", "# 20224", before="q-1.1c")
    notebook.insert("my-1.1c", "# b", before="q-1.1c-why")
    notebook.insert("my-2.1", "'''The gradient is a product of many Jacobians.'''", before="q-2.2")
    return handed_in(notebook)


@sample("t35-messy-old-format")
def messy_old_format() -> bytes:
    """The sheet in the old format of notebooks, with worksheets and no ids."""
    notebook = sheet()
    cells = [
        {"cell_type": cell["cell_type"], "metadata": {}, "source": "".join(cell["source"])} for cell in notebook.cells
    ]
    notebook.content = {
        "metadata": {"name": "theory"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return handed_in(notebook)


@sample("t36-messy-one-cell")
def messy_one_cell() -> bytes:
    """Everything in one markdown cell, questions and answers."""
    notebook = sheet()
    whole = "\n\n".join("".join(cell["source"]) for cell in notebook.cells)
    notebook.content["cells"] = notebook.cells[:1]
    return handed_in(notebook.write("title", whole))


@sample("t37-messy-text-file")
def messy_text_file() -> bytes:
    """No notebook but a text, with headings of its own above the answers."""
    notebook, parts = sheet(), []
    for cell in notebook.cells:
        text = "".join(cell["source"])
        asked = re.match(r"(?:## .*\n+)?\*\*((?:Question|Reason for) [\d.]+(?: [a-c])?)\.\*\*", text)
        parts.append(f"## {asked[1]}" if asked else text.removeprefix(ANSWER).removeprefix(CHOICE).strip())
    return zipped({"answers.md": "\n\n".join(parts).encode()})


@sample("t40-blank")
def blank() -> bytes:
    """The student version as it was given out."""
    return handed_in(blank_hand_in(RUBRIC))


@sample("t41-no-cells")
def no_cells() -> bytes:
    """A notebook without a cell."""
    notebook = Notebook(RUBRIC)
    notebook.content["cells"] = []
    return handed_in(notebook)


@sample("t42-empty")
def empty() -> bytes:
    """A zip with nothing in it."""
    return zipped({})


if __name__ == "__main__":
    sys.exit(run(dict(sorted(SAMPLES.items())), HERE, RUBRIC))
