"""The first program inside a sandbox spares each kernel what none of them needs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from grader.execute.inside.launcher import _modules_hidden_from, offer_caches


def test_a_library_reads_a_cache_and_may_replace_its_files_without_changing_them(tmp_path: Path) -> None:
    warm, folder = tmp_path / "warm", tmp_path / "cache"
    (warm / "numba" / "empty").mkdir(parents=True)
    (warm / "numba" / "index").write_bytes(b"old")
    (warm / "fonts").write_bytes(b"fonts")

    offer_caches([[str(warm), str(folder)]])
    (folder / "numba" / "new").write_bytes(b"new")
    (folder / "numba" / "new").replace(folder / "numba" / "index")

    assert (folder / "fonts").read_bytes() == b"fonts"
    assert (folder / "numba" / "empty").is_dir()
    assert (folder / "numba" / "index").read_bytes() == b"new"
    assert (warm / "numba" / "index").read_bytes() == b"old"


def test_a_cache_that_is_not_there_is_not_offered(tmp_path: Path) -> None:
    offer_caches([[str(tmp_path / "warm"), str(tmp_path / "cache")]])

    assert not (tmp_path / "cache").exists()


def test_modules_are_hidden_from_one_module_and_for_a_while() -> None:
    module = ModuleType("kernel")
    vars(module)["sys"] = sys

    with _modules_hidden_from(module):
        assert module.sys.modules.copy() == {}
        assert module.sys.path is sys.path

    assert module.sys is sys
    assert sys.modules
