"""Slugs fit every file system; labels find the person's name in a file's name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake.slugs import MAX_SLUG_CHARS, label_of, natural_key, slug_of, tokens_of, unique_slug

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("student-a", "student-a"),
        ("Student A", "student-a"),
        ("Stüdént Ä", "student-a"),
        ("Straße Øl", "strasse-ol"),
        ("a__b", "a__b"),
        ("..", "s-5ec1f7e700"),
        ("../../etc/passwd", "etc-passwd"),
        ("“curly” 'quotes'", "curly-quotes"),
        ("CON", "s-con"),
        ("nul.txt", "s-nul.txt"),
        ("group.2", "group-2"),
        ("x" * 100, "x" * 60),
    ],
)
def test_a_slug_is_plain_lower_case_ascii(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@settings(deadline=None)
@given(st.text())
def test_any_name_has_a_slug_that_every_file_system_takes(name: str) -> None:
    slug = slug_of(name)

    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", slug)
    assert len(slug) <= MAX_SLUG_CHARS
    assert RESERVED.fullmatch(slug) is None
    assert slug[-1] not in "."
    assert not re.search(r"\.\d+$", slug)


@settings(deadline=None)
@given(st.lists(st.text(max_size=80), max_size=20))
def test_slugs_of_a_run_are_unique(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        slug = unique_slug(name, taken)
        assert slug not in taken
        assert len(slug) <= MAX_SLUG_CHARS
        taken.add(slug)


def test_clashing_slugs_are_numbered_from_two() -> None:
    assert unique_slug("A b", {"a-b", "a-b-2"}) == "a-b-3"


def test_names_in_other_scripts_get_different_slugs() -> None:
    assert slug_of("学生甲") != slug_of("学生乙")


@pytest.mark.parametrize(
    ("file_name", "name", "is_copy", "number"),
    [
        ("student-a.zip", "student-a", False, 0),
        ("student-a.tar.gz", "student-a", False, 0),
        ("student-a.ipynb.txt", "student-a", False, 0),
        ("student a (1).zip", "student a", True, 1),
        ("Copy of student a.ipynb", "student a", True, 0),
        ("Copy of Copy of student a (3).ipynb", "student a", True, 3),
        ("student-a - Copy.ipynb", "student-a", True, 0),
        ("student-a-checkpoint.ipynb", "student-a", True, 0),
        ("student-a_attempt_2.zip", "student-a", True, 2),
        ("(1).zip", "(1)", False, 0),
        (".zip", ".zip", False, 0),
    ],
)
def test_a_label_is_the_name_without_extensions_and_copy_marks(
    file_name: str, name: str, is_copy: bool, number: int
) -> None:
    label = label_of(file_name)

    assert (label.name, label.is_copy, label.number) == (name, is_copy, number)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_file_name_has_a_label(file_name: str) -> None:
    assert label_of(file_name).name


def test_tokens_forget_case_diacritics_and_punctuation() -> None:
    assert tokens_of("Ölä_B'Cde-2") == ("ola", "b", "cde", "2")


def test_the_natural_order_counts() -> None:
    assert sorted(["x10", "x9", "X1", "a"], key=natural_key) == ["a", "X1", "x9", "x10"]
