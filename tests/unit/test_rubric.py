"""rubric.yaml is read with errors that an instructor can act on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from grader.errors import RubricError
from grader.rubric import load_rubric

GOOD = """\
title: A course
questions:
  - id: "1"
    title: First
    marks: 2.5
    kind: number
    answer: 3
  - id: "2"
    title: Second
    marks: 4
    uses: ["1"]
    checks:
      - {id: a, kind: choice, marks: 1, key: B}
      - {id: b, kind: text, marks: 3}
"""


def write(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "course"
    folder.mkdir(exist_ok=True)
    (folder / "rubric.yaml").write_text(text, encoding="utf-8")
    return folder


def failing(tmp_path: Path, text: str) -> RubricError:
    with pytest.raises(RubricError) as caught:
        load_rubric(write(tmp_path, text))
    return caught.value


def test_a_rubric_is_read_with_exact_marks(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, GOOD))
    assert rubric.max == Decimal("6.5")
    assert rubric.name == "course"
    assert rubric.question("1").checks[0].parameters == {"answer": 3}
    assert [check.kind for check in rubric.question("2").checks] == ["choice", "text"]


def test_the_file_itself_may_be_given(tmp_path: Path) -> None:
    assert load_rubric(write(tmp_path, GOOD) / "rubric.yaml").title == "A course"


@pytest.mark.parametrize(
    ("change", "code", "line", "words"),
    [
        (("title: A course", "titel: A course"), "rubric-invalid", 1, ""),
        (('    uses: ["1"]', '    uses: ["3"]'), "rubric-invalid", None, 'uses "3", which does not come before'),
        (('id: "2"', 'id: "1"'), "rubric-invalid", None, "appears twice"),
        (("marks: 2.5", "marks: many"), "rubric-invalid", 3, "marks"),
        (('    uses: ["1"]', "    marsk: 4"), "rubric-unknown-key", 8, 'did you mean "marks"'),
        (('    uses: ["1"]', "    kind: text"), "rubric-invalid", 8, "not both"),
        (("{id: b, kind: text, marks: 3}", "{id: b, marks: 3}"), "rubric-invalid", 8, "needs `id`, `kind`"),
        (("questions:", "questions: [3]\nold:"), "rubric-invalid", 2, "must be a mapping"),
        (("questions:", "questions: []\nold:"), "rubric-no-questions", None, "at least one"),
        (("title: A course", "title: [A"), "rubric-not-yaml", 2, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], code: str, line: int | None, words: str
) -> None:
    error = failing(tmp_path, GOOD.replace(*change, 1))
    assert error.code == code
    assert words in error.what + error.next_step
    if line is not None:
        assert error.where.endswith(f"rubric.yaml:{line}"), error.where


def test_a_misspelt_key_has_a_near_name(tmp_path: Path) -> None:
    error = failing(tmp_path, GOOD + "polices: {}\n")
    assert 'did you mean "policies"' in error.what


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_a_file_without_a_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert failing(tmp_path, text).code == "rubric-not-yaml"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    (folder / "rubric.yaml").write_bytes(b"\xff\xfe\x00title")
    with pytest.raises(RubricError, match="cannot be read"):
        load_rubric(folder)


def test_a_missing_rubric_suggests_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(RubricError) as caught:
        load_rubric(tmp_path / "curse")
    assert "course" in caught.value.next_step


def test_a_missing_question_suggests_a_near_one(tmp_path: Path) -> None:
    rubric = load_rubric(write(tmp_path, GOOD.replace('"2"', '"2a"')))
    with pytest.raises(RubricError) as caught:
        rubric.question("2b")
    assert '"2a"' in caught.value.next_step


@pytest.mark.parametrize("start", ["## START (", "## START"])
def test_markers_must_compile_and_name_the_question(tmp_path: Path, start: str) -> None:
    error = failing(tmp_path, GOOD + f'markers: {{start: "{start}", end: END}}\n')
    assert error.code == "rubric-invalid"


def test_two_probes_of_one_name_are_refused(tmp_path: Path) -> None:
    probes = "probes:\n  - {id: p, steps: []}\n  - {id: p, steps: []}\n"
    assert "same id" in failing(tmp_path, GOOD + probes).what


def test_a_mount_may_not_cover_the_system(tmp_path: Path) -> None:
    error = failing(tmp_path, GOOD + "execution: {mounts: [{source: data, target: /usr}]}\n")
    assert error.code == "rubric-invalid"


def test_the_digest_changes_with_every_file_that_counts(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    before = load_rubric(folder).digest()
    (folder / "test_more.py").write_text("")
    assert load_rubric(folder).digest() != before


ON_GPU = """\
execution:
  threads: 2
  training:
    when: always
    device: gpu
    fraction: 0.25
"""


def test_training_may_be_sent_to_a_fraction_of_a_gpu(tmp_path: Path) -> None:
    training = load_rubric(write(tmp_path, GOOD + ON_GPU)).execution.training
    assert (training.device, training.fraction) == ("gpu", 0.25)
    assert type(training).model_validate(training.model_dump()) == training


def test_training_stays_on_the_cpu_by_default(tmp_path: Path) -> None:
    training = load_rubric(write(tmp_path, GOOD + "execution: {training: {when: always}}\n")).execution.training
    assert (training.device, training.fraction) == ("cpu", 1.0)
    assert type(training).model_validate(training.model_dump()) == training


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("device: gpu", "device: tpu"), "execution.training.device: Input should be 'cpu' or 'gpu'"),
        (("device: gpu", "devise: gpu"), 'did you mean "device"'),
        (("fraction: 0.25", "fraction: 0"), "greater than 0"),
        (("fraction: 0.25", "fraction: 2"), "less than or equal to 1"),
        (("device: gpu", "device: cpu"), "`fraction` is of a GPU, so it needs `device: gpu`"),
    ],
)
def test_a_mistake_about_devices_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    error = failing(tmp_path, GOOD + ON_GPU.replace(*change))
    first_key_of_training = (GOOD + ON_GPU).split("\n").index("    when: always") + 1
    assert error.code == "rubric-invalid"
    assert words in error.what
    assert error.where.endswith(f"rubric.yaml:{first_key_of_training}"), error.where


def supplied(names):
    return f"{GOOD}execution:\n  supplies: {names}\n"


def test_helpers_of_the_course_are_read_with_the_rubric(tmp_path):
    folder = write(tmp_path, supplied("[helpers.py]"))
    (folder / "helpers.py").write_text("HALF = 0.5\n", encoding="utf-8")

    assert load_rubric(folder).execution.supplies == {"helpers": "HALF = 0.5\n"}


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("[absent.py]", "No such file"),
        ("[../course/rubric.py]", "not the name of a Python file"),
        ("[rubric.yaml]", "not the name of a Python file"),
        ("3", "not the name of a Python file"),
        ("[latin.py]", "no text in UTF-8"),
    ],
)
def test_a_helper_that_cannot_be_supplied_is_said(tmp_path, names, why):
    (write(tmp_path, GOOD) / "latin.py").write_bytes(b"# caf\xe9\n")

    error = failing(tmp_path, supplied(names))

    assert error.code == "rubric-supply-unusable"
    assert why in error.what


def test_another_helper_is_another_execution(tmp_path):
    folder = write(tmp_path, supplied("[helpers.py]"))
    (folder / "helpers.py").write_text("HALF = 0.5\n", encoding="utf-8")
    before = load_rubric(folder)
    (folder / "helpers.py").write_text("HALF = 0.25\n", encoding="utf-8")

    after = load_rubric(folder)

    assert before.execution != after.execution
