"""A table is found whatever it is written in; its completeness has marks, what does not fit in it is a flag."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.evidence_files import notebook, write_evidence
from helpers.judged_answers import judged, question, verdicts

from grader.errors import RubricError
from grader.records import NotebookRecord, Outcome
from grader.score.kinds import Verdict
from grader.score.kinds.table_names import meant

TABLE: dict[str, Any] = {
    "kind": "table",
    "after": "Results",
    "before": "Next",
    "rows": {"plain": ["plain model"], "dropped": ["dropout", "plain dropout", "DO", "plain DO"]},
    "columns": {"train": [], "valid": [], "test": []},
}
BARS = """| Model | Train ppl | Validation | Test |
|:--|--:|---|---|
| plain | 90.19 | 149.03 | **143.03** |
| plain + dropout | 49.85 | 113.83 | 106.74 |
"""
HTML = """<table><tr><th>model</th><th>train</th><th>valid</th><th>test</th></tr>
<tr><td>plain</td><td>90.19</td><td>149.03</td><td><b>143.03</b></td></tr>
<tr><td>with dropout<td>49.85<td>113.83<td>106.74</table>"""
LATEX = r"""\begin{tabular}{|l|ccc|}\hline & Train & Val. & Test \\ \midrule
Plain model & $90.19$ & 149{.}03 & 143.03 \\ DO & \textbf{49.85} & 113.83 & 106.74 \\ \hline\end{tabular}"""
PRINTED = """              train   valid    test
plain         90.19  149.03  143.03
dropout 0.4   49.85  113.83  106.74"""
SINGLE = "model train valid test\nplain 90.19 149.03 143.03\nwith dropout 49.85 113.83 106.74"
COMMAS = "model,train,valid,test\nplain,90.19,149.03,143.03\ndropout,49.85,113.83,106.74"
LABELLED = "plain: train 90.19, valid 149.03, test 143.03\ndropout: train=49.85, valid = 113.83, test: 106.74"
FRAMED = """+---------+-------+--------+--------+
| Model   | Train | Valid  | Test   |
+---------+-------+--------+--------+
| plain   | 90.19 | 149.03 | 143.03 |
| dropout | 49.85 | 113.83 | 106.74 |
+---------+-------+--------+--------+"""
TURNED = """| | plain | dropout |
|--|--|--|
| test | 143.03 | 106.74 |
| train | 90.19 | 49.85 |
| valid | 149,03 | 113,83 |"""
SPLIT = f"{BARS.rsplit(chr(10), 2)[0]}\n\n{BARS.replace('| plain | 90.19 | 149.03 | **143.03** |' + chr(10), '')}"
TWO_LABELS = """| model | dropout | train | valid | test |
|---|---|---|---|---|
| plain | | 90.19 ± 0.2 | 149.03 | 143.03 |
| plain | DO 0.4 | 49.85 (best) | 113.83 | 106.74 |"""
LITERALS = (
    "r = {'plain': {'train': 90.19, 'valid': 149.03, 'test': 143.03},\n"
    "     'dropout': {'train': 49.85, 'valid': 113.83, 'test': 106.74}}",
    "pd.DataFrame({'train': [90.19, 49.85], 'valid': [149.03, 113.83], 'test': [143.03, 106.74]},\n"
    "             index=['plain', 'dropout'])",
    "pd.DataFrame([[90.19, 149.03, 143.03], [49.85, 113.83, 106.74]], columns=['train', 'valid', 'test'],\n"
    "             index=['plain', 'dropout'])",
    "rows = [{'model': 'plain', 'train': 90.19, 'valid': 149.03, 'test': 143.03},\n"
    "        {'model': 'dropout', 'train': 49.85, 'valid': 113.83, 'test': 106.74}]",
    "d = {'model': ['plain', 'dropout'], 'train': [90.19, 49.85], 'valid': [149.03, 113.83], 'test': [143.03, 106.74]}",
)


def sheet(text: str) -> NotebookRecord:
    """A hand-in with a text in markdown between its two headings."""
    return notebook(("markdown", f"## Results\n\n{text}\n\n## Next\nmore"))


def of(folder: Path, text: str, **parameters: Any) -> Verdict:
    return judged(
        folder, "table", {name: value for name, value in (TABLE | parameters).items() if name != "kind"}, sheet(text)
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BARS, id="bars"),
        pytest.param(HTML, id="html"),
        pytest.param(LATEX.replace("{.}", "."), id="latex"),
        pytest.param(PRINTED, id="printed"),
        pytest.param(SINGLE, id="single spaces"),
        pytest.param(COMMAS, id="commas"),
        pytest.param(LABELLED, id="labelled lines"),
        pytest.param(FRAMED, id="framed"),
        pytest.param(TURNED, id="turned, with decimal commas"),
        pytest.param(TWO_LABELS, id="two columns of labels"),
        pytest.param(COMMAS.replace("model", "").replace(",", "\t"), id="tabs"),
        pytest.param(SPLIT, id="two tables"),
    ],
)
def test_a_complete_table_has_full_marks_in_every_form(tmp_path: Path, text: str) -> None:
    verdict = of(tmp_path, text)
    assert (verdict.outcome, verdict.mark, verdict.flags) == (Outcome.PASSED, 3, ()), verdict.reason
    assert verdict.reason == "All 6 numbers are there."


@pytest.mark.parametrize("source", LITERALS, ids=["dictionaries", "columns", "lists", "records", "columns of names"])
def test_a_table_written_in_code_is_read_and_not_run(tmp_path: Path, source: str) -> None:
    handed_in = notebook(("markdown", "Results"), f"raise SystemExit\n{source}", ("markdown", "Next"))
    parameters = {name: value for name, value in TABLE.items() if name != "kind"}
    assert judged(tmp_path, "table", parameters, handed_in).mark == 3


@pytest.mark.parametrize(
    "handed_in",
    [
        pytest.param(
            notebook(("markdown", "Results"), "show()", ("markdown", "Next"), outputs={1: [PRINTED]}), id="printed"
        ),
        pytest.param(notebook("# Results\n# " + SINGLE.replace("\n", "\n# ") + "\n# Next"), id="in comments"),
        pytest.param(notebook(f'# Results\ntable = """{BARS}"""\n# Next'), id="in a text"),
        pytest.param(notebook(("markdown", f"My table\n\n{BARS}")), id="elsewhere, without the heading"),
        pytest.param(notebook(("markdown", "Results\nsee below\nNext"), ("markdown", BARS)), id="behind the end"),
    ],
)
def test_a_table_is_found_where_students_put_it(tmp_path: Path, handed_in: NotebookRecord) -> None:
    parameters = {name: value for name, value in TABLE.items() if name != "kind"}
    assert judged(tmp_path, "table", parameters, handed_in).mark == 3


def test_a_table_of_our_own_run_counts_where_none_is_stored(tmp_path: Path) -> None:
    write_evidence(tmp_path, part="training")
    cells = [{"outputs": [{"text": PRINTED.splitlines(keepends=True)}]}]
    (tmp_path / "executed-training.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    verdict = of(tmp_path, "")
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 3)
    assert verdict.reason == "All 6 numbers are there. They stand in our run of your training."


def test_the_mark_is_the_share_of_the_cells_and_what_is_missing_is_named(tmp_path: Path) -> None:
    verdict = of(tmp_path, BARS.replace("106.74", "").replace("49.85", "-"))
    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, 2)
    assert verdict.reason == "4 of 6 numbers are there. Missing: train of dropped, test of dropped."
    assert verdict.next_step


def test_cells_that_are_not_asked_for_are_not_missed(tmp_path: Path) -> None:
    assert of(tmp_path, BARS.replace("106.74", ""), without=["dropped.test"]).mark == 3


def test_a_heading_that_means_nothing_asked_beside_missing_cells_goes_to_a_person(tmp_path: Path) -> None:
    verdict = of(tmp_path, BARS.replace("plain + dropout", "my best model"))
    assert (verdict.outcome, verdict.mark, verdict.uncertain) == (Outcome.MANUAL, None, True)
    assert '"my best model"' in verdict.reason


def test_a_further_row_beside_a_complete_table_changes_nothing(tmp_path: Path) -> None:
    assert of(tmp_path, BARS + "| baseline | 1000 | 1000 | 1000 |\n").mark == 3


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        pytest.param("", Outcome.UNANSWERED, id="nothing"),
        pytest.param("My numbers are in the appendix.", Outcome.MANUAL, id="words"),
        pytest.param("| a | b |\n|--|--|\n| x | y |", Outcome.MANUAL, id="no numbers"),
    ],
)
def test_without_a_table_a_person_looks_if_anything_is_there(tmp_path: Path, text: str, outcome: Outcome) -> None:
    assert of(tmp_path, text).outcome is outcome


def test_what_the_template_has_already_earns_nothing(tmp_path: Path) -> None:
    given = sheet(BARS.replace("| plain + dropout | 49.85 | 113.83 | 106.74 |", "| plain + dropout | | | |"))
    parameters = {name: value for name, value in TABLE.items() if name != "kind"}
    untouched = judged(tmp_path / "a", "table", parameters, given, template=given)
    filled = judged(tmp_path / "b", "table", parameters, sheet(BARS), template=given)
    assert untouched.outcome is Outcome.UNANSWERED
    assert filled.mark == Decimal("1.50")


@pytest.mark.parametrize(
    ("text", "parameters", "flag", "sentence"),
    [
        pytest.param(BARS.replace("90.19", "0.4"), {"possible": {"train": [1, 10000]}}, "table-impossible",
                     "train of plain is 0.4, which cannot be: it lies between 1 and 10000.", id="impossible"),
        pytest.param(BARS.replace("90.19", "inf"), {}, "table-impossible",
                     "train of plain is not finite.", id="infinite"),
        pytest.param(BARS.replace("106.74", "12.5"), {"bands": {"test": [80, 160]}}, "table-unusual",
                     "test of dropped is 12.5, which is not between 80 and 160.", id="band of a column"),
        pytest.param(BARS, {"bands": {"plain.test": [80, 110]}}, "table-unusual",
                     "test of plain is 143.03, which is not between 80 and 110.", id="band of a cell"),
        pytest.param(BARS.replace("49.85", "120.1"), {"relations": ["train < valid"]}, "table-unusual",
                     "`train < valid` does not hold in row dropped.", id="within each row"),
        pytest.param(BARS, {"relations": [{"holds": "plain.valid < dropped.valid", "says": "Dropout should help"}]},
                     "table-unusual", "Dropout should help.", id="between rows"),
        pytest.param(BARS, {"relations": ["train = valid - 58"]}, "table-inconsistent",
                     "`train = valid - 58` does not hold in row plain.", id="equality"),
        pytest.param(BARS + "\n\n" + BARS.replace("90.19", "91.2"), {}, "table-differs",
                     "train of plain is 90.19 in cell 1 and 91.2 in cell 1.", id="two tables"),
        pytest.param(BARS.replace("| 49.85 | 113.83 | 106.74", "| 90.19 | 149.03 | 143.03"), {}, "table-repeated-rows",
                     "The rows plain and dropped hold the same numbers.", id="a copied row"),
        pytest.param(BARS.replace("| 49.85 | 113.83 | 106.74", "| 80.19 | 139.03 | 133.03"), {}, "table-shifted-rows",
                     "The rows plain and dropped differ by the same amount in every column.", id="a shifted row"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_flag_and_costs_nothing(
    tmp_path: Path, text: str, parameters: dict[str, Any], flag: str, sentence: str
) -> None:
    verdict = of(tmp_path, text, **parameters)
    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 3)
    assert verdict.flags == (flag,)
    assert sentence in verdict.reason
    assert "changes no mark" in verdict.reason


LOSSES = {"columns": ["loss", "perplexity"], "rows": ["one"], "relations": ["perplexity = exp(loss)"]}


@pytest.mark.parametrize(
    ("loss", "perplexity", "flags", "note"),
    [
        ("4.67", "106.74", (), False),  # exp(4.67) is 106.70; 4.67 may have been 4.6704
        ("4.670", "106.7", (), False),
        ("4.67", "107", (), False),
        ("4.67", "107.5", (), True),  # only if 4.67 was cut off from 4.68
        ("4.67", "109", ("table-inconsistent",), False),
        ("4.67", "25.46", ("table-inconsistent",), False),  # two to the power of the loss
        ("900", "1", ("table-inconsistent",), False),
    ],
)
def test_relations_hold_up_to_the_rounding_of_the_printed_digits(
    tmp_path: Path, loss: str, perplexity: str, flags: tuple[str, ...], *, note: bool
) -> None:
    verdict = of(tmp_path, f"| x | loss | perplexity |\n|--|--|--|\n| one | {loss} | {perplexity} |", **LOSSES)
    assert verdict.flags == flags
    assert ("digits were cut off" in verdict.reason) is note


DROP = {"kind": "number", "variable": "drop", "of_table": {"question": "P", "value": "plain.test - dropped.test"}}


@pytest.mark.parametrize(
    ("text", "drop", "outcome", "words"),
    [
        (BARS, "36.29", Outcome.PASSED, "follows from your own table."),
        (BARS, "36.3", Outcome.PASSED, "follows from your own table."),
        (BARS, "36", Outcome.PASSED, "follows from your own table."),
        (BARS, "35", Outcome.FAILED, "There it is 36.29."),
        (BARS, "40", Outcome.FAILED, "40 does not follow"),
        (BARS.replace("143.03", "150.03"), "43.2", Outcome.PASSED, "cut off"),
        (BARS.replace("143.03", "150.03"), "36.29", Outcome.FAILED, "There it is 43.29."),
        ("", "36.29", Outcome.MANUAL, "does not have the numbers"),
    ],
)
def test_a_number_that_follows_from_the_students_own_table_is_right(
    tmp_path: Path, text: str, drop: str, outcome: Outcome, words: str
) -> None:
    cells = [("markdown", f"Results\n\n{text}\n\nNext"), f"drop = {drop}"]
    found = verdicts(tmp_path, notebook(*cells), question("P", TABLE), question("D", DROP, uses=["P"]))
    verdict = found["D/number"]
    assert verdict.outcome is outcome
    assert words in verdict.reason


def test_the_key_counts_beside_the_own_table(tmp_path: Path) -> None:
    cells = [("markdown", "Results\n\nNext"), "drop = 36.29"]
    keyed = DROP | {"answer": 36.29}
    found = verdicts(tmp_path, notebook(*cells), question("P", TABLE), question("D", keyed, uses=["P"]))
    assert found["D/number"].outcome is Outcome.PASSED
    assert not found["D/number"].follow_through


@pytest.mark.parametrize(
    ("table", "number", "uses", "code"),
    [
        pytest.param({"relations": ["train < vlaid"]}, {}, ["P"], "rubric-bad-parameter", id="no such column"),
        pytest.param({"relations": ["other.train < plain.train"]}, {}, ["P"], "rubric-bad-parameter", id="no such row"),
        pytest.param({"relations": ["train"]}, {}, ["P"], "rubric-bad-parameter", id="no relation"),
        pytest.param({"relations": ["train < open('x')"]}, {}, ["P"], "rubric-bad-parameter", id="a call"),
        pytest.param({"relations": ["train <"]}, {}, ["P"], "rubric-bad-parameter", id="not to be read"),
        pytest.param({"bands": {"tset": [0, 1]}}, {}, ["P"], "rubric-bad-parameter", id="a band of nothing"),
        pytest.param({"rows": {}}, {}, ["P"], "rubric-bad-parameter", id="no rows"),
        pytest.param({}, {"value": "test"}, ["P"], "rubric-bad-parameter", id="a value of no row"),
        pytest.param({}, {"value": "plain.tset"}, ["P"], "rubric-follows-other-cells", id="a cell that is not there"),
        pytest.param({}, {}, [], "rubric-follows-unused-question", id="not used"),
        pytest.param({}, {"check": "other"}, ["P"], "rubric-follows-no-table", id="no such check"),
    ],
)  # fmt: skip
def test_a_rubric_that_makes_no_sense_is_refused(
    tmp_path: Path, table: dict[str, Any], number: dict[str, Any], uses: list[str], code: str
) -> None:
    asked = DROP | {"of_table": DROP["of_table"] | number}
    with pytest.raises(RubricError) as caught:
        verdicts(tmp_path, sheet(BARS), question("P", TABLE | table), question("D", asked, uses=uses))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("plain", "plain"),
        ("Plain dropout model", "plain dropout"),
        ("plain, without dropout", "plain"),
        ("plain (no dropout)", "plain"),
        ("plain w/o dropout", "plain"),
        ("PLAIN-DROPOUT", "plain dropout"),
        ("other", "other one"),
        ("dropout", None),
        ("", None),
        ("plai", "plain"),
        ("pl", None),
    ],
)
def test_a_heading_means_the_name_of_which_it_holds_most(heading: str, name: str | None) -> None:
    names = {"plain": (), "plain dropout": (), "other one": ("other",)}
    assert meant(heading, names) == name
