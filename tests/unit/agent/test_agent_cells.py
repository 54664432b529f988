from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

import pytest
from helpers.agent_kernel import AgentKernel

Start = Callable[..., AgentKernel]


def statuses(run: object) -> list[str]:
    return [statement.status for statement in run.statements]  # type: ignore[attr-defined]


def test_one_missing_module_costs_one_name(kernel: Start) -> None:
    started = kernel(["import math, no_such_module_here, json\nfrom math import pi, no_such_name, tau"])

    (run,) = started.run_cells()

    assert statuses(run) == ["ok", "raised", "ok", "ok", "raised", "ok"]
    assert {"math", "json", "pi", "tau"} <= started.names.keys()
    assert run.statements[1].names == ("no_such_module_here",)
    assert run.statements[1].raised is not None
    assert run.statements[1].raised.type == "ModuleNotFoundError"
    assert run.statements[4].kind == "import"


def test_star_imports_are_run(kernel: Start) -> None:
    started = kernel(["from math import *"])

    started.run_cells()

    assert "cos" in started.names


def test_work_and_output_are_left_out(kernel: Start) -> None:
    cell = "n = 3\nprint(n)\nfor i in range(n): total = i\nassert n\ndel n\nmodel = dict(a=n)\nn += 1"
    started = kernel([cell])

    (run,) = started.run_cells()

    assert statuses(run) == ["ok", "not-run", "not-run", "not-run", "not-run", "ok", "ok"]
    assert started.names["n"] == 4
    assert "total" not in started.names
    assert [statement.kind for statement in run.statements][4:] == ["other", "assignment", "assignment"]


@pytest.mark.parametrize(
    ("source", "status", "kind"),
    [
        pytest.param("try:\n  import json\nexcept ImportError:\n  json = None", "ok", "assignment", id="guarded"),
        pytest.param("if True:\n  def f(): pass\nelse:\n  f = None", "ok", "definition", id="either definition"),
        pytest.param("with open(__file__) as f:\n  text = f.read()", "raised", "assignment", id="with that assigns"),
        pytest.param("if True:\n  x = 1\n  work(x)", "not-run", "other", id="block that works"),
        pytest.param("try:\n  import json\nexcept ImportError:\n  print('no')", "ok", "import", id="print is harmless"),
        pytest.param("import random\nrandom.seed(3)", "ok", "other", id="seed"),
        pytest.param("import torch\ntorch.manual_seed(3)", "ok", "other", id="torch seed"),
        pytest.param("'text'", "not-run", "other", id="string"),
        pytest.param("x: int", "ok", "assignment", id="bare annotation"),
    ],
)
def test_what_only_defines_or_configures_is_run(kernel: Start, source: str, status: str, kind: str) -> None:
    (run,) = kernel([source]).run_cells()

    assert run.statements[-1].status == status
    assert run.statements[-1].kind == kind


def test_a_cell_without_work_for_us_says_so(kernel: Start) -> None:
    runs = kernel(["print(1)", "", "# nothing"]).run_cells()

    assert [run.status for run in runs] == ["nothing-to-run"] * 3


def test_cells_that_train_keep_their_constants_only(kernel: Start) -> None:
    cell = "rate = 0.1 * 2\nname = 'a'\nmodel = make(rate)\ndef step(): pass\nfor _ in range(3): model.step()"
    started = kernel([cell], training_cells=[0])

    (run,) = started.run_cells()

    assert statuses(run) == ["ok", "ok", "not-run", "ok", "not-run"]
    assert run.statements[2].kind == "training"


def test_a_failure_names_type_line_and_the_students_own_line(kernel: Start) -> None:
    started = kernel({4: "def f(x):\n    return x + undefined\n", 6: "a = 1\nb = f(a)"})

    raised = started.run_cells()[1].statements[1].raised

    assert raised is not None
    assert (raised.type, raised.cell, raised.line, raised.source) == (
        "NameError",
        4,
        2,
        "return x + undefined",
    )


def test_leaving_the_process_politely_is_a_failure_of_that_statement(kernel: Start) -> None:
    started = kernel(["x = exit()", "import sys\ny = sys.exit(3)\nz = 1"])

    first, second = started.run_cells()

    assert first.statements[0].raised is not None
    assert first.statements[0].raised.type == "SystemExit"
    assert statuses(second) == ["ok", "raised", "ok"]


def test_an_exception_that_cannot_be_printed_is_recorded(kernel: Start) -> None:
    cell = "class Odd(Exception):\n  def __str__(self): raise ValueError\ndef f(): raise Odd\nx = f()"
    raised = kernel([cell]).run_cells()[0].statements[2].raised

    assert raised is not None
    assert (raised.type, raised.message) == ("Odd", "")


def test_messages_are_cut_and_cleaned(kernel: Start) -> None:
    cell = "def f(): raise ValueError('\\ud800' + 'a' * 1000)\nx = f()"

    raised = kernel([cell]).run_cells()[0].statements[1].raised

    assert raised is not None
    assert raised.message == "?" + "a" * 499


def test_a_statement_that_does_not_end_costs_itself(kernel: Start) -> None:
    cell = "def f():\n  while True: pass\nx = f()\ny = 2"
    started = kernel([cell], limits={"statement_s": 0.2})

    (run,) = started.run_cells()

    assert statuses(run) == ["ok", "timeout", "ok"]
    assert started.names["y"] == 2


def test_an_exception_handler_of_the_students_does_not_catch_the_clock(kernel: Start) -> None:
    cell = "def f():\n  while True:\n    try:\n      while True: pass\n    except Exception: pass\nx = f()"

    (run,) = kernel([cell], limits={"statement_s": 0.2}).run_cells()

    assert statuses(run) == ["ok", "timeout"]


def test_what_killed_a_kernel_is_not_repeated(kernel: Start) -> None:
    started = kernel(["x = 1\ny = 2", "z = 3"], skip_statements=[[0, 1], [1, -1]])

    first, second = started.run_cells()

    assert statuses(first) == ["ok", "killed"]
    assert second.status == "syntax-error"
    assert "y" not in started.names
    assert "z" not in started.names


def test_the_journal_brackets_each_statement(kernel: Start) -> None:
    started = kernel({3: "a = 1\n\nb = f()"})
    started.run_cells()

    lines = started.journal()

    assert {"begin": "statement", "cell": 3, "ordinal": 1, "line": 3} in lines
    assert lines[-1] == {"end": "statement", "cell": 3, "ordinal": 1, "status": "raised"}


def test_output_passes_up_to_the_ceiling(kernel: Start, capsys: pytest.CaptureFixture[str]) -> None:
    cell = "def show(text):\n  print(text)\n  return 1\na = show('small')\nb = show('x' * 100)\nc = show('y')"
    started = kernel([cell, "d = show('next')"], limits={"cell_output_bytes": 50})

    first, second = started.run_cells()

    assert "dropped" in first.notes[-1]
    assert second.notes == ()
    printed = capsys.readouterr().out
    assert "small" in printed
    assert "next" in printed
    assert "x" * 100 not in printed


def test_a_closed_stdout_costs_nothing(kernel: Start) -> None:
    cell = "import sys\ndef f():\n  sys.stdout.close()\n  print('still')\n  sys.stdout.flush()\n  return 1\nx = f()"

    (run,) = kernel([cell]).run_cells()

    assert statuses(run) == ["ok", "ok", "ok"]


def test_writing_bytes_to_stdout_fails_as_it_would_in_a_notebook(kernel: Start) -> None:
    (run,) = kernel(["import sys\nx = sys.stdout.write(b'1')"]).run_cells()

    assert run.statements[1].raised is not None
    assert run.statements[1].raised.type == "TypeError"


def test_definitions_can_be_inspected_and_belong_to_main(kernel: Start) -> None:
    started = kernel({9: "class Thing:\n    def act(self):\n        return 1\n"})
    started.run_cells()

    assert "return 1" in inspect.getsource(started.names["Thing"].act)
    assert started.names["Thing"].__module__ == "__main__"


def test_future_imports_hold_for_later_statements(kernel: Start) -> None:
    started = kernel(["from __future__ import annotations", "def f(x: not_defined): pass"])

    assert statuses(started.run_cells()[1]) == ["ok"]


def test_every_definition_of_a_subject_is_remembered(kernel: Start) -> None:
    cells = ["class Net:\n  a = 1", "x = 1\nclass Net:\n  a = 2", "Net = dict", "Net = dict"]
    started = kernel(cells, subjects=["Net", "Missing"])
    started.run_cells()

    found = [(definition.cell, definition.line) for definition in started.definitions()]

    assert found == [(0, 1), (1, 2), (2, 1)]


def test_the_same_text_again_is_no_new_definition(kernel: Start) -> None:
    started = kernel(["def f():\n  return 1"] * 2 + ["@staticmethod\ndef f():\n  return 1"], subjects=["f"])
    started.run_cells()

    assert [definition.cell for definition in started.definitions()] == [0, 2]


def test_of_many_definitions_the_last_three_are_kept(kernel: Start) -> None:
    started = kernel([f"def f():\n  return {n}" for n in range(5)], subjects=["f"])
    started.run_cells()

    assert [definition.cell for definition in started.definitions()] == [2, 3, 4]


def test_a_record_that_does_not_fit_is_replaced_by_a_note(kernel: Start) -> None:
    cell = "\n".join(f"name_{n} = {n}" for n in range(500))

    (run,) = kernel([cell], limits={"evidence_bytes": 20_000}).run_cells()

    assert run.statements == ()
    assert "too large" in run.notes[0]


def test_statements_beyond_the_ceiling_are_cut_off(kernel: Start) -> None:
    (run,) = kernel(["'a'\n" * 2_100]).run_cells()

    assert len(run.statements) == 2_000
    assert "2000" in run.notes[0]


def test_finish_gives_the_streams_back(kernel: Start) -> None:
    before = sys.stdout
    started = kernel(["x = 1"])
    started.run_cells()
    assert sys.stdout is not before

    started.agent.finish()

    assert sys.stdout is before
