"""Makes the sample hand-ins beside this file from the model solution and what the rubric plants.

    .venv/bin/python submissions/sequence_models_w1/make_samples.py [--check] [--out FOLDER]
    .venv/bin/python submissions/sequence_models_w1/make_samples.py --mutants FOLDER

The second writes a zip for every mutant and alternative of the rubric, and `expected.csv` with what each must earn.
`expected.csv` beside this file, written by hand, says what each sample must earn. s001 to s010 are right, s020 to s059
make mistakes, those of the printed course notes among them, s060 to s066 are messy, s080 and s081 hold nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Samples, run, zipped  # noqa: E402 - the folder above has to be found first

KIT = Samples(ROOT / "rubrics" / "sequence_models_w1", "Building_a_RNN_step_by_step.ipynb")
NAME, RUBRIC, SAMPLES = KIT.name, KIT.rubric, KIT.made
sample, solution, handed_in, blank = KIT.sample, KIT.solution, KIT.handed_in, KIT.blank

PLANTED_SAMPLES: dict[str, tuple[str, ...]] = {
    "s002-right-weights-apart": ("weights of state and input apart", "sampling with the old generator"),
    "s003-right-one-product": ("all gates in one product", "sampling by the cumulative distribution"),
    "s004-right-single-precision": ("steps written out, in single precision",),
    "s005-right-no-step-functions": ("sequences without the functions of a step",),
    "s006-right-printed-with-brackets": ("equations seven to ten as they are printed with brackets", "mean loss"),
    "s007-right-gates-in-a-dictionary": ("gates as a dictionary", "loss as an array of one number"),
    "s008-right-other-spellings": ("gradients under other spellings and in a tuple with the loss",),
    "s009-right-all-in-the-step": ("the gates' gradients computed anew in the step",),
    "s010-right-in-place": ("clipped in place and not returned",),
    # As printed in the course notes: brackets left out of (8) to (10), a candidate for a state, rows for columns.
    "s020-eq8-as-printed": ("seq.seed8 in 4c",),
    "s021-eq8-no-bracket": ("seq.eq8_noparen in 4c",),
    "s022-eq8-tanh-twice": ("seq.tanh_twice in 4c",),
    "s023-eq9-no-bracket": ("seq.eq9_noparen in 4c",),
    "s024-eq10-no-bracket": ("seq.eq10_noparen in 4c",),
    "s025-eq10-as-printed": ("seq.seed10 in 4c",),
    "s026-eq15-rows": ("seq.seed_rows in 4d",),
    "s027-eq17-candidate-twice": ("seq.seed17_dup in 4d",),
    "s028-bias-of-candidate-missing": ("seq.bias_c_missing in 4d",),
    "s029-lstm-without-tanh": ("lstm.no_output_tanh in 3c",),
    "s030-clip-by-norm": ("clip.global_norm in 5a",),
    "s031-loss-over-the-corpus": ("lmloss.corpus_for_vocab in 5d",),
    # Others.
    "s032-bias-no-keepdims": ("seq.bias_no_keepdims in 4d", "seqrnn.bias_no_keepdims in 4a"),
    "s033-stacked-the-other-way": ("seq.concat_xa in 4d",),
    "s034-mean-over-examples": ("seq.mean_batch in 4d",),
    "s035-no-way-through-a": ("seq.no_da_path in 4c", "seq.eq16_no_da in 4d"),
    "s036-gates-without-slopes": ("seq.activation_grads in 4c",),
    "s037-forget-inverted": ("lstm.forget_inverted in 3c",),
    "s038-argmax": ("samp.argmax_not_random in 5b",),
    "s039-teacher-forced": ("samp.teacher_forced in 5b",),
    "s040-no-stop": ("samp.no_stop in 5b",),
    "s041-scores-as-weights": ("samp.logits_as_probs in 5b",),
    "s042-state-not-carried": ("seqloop.state_not_carried in 3b", "seqloop.cell_not_carried in 3d"),
    "s043-later-steps-left-out": ("seqloop.later_steps_left_out in 4b", "seqloop.cell_gradient_not_carried in 4e"),
    "s044-softmax-over-examples": ("seqrnn.softmax_over_examples in 3a",),
    "s045-no-tanh-derivative": ("seqrnn.no_tanh_derivative in 4a",),
    "s046-clip-upper-only": ("clip.upper_only in 5a", "lmloss.missing_minus in 5d"),
    # Three mistakes in three places: each costs its own marks, and the loops built on them cost nothing.
    "s047-three-mistakes": ("lstm.candidate_sigmoid in 3c", "seq.eq9_noparen in 4c", "seq.no_transpose in 4d"),
    "s048-argmax-teacher-forced": ("samp.argmax_teacher_forced in 5b", "descent.plus_sign in 5c"),
    "s049-quiz-and-shapes": ("another option in 1d", "rows and columns exchanged in 2"),
}
"""File name -> headings of mutants or alternatives."""

for _name, _headings in PLANTED_SAMPLES.items():
    SAMPLES[f"{_name}.zip"] = lambda headings=_headings: handed_in(solution(*headings))


@sample("s001-right-reference.zip")
def right_reference() -> bytes:
    """The model solution itself, numbered as if it had been run."""
    return handed_in(solution().executed())


@sample("s050-rows-twice.zip")
def rows_twice() -> bytes:
    """Both slices of the weights by rows, as printed: the second has no rows, so the function raises at its end."""
    notebook = solution("seq.seed_rows in 4d")
    return handed_in(notebook.replace("lstm-cell-back", "[:, n_a:].T", "[n_a:, :].T"))


@sample("s051-no-forward.zip")
def no_forward() -> bytes:
    """Nothing in part 2: the steps back are judged with caches of ours."""
    notebook, given = solution(), blank()
    for identifier in ("rnn-cell", "rnn", "lstm-cell", "lstm"):
        notebook.write(identifier, given.source(identifier))
    return handed_in(notebook)


@sample("s052-broken-forward.zip")
def broken_forward() -> bytes:
    """A misspelt name in the LSTM's step: it raises; the gates' gradients, with a bracket missing, are judged apart."""
    notebook = solution("seq.eq10_noparen in 4c")
    return handed_in(notebook.replace("lstm-cell", "ft = sigmoid(", "ft = sigmiod("))


OWN_HELPERS = """import numpy as np


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def softmax(z):
    shifted = np.exp(z - np.max(z, axis=0))
    return shifted / np.sum(shifted, axis=0)
"""


@sample("s060-messy-own-helpers.zip")
def messy_own_helpers() -> bytes:
    """Helpers defined in the notebook, nothing imported from the course."""
    return handed_in(solution("mean loss").write("imports", OWN_HELPERS))


@sample("s061-messy-helper-files.zip")
def messy_helper_files() -> bytes:
    """Everything imported with a star, the helper files handed in beside the notebook, and folders of the system's."""
    notebook = solution().write("imports", "import numpy as np\nfrom rnn_utils import *\n")
    notebook.replace("names", "from utils import initialize_parameters, print_sample", "from utils import *")
    helpers = (RUBRIC.folder / "rnn_utils.py").read_bytes()
    members = {f"week1/{NAME}": notebook.bytes(), "week1/rnn_utils.py": helpers, "__MACOSX/week1/._x": b"\0"}
    return zipped(members)


@sample("s062-messy-no-markers.zip")
def messy_no_markers() -> bytes:
    """All markers deleted, functions moved into one cell at the end, prints in every step."""
    notebook = solution()
    functions = ("rnn-cell", "rnn", "lstm-cell", "lstm", "rnn-cell-back", "rnn-back", "gates", "lstm-cell-back")
    texts = []
    for identifier in functions:
        lines = [line for line in notebook.source(identifier).split("\n") if "CODE HERE" not in line]
        texts.append("\n".join(lines).replace("\n    a_next = ", "\n    print('step', xt.shape)\n    a_next = "))
        notebook.write(identifier, "# see the end\n")
    notebook.insert("all", "\n\n\n".join(texts) + "\n", before="writing")
    return handed_in(notebook)


@sample("s063-messy-cells-added-and-renamed.zip")
def messy_cells() -> bytes:
    """Template cells left as they were, the answers in cells of their own below, an experiment in between."""
    notebook, given = solution("all gates in one product"), blank()
    for identifier in ("lstm-cell", "gates"):
        notebook.insert(f"my-{identifier}", notebook.source(identifier), before="names-title")
        lines = [line for line in notebook.source(f"my-{identifier}").split("\n") if "CODE HERE" not in line]
        notebook.write(f"my-{identifier}", "\n".join(lines)).write(identifier, given.source(identifier))
    notebook.insert("try", "assert sigmoid(0) == 0.5\nlstm_cell_forward(1, 2, 3, {})\n", before="lstm-task")
    return handed_in(notebook)


@sample("s064-messy-partial.zip")
def messy_partial() -> bytes:
    """Parts 1 and 2 and the plain network's step back; nothing after that."""
    notebook, given = solution(), blank()
    for identifier in ("rnn-back", "gates", "lstm-cell-back", "lstm-back", "clip", "sample", "step", "loss"):
        notebook.write(identifier, given.source(identifier))
    return handed_in(notebook)


@sample("s065-messy-no-data.zip")
def messy_no_data() -> bytes:
    """The names read from a place of the student's own, which is not there; an old name of NumPy's in a function."""
    notebook = solution().replace("names", "/content/names.txt", "/home/me/week1/names.txt")
    return handed_in(notebook.replace("clip", "np.clip(value,", "np.clip(value.astype(np.float),"))


@sample("s066-messy-answers-in-loose-form.zip")
def messy_answers() -> bytes:
    """Options in capitals, with brackets and words; numbers as sums; the external ones left out."""
    notebook = solution()
    notebook.write("quiz-notation-answer", "notation = 'B)'").write("quiz-model-answer", 'estimates = "option c."')
    notebook.write("quiz-mood-answer", 'mood = ""\nmood = " C "').write("quiz-nan-answer", 'not_a_number = ""')
    notebook.replace("shapes", "Wa_columns = 160", "Wa_columns = 100 + 60")
    return handed_in(notebook)


@sample("s080-blank.zip")
def blank_student_version() -> bytes:
    """The student version as it was given out."""
    return handed_in(blank())


@sample("s081-empty.zip")
def empty() -> bytes:
    """A zip with nothing in it."""
    return zipped({})


if __name__ == "__main__":
    sys.exit(run(dict(sorted(SAMPLES.items())), HERE, RUBRIC))
