"""Reads the pages back, as a browser would, and holds the texts that must never get through."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link", "rect", "line"}

HOSTILE = {
    "script": "<script>document.title='taken'</script>",
    "image": "<img src=x onerror=\"document.title='taken'\">",
    "attribute": '" onmouseover="document.title=\'taken\'" x="',
    "single-quote": "' onfocus='document.title=1' autofocus tabindex='1",
    "close-tags": "</code></p></li></article></main></body></html><h1>200 of 100</h1>",
    "style": "</style><style>body{display:none}</style>",
    "template": "{{ 7 * 7 }}{% raw %}{# no #}",
    "link": '<a href="javascript:alert(1)">x</a>',
    "comment": "<!-- --><!--",
    "svg": "<svg onload=alert(1)>",
    "back-quotes": "`<b>bold</b>` and `<script>1</script>`",
}


@dataclass
class Page:
    """What a parser found in a page."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    """Rows of cells of the tables that have an id."""
    unclosed: list[str] = field(default_factory=list)

    def attributes(self, name: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[name] for _, attributes in self.tags if name in attributes]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._table: list[list[str]] | None = None
        self._in_cell = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.page.tags.append((tag, attributes))
        if tag not in VOID:
            self.page.unclosed.append(tag)
        if tag == "style":
            self._silent += 1
        elif tag == "table":
            self._table = self.page.tables.setdefault(attributes.get("id", ""), [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in ("td", "th") and self._table is not None:
            self._table[-1].append("")
            self._in_cell = True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.page.unclosed, f"</{tag}> closes nothing"
        assert self.page.unclosed.pop() == tag, f"</{tag}> closes another tag"
        if tag == "style":
            self._silent -= 1
        elif tag in ("td", "th"):
            self._in_cell = False
        elif tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.page.text += data
        if self._in_cell and self._table:
            self._table[-1][-1] += data


def read_page(html: str) -> Page:
    """The page as a parser sees it; fails on tags that do not match."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.page.text = " ".join(reader.page.text.split())
    for rows in reader.page.tables.values():
        rows[:] = [[" ".join(cell.split()) for cell in row] for row in rows]
    return reader.page
