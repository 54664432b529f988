"""The documentation says what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader.limits import Limits
from grader.probes import Probe
from grader.rubric import Execution, Rubric
from reference import cells, networks
from reference.mistakes import all_mistakes, collisions

ROOT = Path(__file__).resolve().parents[2]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}


def test_pages_made_from_the_code_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(set(Rubric.model_fields) - {"folder", "execution"}))
def test_every_key_of_a_rubric_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS["rubrics.md"]


@pytest.mark.parametrize("name", sorted(set(Execution.model_fields) - {"threads"}))
def test_every_key_of_the_execution_is_documented(name: str) -> None:
    assert f"`execution.{name}`" in DOCS["rubrics.md"]


def test_every_step_of_a_probe_is_documented() -> None:
    steps = Probe.model_json_schema()["$defs"]
    names = {schema["properties"]["do"]["const"] for schema in steps.values() if "do" in schema.get("properties", {})}
    assert len(names) >= 12
    for name in names:
        assert f"`{name}`" in DOCS["rubrics.md"]


def test_every_limit_has_a_sentence() -> None:
    source = (ROOT / "grader" / "limits.py").read_text(encoding="utf-8")
    for name in [*Limits.model_fields, *Limits().intake.__class__.model_fields]:
        assert re.search(rf'    {name}: [^\n]*\n    """[A-Z][^"]+"""', source), name


def test_links_between_pages_lead_somewhere() -> None:
    pages = {ROOT / "docs" / name: text for name, text in DOCS.items()}
    pages[ROOT / "README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
    for page, text in pages.items():
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_page_or_source_holds_a_path_of_some_machine() -> None:
    tracked = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "grader").rglob("*.py"), *(ROOT / "reference").rglob("*.py")]
    for path in [*tracked, ROOT / "README.md", ROOT / "Makefile"]:
        assert not re.search(r"/(root|home/\w+)/", path.read_text(encoding="utf-8")), path


def test_the_readme_shows_the_rubric_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("rubric.yaml", "test_first_steps.py"):
        assert (ROOT / "rubrics" / "first_steps" / name).read_text(encoding="utf-8") in readme
    assert len(readme.split("\n")) <= 150


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("grade", "execute", "score", "report", "override", "explain", "check", "doctor"):
        assert f"grader {command}" in readme


@pytest.mark.parametrize("name", ["reference.md", "mistakes.md", "errors.md", "kinds.md"])
def test_links_within_a_page_made_from_the_code_lead_to_a_heading(name: str) -> None:
    headings = re.findall(r"^#+ (.+)$", DOCS[name], flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", DOCS[name]):
        assert target in anchors, target


def test_links_from_the_reference_to_mistakes_lead_to_an_entry() -> None:
    entries = {re.sub(r"[^\w]", "", entry) for entry in re.findall(r"^### (.+)$", DOCS["mistakes.md"], re.MULTILINE)}
    targets = re.findall(r"\]\(mistakes\.md#([^)]+)\)", DOCS["reference.md"])
    assert targets
    assert set(targets) <= entries


def test_every_named_mistake_has_a_place_with_all_its_words() -> None:
    for entry in all_mistakes().values():
        assert f"\n### {entry.id}\n" in DOCS["mistakes.md"]
        assert entry.formula in DOCS["mistakes.md"]


def test_every_collision_stands_with_its_family() -> None:
    sections = re.split(r"^## ", DOCS["mistakes.md"], flags=re.MULTILINE)
    for collision in collisions():
        (section,) = [text for text in sections if f"\n### Collisions of {collision.family}\n" in text]
        condition = re.sub(r"([*<|])", r"\\\1", collision.condition)
        assert (
            f"[`{collision.same[-1]}`](#{collision.same[-1].replace('.', '')}), where {condition}\n" in section + "\n"
        )


@pytest.mark.parametrize("name", sorted({*cells.__all__, *networks.__all__} - {"MODES", "Mode", "State", "Step"}))
def test_every_public_name_of_cells_and_networks_is_on_the_page_of_the_reference(name: str) -> None:
    assert re.search(rf"^### \w+\.{name}$", DOCS["reference.md"], flags=re.MULTILINE)


def test_equations_stand_in_code_blocks_as_they_are_written() -> None:
    assert "```text\ni  = σ(x W_xiᵀ + b_xi + h W_hiᵀ + b_hi)      input gate\n" in DOCS["reference.md"]
