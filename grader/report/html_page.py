"""Renders a template: autoescape on, an undefined name is an error, nothing is fetched and nothing runs in the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grader import __version__
from grader.report.plain_text import mark_text, marks_text

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def render(template: str, **values: object) -> str:
    """A page as text.

    Args:
        template: file name in `templates/`.
        values: what the template may use; all of it is escaped.
    """
    return (
        _environment().get_template(template).render(values, content_policy=CONTENT_POLICY, grader_version=__version__)
    )


def prose(text: str) -> Markup:
    """A sentence as HTML: escaped, and what stands between back quotes set as code."""
    pieces = text.split("`")
    closed = len(pieces) % 2 == 1
    made = [
        Markup("<code>{}</code>").format(piece) if number % 2 and closed else escape(piece)
        for number, piece in enumerate(pieces)
    ]
    return Markup("" if closed else "`").join(made)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    environment.filters["mark"] = mark_text
    environment.filters["marks"] = marks_text
    return environment
