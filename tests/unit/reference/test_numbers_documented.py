"""Reference functions of numbers say all that a reader needs, and every named mistake says what it distorts."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from reference import counts, curves, language, optimisers
from reference.counts import blocks, models
from reference.curves import accuracies, grid, losses, perplexities, pooled, schedule
from reference.mistakes import FunctionMistake, function_mistakes

HEADINGS = ("Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes")
DOCUMENTED: list[Callable[..., object]] = [
    optimisers.rmsprop_step,
    optimisers.adam_step,
    optimisers.clip_by_value,
    optimisers.global_norm,
    optimisers.clip_by_global_norm,
    language.softmax_at_beta,
    language.softmax_at_temperature,
    language.sharpened,
    language.draw,
    language.sample_sequence,
    language.sequence_loss,
    language.perplexity,
    language.perplexity_of_bits,
    language.chi_square,
    language.diversity,
    blocks.cell_count,
    blocks.output_count,
    blocks.attention_count,
    blocks.embedding_count,
    models.parameter_count,
    grid.check_grid,
    losses.check_losses,
    accuracies.check_accuracies,
    pooled.check_pooled,
    schedule.learning_rate,
    perplexities.check_perplexities,
]
FAMILIES = ("rms", "adam", "clip", "temp", "ppl", "samp", "lmloss", "count")
ENTRIES = [entry for family in FAMILIES for entry in function_mistakes(family)]
REFERENCE = Path(counts.__file__).parents[1]


@pytest.mark.parametrize("function", DOCUMENTED, ids=lambda function: function.__name__)
def test_every_reference_function_documents_all_seven_headings_in_order(function: Callable[..., object]) -> None:
    text = inspect.getdoc(function) or ""
    places = [text.find(f"\n{heading} ") if heading != "Equations" else text.find(heading) for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("package", [optimisers, language, counts, curves], ids=lambda package: package.__name__)
def test_what_a_package_offers_is_there_and_sorted(package: object) -> None:
    names: list[str] = package.__all__  # type: ignore[attr-defined]  # a package
    assert names == sorted(names)
    assert [name for name in names if not hasattr(package, name)] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.mistake.id)
def test_every_entry_names_a_reference_function_and_takes_what_it_takes(entry: FunctionMistake) -> None:
    module, name = f"reference.{entry.of}".rsplit(".", 1)
    reference = getattr(importlib.import_module(module), name)
    wanted = list(inspect.signature(reference).parameters)
    found = list(inspect.signature(entry.function).parameters)
    assert found == wanted[: len(found)]


def test_counting_and_the_catalogue_do_not_wait_for_sympy() -> None:
    counting = [REFERENCE / "counts" / f"{name}.py" for name in ("__init__", "blocks", "models", "quantities", "sizes")]
    for path in [*counting, *(REFERENCE / "mistakes").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"sympy", "reference.counts.naming", "reference.counts.expressions"}, path
