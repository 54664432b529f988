"""Scripts become cells: by their marks, or as one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import NotebookFormatError
from grader.intake.script_file import read_script
from grader.limits import IntakeLimits
from grader.records import NotebookRecord

LIMITS = IntakeLimits()


def read(text: str | bytes, limits: IntakeLimits = LIMITS) -> NotebookRecord:
    data = text.encode() if isinstance(text, str) else text
    return read_script(data, source_name="work.py", limits=limits)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        pytest.param("x = 1\ny = 2\n", [("code", "x = 1\ny = 2")], id="plain"),
        pytest.param('"""What it is."""\nx = 1\n', [("markdown", "What it is."), ("code", "x = 1")], id="docstring"),
        pytest.param(
            "#!/usr/bin/env python\n'''Doc\nmore'''\nx = 1\n",
            [("markdown", "Doc\nmore"), ("code", "#!/usr/bin/env python\nx = 1")],
            id="docstring-below-a-comment",
        ),
        pytest.param('x = """text"""\n', [("code", 'x = """text"""')], id="a-string-is-no-docstring"),
        pytest.param(
            "import a\n# %% [markdown]\n# # Title\n#\n# words\n# %% name\nx = 1\n\n# %%\ny = 2\n",
            [("code", "import a"), ("markdown", "# Title\n\nwords"), ("code", "x = 1"), ("code", "y = 2")],
            id="percent",
        ),
        pytest.param(
            '# %% [md]\n"""\nwords\n"""\n# %% [raw]\nx\n', [("markdown", "words"), ("other", "x")], id="string"
        ),
        pytest.param(
            "#!/usr/bin/env python\n\n# In[1]:\n\nx = 1\n\n# In[ ]:\n\ny = 2\n",
            [("code", "#!/usr/bin/env python"), ("code", "x = 1"), ("code", "y = 2")],
            id="exported",
        ),
        pytest.param("", [], id="empty"),
        pytest.param("def broken(:\n", [("code", "def broken(:")], id="does-not-parse"),
        pytest.param("x = 1\r\ny = 2\r\n", [("code", "x = 1\ny = 2")], id="crlf"),
    ],
)
def test_a_script_becomes_cells(text: str, cells: list[tuple[str, str]]) -> None:
    record = read(text)

    assert [(cell.kind.value, cell.source) for cell in record.cells] == cells
    assert record.format == "py"
    assert "Python script" in record.notes[-1]


def test_a_script_in_another_encoding_is_read() -> None:
    assert read("x = 'é'".encode("latin-1")).cells[0].source == "x = 'é'"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param(IntakeLimits(notebook_bytes=5), "script-too-large", id="bytes"),
        pytest.param(IntakeLimits(cells=1), "script-too-long", id="cells"),
        pytest.param(IntakeLimits(cell_chars=2), "script-too-long", id="characters"),
    ],
)
def test_a_script_beyond_a_limit_is_refused(limits: IntakeLimits, code: str) -> None:
    with pytest.raises(NotebookFormatError) as caught:
        read("x = 1\n# %%\ny = 2\n", limits)

    assert caught.value.code == code


def test_a_script_of_endless_lines_is_refused_before_it_is_split() -> None:
    with pytest.raises(NotebookFormatError) as caught:
        read("#\n" * 300_000)

    assert caught.value.code == "script-too-long"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_script(data: bytes) -> None:
    assert read(data).format == "py"
