"""Makes the sample hand-ins beside this file from the model solution and what the rubric plants.

    .venv/bin/python submissions/uva_a2/make_samples.py [--check] [--out FOLDER]
    .venv/bin/python submissions/uva_a2/make_samples.py --mutants FOLDER

`expected.csv` beside this file, written by hand, says what each must earn. s001 to s009 are right, in notebooks, in
Python files, and in both; s020 to s035 make mistakes, among them all of the report that this coursework is made from;
s050 to s054 are messy, s080 to s082 hold nothing or next to nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent), str(ROOT)]

from _files import HEAD, MODULES, TRAIN, markdown, module, modules, report  # noqa: E402
from sample_kit import Samples, run, zipped  # noqa: E402

KIT = Samples(ROOT / "rubrics" / "uva_a2", "assignment_2.ipynb")
RUBRIC, SAMPLES = KIT.rubric, KIT.made
sample, solution, handed_in = KIT.sample, KIT.solution, KIT.handed_in

PLANTED_SAMPLES = {
    "s004-right-hidden-first": (
        "hidden units before the batch in 1.2",
        "columns and one parameter of three dimensions in 1.6",
    ),
    "s005-right-joined-maps": ("linear layers in 1.2", "one map for all gates on h and x together in 1.6"),
    "s006-right-one-hot": ("one-hot digits only in 1.2",),
    "s007-right-adam-eps-inside": ("ε under the root in 1.4",),
    "s008-right-phased-otherwise": ("a gate that leaks in 2.4", "the first step at time 0 in 2.4"),
    "s009-right-peephole-old-cell": ("the output gate looks at the old cell in 2.5", "factored out in 1.5b"),
    "s020-softmax-unsquared": ("uva.softmax_denominator_unsquared in 1.1s",),
    "s022-truncated-product": ("uva.truncated_one_step in 1.1b",),
    "s024-adam-without-correction": ("adam.no_bias_corr in 1.4",),
    "s025-time-gate-inverted": ("ph.gate_inverted in 2.4", "ph.gate_inverted in 2.1"),
    "s028-rnn-state-kept": ("model.state_not_reset in 1.2",),
    "s029-rnn-softmax": ("model.softmax_applied in 1.2",),
    "s030-lstm-forget-inverted": ("lstm.forget_inverted in 1.6",),
    "s031-lstm-cell-read": ("model.lstm_uses_cell_output in 1.6",),
    "s032-no-output-peephole": ("peep.no_output_peephole in 2.5",),
    "s033-temperature-multiplied": ("temp.multiply in 3.1d", "count.times_T in 1.5b"),
}
for _name, _headings in PLANTED_SAMPLES.items():
    SAMPLES[f"{_name}.zip"] = lambda headings=_headings: handed_in(solution(*headings))


# ---------------------------------------------------------------------------------------------------- right


@sample("s001-right-reference.zip")
def right_reference() -> bytes:
    """The model solution itself."""
    return handed_in(solution().executed())


@sample("s002-right-files-and-notebook.zip")
def right_files_and_notebook() -> bytes:
    """The code in Python files, a training script among them, and a notebook with the answers in words."""
    notebook = solution()
    return zipped({**modules(notebook, "code/"), "report.ipynb": report(notebook)})


@sample("s003-right-files-and-markdown.zip")
def right_files_and_markdown() -> bytes:
    """The code in Python files and the report in Markdown; the count stands in a module. No notebook at all."""
    notebook = solution("hidden units before the batch in 1.2")
    files = modules(notebook)
    files["lstm.py"] += b'\n\nlstm_parameters = "4 * n * (n + d + 1)"\n'
    return zipped({**files, "report.md": markdown(notebook)})


# ---------------------------------------------------------------------------------------------------- mistakes


@sample("s021-recursion-without-direct-term.zip")
def recursion_without_direct_term() -> bytes:
    """The recursion for the derivative of the state lacks its direct term: from zero it stays zero."""
    text = r"""
$$\frac{\partial h_t}{\partial W_{hh}} = (1 - h_t^2) W_{hh} \frac{\partial h_{t-1}}{\partial W_{hh}}$$

$$\frac{\partial L}{\partial W_{hh}} = 0$$
"""
    return handed_in(solution().write("a1.1b", text))


@sample("s023-rmsprop-of-the-report.zip")
def rmsprop_of_the_report() -> bytes:
    """RMSProp without the gradient, and with the learning rate applied twice."""
    notebook = solution()
    notebook.replace(
        "rmsprop", "w = w - lr * g / (torch.sqrt(r) + eps)", "u = -lr / (torch.sqrt(r) + eps)\n    w = w + lr * u"
    )
    return handed_in(notebook)


@sample("s026-open-share-misread.zip")
def open_share_misread() -> bytes:
    """The text says that a larger open share lengthens the gap as well, and inverts the gate: for a person to see."""
    notebook = solution()
    notebook.write(
        "a2.1", "If r_on is larger, the gate is open for longer, and the gap between openings grows with it."
    )
    notebook.write("a2.2", "While k < 1 the current state is used; at k = 1 the gate is closed and the memory is kept.")
    return handed_in(notebook)


@sample("s027-log-with-a-gap.zip")
def log_with_a_gap() -> bytes:
    """The log and the table of texts have no row for step 11000: a flag, and no mark is touched."""
    rows = [(step, 1.2 + 2.4 / (1 + step / 700)) for step in range(1000, 19000, 1000) if step != 11000]
    log = "".join(f"Step {step} loss {loss:.3f} accuracy {0.63 - 0.16 * (loss - 1.2):.3f}\n" for step, loss in rows)
    return handed_in(solution().printed("train", log))


@sample("s034-files-with-a-mistake.zip")
def files_with_a_mistake() -> bytes:
    """Python files: the LSTM has its candidate through a sigmoid, and Markdown takes the place of the notebook."""
    notebook = solution("lstm.candidate_sigmoid in 1.6")
    files = modules(notebook, "assignment_2/part1/")
    files["assignment_2/part1/answers.py"] = b'lstm_parameters = "4*(d*n + n**2 + n)"\n'
    return zipped({**files, "assignment_2/README.md": markdown(notebook)})


@sample("s035-library-layer.zip")
def library_layer() -> bytes:
    """The LSTM is torch's own, which is forbidden: flagged, and judged all the same."""
    notebook = solution()
    body = """
def __init__(self, seq_length, input_dim, num_hidden, num_classes, batch_size, device="cpu"):
    super().__init__()
    self.inner = nn.LSTM(input_dim, num_hidden, batch_first=True)
    self.last = nn.Linear(num_hidden, num_classes)

def forward(self, x):
    states, _ = self.inner(x.unsqueeze(-1))
    return self.last(states[:, -1])
"""
    return handed_in(notebook.answer("1.6", body.strip("\n")))


# ---------------------------------------------------------------------------------------------------- messy


@sample("s050-messy-script-runs-at-once.zip")
def messy_script_runs_at_once() -> bytes:
    """The training script has no guard: it parses arguments and trains at its top level, and is not run."""
    notebook = solution()
    files = modules(notebook, "src/")
    head, _, tail = TRAIN.partition('if __name__ == "__main__":\n')
    files["src/train.py"] = (head + "\n".join(line[4:] for line in tail.split("\n"))).encode()
    return zipped({**files, "report.ipynb": report(notebook)})


@sample("s051-messy-folders.zip")
def messy_folders() -> bytes:
    """A zip in a zip, Windows line ends, leavings of programs, and an import of what is not there."""
    notebook = solution()
    files = {f"Assignment 2/{name}": data.replace(b"\n", b"\r\n") for name, data in modules(notebook).items()}
    files["Assignment 2/train.py"] = b"import tensorboardX\r\n" + files["Assignment 2/train.py"]
    files["Assignment 2/report (final).ipynb"] = report(notebook)
    files["Assignment 2/__pycache__/lstm.cpython-311.pyc"] = b"\x00\x01"
    files["__MACOSX/Assignment 2/._lstm.py"] = b"\x00\x05\x16\x07"
    return zipped({"hand-in.zip": zipped(files)})


@sample("s052-messy-broken-module.zip")
def messy_broken_module() -> bytes:
    """One module does not parse: it costs its own question only."""
    notebook = solution()
    files = modules(notebook)
    files["peephole.py"] = files["peephole.py"].replace(
        b"torch.sigmoid(f + self.p_f * c)", b"torch.sigmoid(f + self.p_f * c"
    )
    return zipped({**files, "report.ipynb": report(notebook)})


@sample("s053-messy-one-script.zip")
def messy_one_script() -> bytes:
    """Everything in one script with cell marks, exported from the notebook."""
    parts = []
    for cell in solution().cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append("# %% [markdown]\n" + "\n".join(f"# {line}" for line in source.split("\n")))
        else:
            parts.append(f"# %%\n{source}")
    return zipped({"assignment_2.py": ("\n\n".join(parts) + "\n").encode()})


@sample("s054-messy-two-versions.zip")
def messy_two_versions() -> bytes:
    """An older file of the same class lies beside the one that counts, under another name and with a mistake."""
    notebook = solution()
    files = modules(notebook)
    files["old/lstm_v1.py"] = module(solution("lstm.no_output_tanh in 1.6"), MODULES["lstm"]).encode()
    return zipped({**files, "report.ipynb": report(notebook)})


# ---------------------------------------------------------------------------------------------------- nothing


@sample("s080-blank.zip")
def blank() -> bytes:
    """The student version as it was given out."""
    notebook = KIT.blank()
    for cell in notebook.cells:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    return handed_in(notebook)


@sample("s081-only-a-report.zip")
def only_a_report() -> bytes:
    """A report in Markdown, without any code."""
    return zipped({"report.md": markdown(solution())})


@sample("s082-only-the-rnn.zip")
def only_the_rnn() -> bytes:
    """One module, and nothing else."""
    return zipped({"vanilla_rnn.py": (HEAD + module(solution(), MODULES["vanilla_rnn"])[len(HEAD) :]).encode()})


if __name__ == "__main__":
    sys.exit(run(dict(sorted(SAMPLES.items())), HERE, RUBRIC))
