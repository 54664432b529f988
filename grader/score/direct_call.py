"""Calling a test without pytest's protocol, where that cannot be told from a run with it.

A test whose arguments are fixtures of the grader and values of its parameters has nothing to set up and nothing to tear
down. What it raises is told to the trial, as the protocol would.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from _pytest.python import get_direct_param_fixture_func, pytest_pyfunc_call

from grader.score import fixtures
from grader.score.fixtures import PLAIN, Trial


def can_be_called(item: pytest.Item) -> bool:
    """True for a plain function without fixtures of the rubric's own, in a folder without hooks of its own."""
    if type(item) is not pytest.Function or item.cls is not None or _has_conftest(item.config):
        return False
    known = item._fixtureinfo.name2fixturedefs
    given = _parameters(item)
    wanted = item._fixtureinfo.argnames
    for name in item.fixturenames:
        if name == "request" and name not in wanted:
            continue  # asked for by the grader's own fixtures
        definitions = known.get(name, ())
        direct = name in given and all(one.func is get_direct_param_fixture_func for one in definitions)
        ours = name in PLAIN and [one.func.__module__ for one in definitions] == [fixtures.__name__]
        if not (direct or ours):
            return False
    return True


def call(item: pytest.Item, trial: Trial) -> None:
    """Call the test of an item that can be called; its exception goes to the trial."""
    function = cast(pytest.Function, item)
    given = _parameters(function)
    names = function._fixtureinfo.argnames
    function.funcargs = {name: given[name] if name in given else PLAIN[name](trial) for name in names}
    try:
        pytest_pyfunc_call(function)
    except (pytest.exit.Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - as pytest does: whatever ends a test is its outcome
        trial.error = error
    finally:
        function.funcargs = {}


def _parameters(item: pytest.Function) -> Mapping[str, Any]:
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params


def _has_conftest(config: pytest.Config) -> bool:
    files = (getattr(plugin, "__file__", None) for plugin in config.pluginmanager.get_plugins())
    return any(Path(file).name == "conftest.py" for file in files if file)
