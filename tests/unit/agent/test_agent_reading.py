from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from helpers.agent_kernel import AgentKernel

Start = Callable[..., AgentKernel]


def test_a_broken_cell_costs_the_broken_part_only(kernel: Start) -> None:
    cell = (
        'a = 1\nclass Broken:\n    x =\n    y = 2\nlabel = """\ntwo\nlines\n"""\n'
        "@staticmethod\ndef good():\n    return 1\nif a:\nb = 2"
    )
    started = kernel({2: cell})

    (run,) = started.run_cells()

    assert run.status == "syntax-error"
    assert run.syntax_error is not None
    assert (run.syntax_error.type, run.syntax_error.line, run.syntax_error.cell) == ("SyntaxError", 3, 2)
    assert run.syntax_error.source == "x ="
    assert {"a", "label", "good", "b"} <= started.names.keys()
    assert "Broken" not in started.names
    assert [statement.line for statement in run.statements] == [1, 5, 10, 13]


def test_the_blank_template_does_not_parse_and_does_not_crash(kernel: Start) -> None:
    cell = "class Cell:\n    def __init__(self):\n        self.map = \n        self.other = \n"

    (run,) = kernel([cell]).run_cells()

    assert run.status == "syntax-error"
    assert run.statements == ()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = 1\0", id="null byte"),
        pytest.param("x = '\ud800'", id="lone surrogate"),
        pytest.param("x = " + "(" * 500 + ")" * 500, id="brackets"),
        pytest.param("x = " + "-" * 20_000 + "1", id="operators"),
        pytest.param("x = " + "+".join(["1"] * 20_000), id="sum"),
        pytest.param("def f(:\n" * 300, id="many broken chunks"),
        pytest.param("x = 'open\n" * 200, id="open strings"),
    ],
)
def test_source_that_python_cannot_read_costs_that_cell(kernel: Start, source: str) -> None:
    started = kernel([source, "y = 2"])

    first, second = started.run_cells()

    assert first.status == "syntax-error" or first.statements[0].status == "raised"
    assert second.status == "run"


def test_magics_and_shell_lines_are_left_out_with_a_note(kernel: Start) -> None:
    cell = "\n%cd /content\n!wget \\\n  address\nx = 1\nfiles = !ls\n?x\nif x:\n    !ls\n    y = 2\nz = undefined"
    started = kernel([cell])

    (run,) = started.run_cells()

    assert (started.names["x"], started.names["files"], started.names["y"]) == (1, [], 2)
    assert "`%cd /content`" in run.notes[0]
    assert len(run.notes) == 5
    assert run.statements[-1].raised is not None
    assert run.statements[-1].raised.line == 11


def test_exported_magics_are_left_out_too(kernel: Start) -> None:
    cell = "get_ipython().run_line_magic('matplotlib', 'inline')\nx = get_ipython().getoutput('ls')"
    started = kernel([cell])

    (run,) = started.run_cells()

    assert started.names["x"] == []
    assert len(run.notes) == 2


@pytest.mark.parametrize("magic", ["%%time", "\n%%capture out"])
def test_the_body_below_a_timing_magic_is_run(kernel: Start, magic: str) -> None:
    started = kernel([f"{magic}\nx = 1"])

    (run,) = started.run_cells()

    assert started.names["x"] == 1
    assert "left out" in run.notes[0]


def test_a_timed_line_is_run(kernel: Start) -> None:
    started = kernel(["%time x = 5"])

    started.run_cells()

    assert started.names["x"] == 5


@pytest.mark.parametrize("line", ["%time", "%time x ="])
def test_a_timed_line_without_python_behind_it_is_left_out(kernel: Start, line: str) -> None:
    (run,) = kernel([line]).run_cells()

    assert run.status == "nothing-to-run"


def test_a_cell_in_another_language_is_left_out(kernel: Start) -> None:
    (run,) = kernel(["%%bash\nrm -rf x"]).run_cells()

    assert run.status == "nothing-to-run"
    assert "%%bash" in run.notes[0]


def test_without_ipython_notebook_lines_are_left_out_all_the_same(
    kernel: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "IPython.core.inputtransformer2", None)
    started = kernel(["%cd x\nx = 1\nif x:\n  !ls\nx?"])

    (run,) = started.run_cells()

    assert started.names["x"] == 1
    assert run.status == "run"


def test_windows_line_ends_do_not_shift_lines(kernel: Start) -> None:
    (run,) = kernel(["a = 1\r\nb = 2\r\n"]).run_cells()

    assert [statement.line for statement in run.statements] == [1, 2]


def test_reading_a_cell_has_its_time(kernel: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    started = kernel(["x = 1"], limits={"statement_s": 0.2})

    def for_ever(*_: object, **__: object) -> None:
        while True:
            pass

    monkeypatch.setattr(sys.modules["_grader_agent.cells"], "read_cell", for_ever)
    (run,) = started.run_cells()

    assert run.status == "syntax-error"
