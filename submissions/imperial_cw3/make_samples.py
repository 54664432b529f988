"""Makes the sample hand-ins beside this file from the model solution, what the rubric plants, and `_variants`.

    .venv/bin/python submissions/imperial_cw3/make_samples.py [--check] [--out FOLDER]
    .venv/bin/python submissions/imperial_cw3/make_samples.py --mutants FOLDER

The second writes a zip for every mutant and alternative of the rubric, and `expected.csv` with what each must earn.
Each sample stands here or in `_answers.py`, `_messy.py` or `_hostile.py`, with its purpose; `expected.csv` beside this
file, written by hand, says what it must earn. s001 to s014 are right, s020 to s047 make mistakes, s050 to s058 are
messy, s060 to s072 hostile, s080 to s082 hold nothing.
"""

from __future__ import annotations

import sys

import _hostile
import _messy
from _answers import ANSWERS, PLANTED_SAMPLES
from _base import HERE, PLANTED, RUBRIC, SAMPLES, blank, handed_in, sample, solution, template_of, trained
from sample_kit import run, zipped

PARTS = (_messy, _hostile)
"""Modules that register samples of their own when they are imported."""

for _name, _headings in PLANTED_SAMPLES.items():
    SAMPLES[f"{_name}.zip"] = lambda headings=_headings: handed_in(solution(*headings))
for _name, _answers in ANSWERS.items():
    SAMPLES[f"{_name}.zip"] = lambda answers=_answers: handed_in(solution(**{f"q{q}": n for q, n in answers.items()}))


# ---------------------------------------------------------------------------------------------------- right


@sample("s001-right-reference.zip")
def right_reference() -> bytes:
    """The model solution itself, run from top to bottom: its training cell is run again."""
    return handed_in(trained(solution(), "s001"))


@sample("s009-right-wrapped.zip")
def right_wrapped() -> bytes:
    """Every gate is a module of its own, defined in a cell that the template does not have."""
    heading = "every gate a module of its own"
    notebook = solution(heading, questions=("1a", "1b", "1c", "1d"))
    return handed_in(notebook.insert("gate", f"{PLANTED[heading].edits[0].text}\n", before="cells"))


@sample("s010-right-no-markers.zip")
def right_no_markers() -> bytes:
    """All markers deleted, another model trained; its training cell is run again."""
    notebook = solution("gates f, i, g, o by slices", questions=("1c", "1d"))
    notebook.without_markers("cells").without_markers("models")
    notebook.replace("training", 'BidirRecurrentModel("LSTM"', 'RNNModel("GRU"')
    return handed_in(trained(notebook, "s010"))


@sample("s011-right-outside-markers.zip")
def right_outside_markers() -> bytes:
    """The template's cells are left as they were; the classes are written anew in cells below."""
    notebook = solution("gates o, g, i, f by split", questions=("1b",))
    for identifier, after in (("cells", "question-2"), ("models", "training-task")):
        notebook.insert(f"my-{identifier}", notebook.source(identifier), before=after)
        notebook.without_markers(f"my-{identifier}").write(identifier, template_of(identifier))
    return handed_in(notebook)


@sample("s012-right-two-definitions.zip")
def right_two_definitions() -> bytes:
    """Right between the markers; an experiment further down defines the cell anew, wrongly, and the models use that."""
    notebook = solution()
    lstm = solution("lstm.no_output_tanh in 1b").source("cells").split("\n\n\nclass BasicRNNCell")[0]
    notebook.insert("experiment", f"# what happens without the last tanh?\n{lstm}", before="question-2")
    return handed_in(notebook.without_markers("experiment"))


# ---------------------------------------------------------------------------------------------------- mistakes


@sample("s023-lstm-candidate-sigmoid.zip")
def lstm_candidate_sigmoid() -> bytes:
    """A named mistake in a notebook that was trained: its training cell is run again."""
    return handed_in(trained(solution("lstm.candidate_sigmoid in 1b"), "s023"))


LABELS = """# Answers below:

A_model = 'GRU.'
B_model = 'gru'
C_model = " vanilla RNN"

# Give your reasons below:
"""


@sample("s046-theory-partly.zip")
def theory_partly() -> bytes:
    """Labels in a loose form, one wrong and no permutation; no reasons; theory question 2 left as it was."""
    notebook = solution().write("theory-3-labels", LABELS)
    for identifier in ("theory-2-answer", "theory-3-reasons"):
        notebook.write(identifier, template_of(identifier))
    return handed_in(notebook)


TANH_FOR_ITS_SLOPE = r"""The LSTM has a second path, the cell state $C_t = f_t \odot C_{t-1} + i_t \odot \tilde{C}_t$.
All paths together, with the output gate held fixed:

$$\begin{aligned}
\frac{\partial C_t}{\partial C_{t-1}} &= C_{t-1}\,\sigma'(\cdot)\, W_f \, o_{t-1} \tanh(C_{t-1}) \\
&+ \tilde{C}_t\,\sigma'(\cdot)\, W_i \, o_{t-1} \tanh(C_{t-1}) \\
&+ i_t \tanh'(\cdot)\, W_c \, o_{t-1} \tanh(C_{t-1}) + f_t
\end{aligned}$$

The last term is the forget gate, which can stay near one.
"""


@sample("s047-theory-tanh-for-its-slope.zip")
def theory_tanh_for_its_slope() -> bytes:
    """The formula of theory question 2 has tanh where its slope belongs, and no diagonal matrices."""
    return handed_in(solution().write("theory-2-answer", TANH_FOR_ITS_SLOPE))


# ---------------------------------------------------------------------------------------------------- nothing


@sample("s080-blank.zip")
def blank_student_version() -> bytes:
    """The student version as it was given out: no marks, and no crash although a cell of it does not parse."""
    return handed_in(blank())


@sample("s081-empty.zip")
def empty() -> bytes:
    """A zip with nothing in it."""
    return zipped({})


@sample("s082-only-a-pdf.zip")
def only_a_pdf() -> bytes:
    """The notebook printed to a PDF, without the notebook."""
    return zipped(
        {"CW3 report.pdf": b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"}
    )


if __name__ == "__main__":
    sys.exit(run(dict(sorted(SAMPLES.items())), HERE, RUBRIC))
