"""What the `gpu` tests have measured is written into the page, and a run without a GPU leaves the page alone."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8")
LINES = [
    {"topic": "start", "card": "Card A", "what": "the first product", "value": 0.1234, "unit": "s"},
    {"topic": "apart", "card": "Card A", "what": "words found", "value": 0, "unit": ""},
]


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu_figures", ROOT / "scripts" / "gpu_figures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write(script: ModuleType, folder: Path, lines: list[dict[str, object]], page: str = PAGE) -> tuple[int, str]:
    (folder / "gpu.md").write_text(page, encoding="utf-8")
    (folder / "figures").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    code = script.main([str(folder / "figures"), "--page", str(folder / "gpu.md")])
    return code, (folder / "gpu.md").read_text(encoding="utf-8")


def test_figures_take_the_place_of_earlier_ones_and_what_was_not_run_is_named(
    script: ModuleType, tmp_path: Path
) -> None:
    code, once = write(script, tmp_path, LINES)
    _, twice = write(script, tmp_path, LINES, once)

    assert code == 0
    assert once == twice
    assert "Measured on: Card A.\n" in once
    assert "| the first product | 0.12 s |\n" in once
    assert "| words found | 0 |\n" in once
    assert once.count("Never run.") == 3
    before, after = PAGE.split(script.BEGIN)[0], PAGE.split(script.END)[1]
    assert once.startswith(before)
    assert once.endswith(after)


def test_a_run_without_a_gpu_leaves_the_page_as_it_is(script: ModuleType, tmp_path: Path) -> None:
    assert write(script, tmp_path, []) == (0, PAGE)


def test_a_page_without_a_place_for_figures_is_not_touched(script: ModuleType, tmp_path: Path) -> None:
    assert write(script, tmp_path, LINES, "# GPUs\n") == (2, "# GPUs\n")


def test_every_topic_of_the_tests_has_a_title(script: ModuleType) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "gpu").glob("test_*.py"))
    topics = {part.split('"')[0] for part in sources.split('figure("')[1:]}

    assert topics == set(script.TOPICS)
