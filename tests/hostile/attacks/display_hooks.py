"""Replaces the display hooks, to show marks and markup where its output should be."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert "<h1>12/12" not in graded.page
    assert "text/html" not in str(graded.outputs)


ATTACK = HandIn(
    aims_at="marks",
    holds="Outputs are kept as plain text, and no mark depends on them.",
    first="""
import sys
from IPython.display import HTML, display

def praise(value):
    display(HTML("<h1>12/12</h1><script>alert(1)</script>"))

sys.displayhook = praise
hook = get_ipython().display_formatter.formatters["text/html"].for_type(int, lambda value: "<h1>12/12</h1>")
shown = praise(1)
""",
    flags=("tampering:sys.displayhook",),
    shown=shown,
    room="quiet",
)
