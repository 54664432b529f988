"""The rubrics that come with the grader: they load, they add up, and their solutions and templates hold together."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import pytest
import torch

from grader.coursework import normalise, regions, solution_notebook, student_version
from grader.probes import Call, Let
from grader.records import CellKind
from grader.rubric import load_rubric
from grader.score import probe_plan
from grader.score.kinds import kind_of
from grader.score.kinds.covering import covering_runs
from grader.score.kinds.model_probes import ModelParameters
from grader.score.planning import load_oracle

ROOT = Path(__file__).resolve().parents[2]
RUBRICS = sorted(path.parent for path in (ROOT / "rubrics").glob("*/rubric.yaml"))
MARKS = dict.fromkeys(("2a", "2b", "2c", "2d"), 3)
MARKS |= dict.fromkeys(("1a", "1c", "2f", "T1", "T2", "T3"), 6)
MARKS |= dict.fromkeys(("1b", "1d", "2e", "2g"), 12)
MARKS |= {"T4": 4, "TR": 0}
FENCED = ["1a", "1b", "1c", "1d", "2a", "2b", "2c", "2d", "2e", "2f", "2g"]

every_rubric = pytest.mark.parametrize("folder", RUBRICS, ids=lambda folder: folder.name)


def code(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.kind is CellKind.CODE)


@every_rubric
def test_a_rubric_loads_and_its_kinds_take_their_parameters(folder):
    rubric = load_rubric(folder)

    kinds = {kind_of(check, rubric)[0].name for question in rubric.questions for check in question.checks}

    assert kinds


@every_rubric
def test_the_probes_of_a_rubric_and_of_its_kinds_have_different_names(folder):
    rubric = load_rubric(folder)

    plan = probe_plan(rubric, load_oracle(rubric))

    names = [probe.id for probe in (*plan.student, *plan.stand_ins)]
    assert len(set(names)) == len(names)
    assert {probe.id for probe in rubric.probes} <= set(names)


@pytest.mark.parametrize("target", ["LSTMCell", "GRUCell"])
def test_the_states_that_a_step_is_expected_to_return_are_those_of_its_probe(target):
    folder = ROOT / "rubrics" / "imperial_cw3"
    rubric = load_rubric(folder)
    found = re.search(r"^JUDGED_STATES = (.*)$", (folder / "test_cells.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert found

    (probe,) = [probe for probe in probe_plan(rubric, load_oracle(rubric)).student if probe.id == f"cell.{target}"]

    (state,) = [step.value for step in probe.steps if isinstance(step, Let) and step.save == "h"]
    assert tuple(state["shape"]) == ast.literal_eval(found.group(1))[target]
    assert "trial0" in {step.save for step in probe.steps if isinstance(step, Call)}


@every_rubric
def test_cells_of_a_solution_have_different_ids(folder):
    cells = json.loads((folder / "solution.ipynb").read_text(encoding="utf-8"))["cells"]

    identifiers = [cell["id"] for cell in cells]

    assert len(set(identifiers)) == len(identifiers)


@every_rubric
def test_a_solution_compiles_cell_by_cell(folder):
    notebook = solution_notebook(load_rubric(folder))

    for cell in notebook.cells:
        if cell.kind is CellKind.CODE:
            compile(cell.source, f"{folder.name} cell {cell.index}", "exec")


@every_rubric
def test_a_student_version_holds_none_of_the_answers(folder):
    rubric = load_rubric(folder)
    answers = regions(solution_notebook(rubric), rubric.markers)

    template = student_version(rubric)

    left = regions(template.notebook, rubric.markers)
    assert {region.question for region in left} == {region.question for region in answers}
    assert all(normalise(answer.text) for answer in answers)
    assert not any(normalise(region.text) for region in left)


def test_the_questions_of_the_first_coursework_have_their_marks():
    rubric = load_rubric(ROOT / "rubrics" / "imperial_cw3")

    assert {question.id: question.marks for question in rubric.questions} == MARKS
    assert rubric.max == Decimal(100)


def test_the_solution_of_the_first_coursework_has_all_markers_in_order():
    rubric = load_rubric(ROOT / "rubrics" / "imperial_cw3")

    found = regions(solution_notebook(rubric), rubric.markers)

    assert [region.question for region in found] == FENCED
    assert all(region.text.strip() for region in found)


def test_the_template_of_the_first_coursework_has_a_cell_that_does_not_parse():
    template = student_version(load_rubric(ROOT / "rubrics" / "imperial_cw3")).notebook
    models = next(cell.source for cell in template.cells if "class RNNModel" in cell.source)

    with pytest.raises(SyntaxError):
        compile(models, "models", "exec")


def test_the_template_of_the_first_coursework_asks_for_empty_labels():
    template = student_version(load_rubric(ROOT / "rubrics" / "imperial_cw3")).notebook

    assert "A_model = ''\nB_model = ''\nC_model = ''" in code(template)


def test_every_library_layer_that_the_coursework_teaches_is_forbidden():
    forbidden = load_rubric(ROOT / "rubrics" / "imperial_cw3").forbids

    layers = {f"torch.nn.{layer}{cell}" for layer in ("LSTM", "GRU", "RNN") for cell in ("", "Cell")}
    functions = {f"torch.{name}{cell}" for name in ("lstm", "gru", "rnn_tanh", "rnn_relu") for cell in ("", "_cell")}
    assert set(forbidden) == layers | functions
    assert all(callable(attrgetter(name.removeprefix("torch."))(torch)) for name in forbidden)


def test_the_example_rubric_stays_short():
    folder = ROOT / "rubrics" / "first_steps"

    lines = sum(len(path.read_text().splitlines()) for path in [folder / "rubric.yaml", *folder.glob("*.py")])

    assert lines <= 60
    assert load_rubric(folder).oracle is None
    assert load_rubric(folder).max == Decimal(10)


def test_the_tests_on_the_models_of_imperial_cw3_know_what_its_runs_ask_for():
    folder = ROOT / "rubrics" / "imperial_cw3"
    show = "import json, test_models as t; print(json.dumps([t.RUNS, list(t.TARGETS.values())]))"
    shown = subprocess.run([sys.executable, "-c", show], cwd=folder, check=True, capture_output=True, timeout=60)
    runs_known, targets = json.loads(shown.stdout)
    rubric = load_rubric(folder)
    checks = [check for question in rubric.questions for check in question.checks if check.kind == "model"]
    models = [ModelParameters.model_validate(check.parameters) for check in checks]

    assert {model.target for model in models} == set(targets)
    for model in models:
        asked = {}
        for _, run in model.all_runs():
            asked.setdefault(run.mode, []).append([run.layers, run.bias, run.input_size, run.hidden_size])
        assert asked == runs_known
        assert model.runs == covering_runs(tuple(model.modes))
