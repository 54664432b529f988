"""Figure, table, labels and reasons of theory question 3 follow from the recorded curves and from one setting."""

from __future__ import annotations

import base64
import csv
import json
import re
import subprocess
import sys
import zlib
from collections import defaultdict
from itertools import permutations
from pathlib import Path

import pytest

from grader.coursework import student_version
from grader.rubric import load_rubric, rubric_files

RUBRIC = Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3"
MODELS = ("GRU", "LSTM", "RNN")
NAMES = ("A_model", "B_model", "C_model")
ORDERS = list(permutations(NAMES))
FIGURE, LABELS, REASONS = "theory-3-figure", "theory-3-labels", "theory-3-reasons"

every_order = pytest.mark.parametrize("order", ORDERS, ids=["".join(n[0] for n in order) for order in ORDERS])


def source(folder, identifier):
    cells = json.loads((folder / "solution.ipynb").read_text(encoding="utf-8"))["cells"]
    return "".join(next(cell["source"] for cell in cells if cell["id"] == identifier))


def given_to_students(identifier):
    """A cell of the student version."""
    cells = json.loads((RUBRIC / "solution.ipynb").read_text(encoding="utf-8"))["cells"]
    number = [cell["id"] for cell in cells].index(identifier)
    return student_version(load_rubric(RUBRIC)).notebook.cells[number].source


def picture(text):
    return base64.b64decode(re.search(r"\(data:image/png;base64,([^)]+)\)", text)[1])


def without_picture(text):
    return re.sub(r"\(data:image/png;base64,[^)]+\)", "()", text)


def means():
    """Model -> iteration -> mean accuracy, read without the scripts."""
    found = {model: defaultdict(list) for model in MODELS}
    with (RUBRIC / "figure" / "curves.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["model"]][int(row["iteration"])].append(float(row["accuracy"]))
    return {model: {at: sum(v) / len(v) for at, v in curve.items()} for model, curve in found.items()}


def pixels(scripts, png):
    """The colours of a picture as numbers of `COLOURS`, None for white, by row and column."""
    chart, steps = scripts("chart"), scripts("canvas").STEPS
    _, _, data = scripts("canvas").shown(png)
    rows = [data[at + 1 : at + 1 + chart.WIDE] for at in range(0, len(data), chart.WIDE + 1)]
    return [[None if value == 0 else (value - 1) // steps for value in row] for row in rows]


def test_what_stands_in_the_solution_is_what_data_and_rubric_give(scripts, capsys):
    code = scripts("draw").main(["--check"])

    assert (code, capsys.readouterr().err) == (0, "")


def test_by_default_a_is_the_gru_b_the_lstm_and_c_the_rnn(scripts):
    assert scripts("draw").key_of(RUBRIC) == {"A_model": "GRU", "B_model": "LSTM", "C_model": "RNN"}


@every_order
def test_the_curve_drawn_under_a_letter_is_that_of_the_model_in_the_key(scripts, copied, order):
    folder = copied(", ".join(order))
    assert scripts("draw").main([str(folder)]) == 0
    chart, curves = scripts("chart"), means()
    key = dict(zip(order, MODELS, strict=True))

    drawn = pixels(scripts, picture(source(folder, FIGURE)))

    assert scripts("draw").key_of(folder) == key
    for number, name in enumerate(NAMES):
        curve = curves[key[name]]
        for iteration in chart.marked(number, curve):
            x, y = chart.place(iteration, curve[iteration], max(curve))
            assert drawn[int(y)][int(x)] == number, (name, iteration)


@every_order
def test_labels_table_and_reasons_move_with_the_key(scripts, copied, order):
    folder = copied(", ".join(order))
    scripts("draw").main([str(folder)])
    key, curves = dict(zip(order, MODELS, strict=True)), means()

    for name, model in key.items():
        assert f'\n{name} = "{model}"\n' in source(folder, LABELS)
        row = re.search(rf"^\| {name[0]} \|(.*)\|$", source(folder, FIGURE), re.MULTILINE)[1].split("|")
        assert int(row[-1]) == round(curves[model][max(curves[model])])
        assert f"{name[0]} is the {model}" in source(folder, REASONS)


def test_a_changed_cohort_is_found_until_the_figure_is_drawn_again(scripts, copied, capsys):
    draw, folder = scripts("draw"), copied("B_model, C_model, A_model")
    before = (folder / "solution.ipynb").read_bytes()

    assert draw.main([str(folder), "--check"]) == 1
    assert (folder / "solution.ipynb").read_bytes() == before
    differences = capsys.readouterr().err.split()
    draw.main([str(folder)])

    assert {FIGURE, LABELS, REASONS, "curves.png"} <= set(differences)
    assert draw.main([str(folder), "--check"]) == 0


def test_drawing_again_changes_no_byte(scripts, copied):
    folder = copied()

    scripts("draw").main([str(folder)])

    for name in ("solution.ipynb", "figure/curves.png"):
        assert (folder / name).read_bytes() == (RUBRIC / name).read_bytes()


def test_a_changed_record_is_found(scripts, copied, capsys):
    folder = copied()
    path = folder / "figure" / "curves.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    last = next(number for number, line in enumerate(lines) if line.startswith("RNN,0,300,"))
    lines[last] = "RNN,0,300,0.00,9.0000"
    path.write_text("\n".join(lines), encoding="utf-8")

    assert scripts("draw").main([str(folder), "--check"]) == 1
    assert FIGURE in capsys.readouterr().err


def test_a_picture_that_another_library_compressed_is_left_as_it_is(scripts, copied):
    folder, canvas = copied(), scripts("canvas")
    old = picture(source(folder, FIGURE))
    size, palette, data = canvas.shown(old)
    packed = zlib.compress(data, 1)
    new = canvas.packed(size, palette, packed)
    text = (folder / "solution.ipynb").read_text(encoding="utf-8")
    replaced = text.replace(base64.b64encode(old).decode(), base64.b64encode(new).decode())
    (folder / "solution.ipynb").write_text(replaced, encoding="utf-8")
    (folder / "figure" / "curves.png").write_bytes(new)

    assert new != old
    assert replaced != text
    assert scripts("draw").main([str(folder), "--check"]) == 0


def test_a_lost_picture_is_drawn_anew(scripts, copied):
    folder = copied()
    text = (folder / "solution.ipynb").read_text(encoding="utf-8")
    encoded = base64.b64encode(picture(source(folder, FIGURE))).decode()
    (folder / "solution.ipynb").write_text(text.replace(encoded, "AAAA"), encoding="utf-8")
    (folder / "figure" / "curves.png").unlink()

    scripts("draw").main([str(folder)])

    assert (folder / "solution.ipynb").read_text(encoding="utf-8") == text
    assert (folder / "figure" / "curves.png").exists()


def test_students_see_the_picture_and_its_values_and_no_model_beside_a_letter():
    figure = given_to_students(FIGURE)
    words = re.compile(r"gru|lstm|rnn|gate|recurrent|vanilla", re.IGNORECASE)

    assert picture(figure) == picture(source(RUBRIC, FIGURE))
    assert not words.search(without_picture(figure))
    assert given_to_students(REASONS) == ""
    assert not words.search(given_to_students(LABELS))
    for name in NAMES:
        assert f"{name} = ''" in given_to_students(LABELS)


def test_nowhere_in_the_student_version_stands_a_letter_with_its_model():
    beside = re.compile(rf"\b[ABC](_model)?\b\W{{1,12}}((is|the|an?)\W+)*({'|'.join(MODELS)})\b")
    assert beside.search("A is the GRU")
    assert beside.search('C_model = "RNN"')

    cells = student_version(load_rubric(RUBRIC)).notebook.cells

    assert not [found[0] for cell in cells if (found := beside.search(without_picture(cell.source)))]


def test_the_picture_holds_pixels_and_nothing_else(scripts):
    png = picture(source(RUBRIC, FIGURE))

    scripts("canvas").shown(png)  # raises where there is any other chunk

    assert not [model for model in MODELS if model.encode() in png.split(b"IDAT")[0]]


def test_the_picture_is_small_enough_for_a_notebook():
    assert len(picture(source(RUBRIC, FIGURE))) < 16_000


def test_the_picture_has_a_text_that_says_what_is_drawn(scripts):
    text = re.match(r"!\[([^\]]+)\]", source(RUBRIC, FIGURE))[1]

    for words in ("Horizontal axis: iteration", "Vertical axis: validation accuracy in per cent", "3 curves"):
        assert words in text
    for letter, look in zip("ABC", scripts("chart").NAMES, strict=True):
        assert f"{letter}, a {look}" in text


def test_the_folder_of_the_figure_is_in_no_mount_and_in_no_copy_of_the_rubric():
    rubric = load_rubric(RUBRIC)
    figure = (RUBRIC / "figure").resolve()

    mounted = [(rubric.folder / mount.source).resolve() for mount in rubric.execution.mounts]

    assert mounted
    assert not [path for path in mounted if path == figure or path in figure.parents or figure in path.parents]
    assert not [path for path in rubric_files(rubric.folder) if figure in path.resolve().parents]


def test_key_points_and_reasons_quote_the_recorded_numbers(scripts):
    draw = scripts("draw")
    facts = draw.facts(draw.recorded(RUBRIC / "figure" / "curves.csv"))
    check = load_rubric(RUBRIC).question("T3").checks[1]
    points = " ".join(check.parameters["key_points"])

    for name in ("GRU_high", "LSTM_high", "RNN_best", "GRU_end", "LSTM_end"):
        assert re.search(rf"\b{facts[name]}\b", points), name
        assert re.search(rf"\b{facts[name]}\b", source(RUBRIC, REASONS)), name


def test_reasons_are_to_be_read_with_the_labels_taken_as_given():
    points = load_rubric(RUBRIC).question("T3").checks[1].parameters["key_points"]

    assert points[0] == "judged with the labels taken as given"
    assert not re.search(r"\b[ABC]\b", " ".join(points))


def test_a_key_about_other_models_than_the_curves_is_refused(scripts):
    with pytest.raises(ValueError, match="the key is about"):
        scripts("draw").lettered({"A_model": "CNN"}, {"GRU": [(0, 30.0), (10, 40.0)]})


def test_a_record_that_only_one_model_has_is_refused(scripts, tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("model,seed,iteration,accuracy,loss\nGRU,0,0,30,1\nGRU,0,10,40,1\nRNN,0,0,30,1\n")

    with pytest.raises(ValueError, match="not the same iterations and seeds"):
        scripts("draw").recorded(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('"theory-3-figure"', '"elsewhere"', "0 cells with the id theory-3-figure", id="no cell"),
        pytest.param("B_model = ''", "D_model = ''", "does not ask for B_model once", id="no such name"),
    ],
)
def test_a_notebook_that_does_not_fit_is_refused(scripts, copied, old, new, message):
    folder = copied()
    text = (folder / "solution.ipynb").read_text(encoding="utf-8")
    assert old in text
    (folder / "solution.ipynb").write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(ValueError, match=message):
        scripts("draw").main([str(folder)])


def test_the_script_says_what_is_wrong_with_a_cohort_and_writes_nothing(copied):
    folder = copied("A_model, B_model, D_model")
    before = (folder / "solution.ipynb").read_bytes()
    command = [sys.executable, "-B", str(RUBRIC / "figure" / "draw.py"), str(folder)]

    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert '"D_model" is no name in `answers`' in run.stderr
    assert "Traceback" not in run.stderr
    assert (folder / "solution.ipynb").read_bytes() == before
