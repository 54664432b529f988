"""A folder is a batch; an archive is one where it plainly holds several people's work."""

from __future__ import annotations

import pytest

from grader.errors import ConfigError
from grader.intake.entries import Allowance, Entry
from grader.intake.kinds import READABLE, TEXTS
from grader.intake.layouts import LAYOUTS, Source, auto, hidden, layout_named, single


def entry(path: str) -> Entry:
    def read(_: Allowance) -> bytes:
        return b""

    return Entry(path=path.rstrip("/"), read=read, is_folder=path.endswith("/"))


def parted(paths: list[str], *, is_folder: bool = False, ignore: frozenset[str] = frozenset()) -> list[str] | None:
    """Paths of the hand-ins; entries fit if their name does not say "scratch" or "data"."""
    source = Source(
        entries=[entry(path) for path in paths],
        is_folder=is_folder,
        ignore=ignore,
        fits=lambda one: not one.name.startswith(("scratch", "data")),
    )
    found = auto(source)
    return None if found is None else [one.path for one in found]


@pytest.mark.parametrize(
    ("paths", "hand_ins"),
    [
        pytest.param(["s01.zip", "s02.zip"], ["s01.zip", "s02.zip"], id="zip-of-zips"),
        pytest.param(["all/", "all/a.zip", "all/b.zip", "x/"], ["all/a.zip", "all/b.zip"], id="folder-named-itself"),
        pytest.param(["all/s01.zip", "all/s02.zip"], ["all/s01.zip", "all/s02.zip"], id="in-one-folder"),
        pytest.param(["s01/", "s01/a.ipynb", "s02/a.ipynb"], ["s01", "s02"], id="zip-of-folders"),
        pytest.param(["s01/a.zip", "s02/a.ipynb", "s03/"], ["s01", "s02", "s03"], id="empty-folders-stay"),
        pytest.param(["s01.ipynb", "s02.ipynb"], ["s01.ipynb", "s02.ipynb"], id="zip-of-notebooks"),
        pytest.param(["s01.ipynb", "s02.py", "s03.zip"], ["s01.ipynb", "s02.py", "s03.zip"], id="mixed"),
        pytest.param(["1001.ipynb", "1002.ipynb"], ["1001.ipynb", "1002.ipynb"], id="numbers"),
        pytest.param(["s01.zip", "s02.zip", "x.pdf", "README.md"], ["s01.zip", "s02.zip", "x.pdf"], id="beside"),
        pytest.param(["s01.zip", "s02.zip", "__MACOSX/._s01.zip"], ["s01.zip", "s02.zip"], id="macosx"),
        pytest.param(["a.ipynb"], None, id="one-notebook"),
        pytest.param(["a.zip"], None, id="one-zip"),
        pytest.param(["cw/a.ipynb", "cw/data/x.csv"], None, id="one-folder"),
        pytest.param(["cw.ipynb", "cw_final.ipynb", "cw v2.ipynb", "cw (1).ipynb"], None, id="versions"),
        pytest.param(["cw.ipynb", "scratch.ipynb"], None, id="unrelated-notebook"),
        pytest.param(["cw.ipynb", "data.zip", "data2.zip"], None, id="archives-of-data"),
        pytest.param(["src/a.py", "test/b.py"], None, id="folders-of-scripts"),
        pytest.param(["cw.ipynb", ".ipynb_checkpoints/cw-checkpoint.ipynb"], None, id="checkpoint"),
        pytest.param(["cw/cw.ipynb", "__MACOSX/cw/._cw.ipynb"], None, id="macosx-beside-one-folder"),
        pytest.param(["x.csv"], None, id="nothing"),
    ],
)
def test_an_archive_is_parted_where_it_holds_several_peoples_work(paths: list[str], hand_ins: list[str] | None) -> None:
    assert parted(paths) == hand_ins


def test_every_child_of_a_folder_is_a_hand_in_but_for_what_lies_beside() -> None:
    paths = ["s01/", "s01/a.ipynb", "b.py", "c.zip", "d.ipynb.txt", "e.pdf", "expected.csv", "README.md", "notes.txt"]
    paths += [".hidden/a.ipynb", "_old.zip", "make_samples.py"]

    found = parted(paths, is_folder=True, ignore=frozenset({"make_samples.py"}))

    assert found == ["b.py", "c.zip", "d.ipynb.txt", "e.pdf", "s01"]


@pytest.mark.parametrize(
    ("paths", "is_folder", "passed_over"),
    [
        pytest.param(["a.ipynb", ".b.ipynb", "_old.zip"], True, [".b.ipynb", "_old.zip"], id="files"),
        pytest.param(["_b/", "_b/x/w.ipynb", "_b/v.ipynb", ".c/w.tar"], True, ["_b", ".c"], id="folders"),
        pytest.param(["all/a.zip", "all/b.zip", "all/_c.zip"], False, ["_c.zip"], id="inside-an-archive"),
        pytest.param(["._a.ipynb", ".DS_Store", "_notes.md", "_x.py", ".d/"], True, [], id="nothing-to-grade"),
        pytest.param([".ipynb_checkpoints/a.ipynb", "__MACOSX/a.zip", "_e/.venv/w.ipynb"], True, [], id="programs"),
        pytest.param([".made.zip"], True, [], id="ignored-by-name"),
    ],
)
def test_what_looks_like_a_hand_in_and_is_hidden_can_be_told(
    paths: list[str], is_folder: bool, passed_over: list[str]
) -> None:
    entries = [entry(path) for path in paths]
    source = Source(entries=entries, is_folder=is_folder, ignore=frozenset({".made.zip"}), fits=bool)

    assert hidden(source) == sorted(passed_over)


def test_hidden_texts_are_told_where_texts_are_hand_ins() -> None:
    entries = [entry(path) for path in ("a.md", "_b.md", ".c.txt", "_d.csv")]
    source = Source(entries=entries, is_folder=True, ignore=frozenset(), fits=bool, readable=READABLE | TEXTS)

    assert hidden(source) == [".c.txt", "_b.md"]


def test_a_hand_in_knows_its_files_by_their_path_inside() -> None:
    source = Source(entries=[entry("s01/"), entry("s01/x/a.ipynb")], is_folder=True, ignore=frozenset(), fits=bool)

    (found,) = auto(source) or []

    assert [one.path for one in found.entries] == ["x/a.ipynb"]
    assert found.is_folder
    assert found.label == "s01"


def test_layouts_are_found_by_name() -> None:
    assert layout_named("auto") is auto
    assert layout_named("single") is single
    assert sorted(LAYOUTS) == ["auto", "single"]


@pytest.mark.parametrize(("name", "next_step"), [("sinlge", '"single"'), ("x", "auto, single")])
def test_an_unknown_layout_is_named_with_the_near_ones(name: str, next_step: str) -> None:
    with pytest.raises(ConfigError) as caught:
        layout_named(name)

    assert caught.value.code == "unknown-layout"
    assert next_step in caught.value.next_step
