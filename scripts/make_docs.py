"""Makes the pages of `docs/` that come from the code: all of `PAGES`.

python scripts/make_docs.py            write them
python scripts/make_docs.py --check    fail if one of them is not what the code says
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs_pages.attacks import attacks_page
from docs_pages.errors import errors_page
from docs_pages.kinds import kinds_page
from docs_pages.mistakes import mistakes_page
from docs_pages.planted import planted_page
from docs_pages.policies import policies_page
from docs_pages.reference import reference_page

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "attacks.md": attacks_page,
    "errors.md": errors_page,
    "kinds.md": kinds_page,
    "planted.md": planted_page,
    "policies.md": policies_page,
    "reference.md": reference_page,
    "mistakes.md": mistakes_page,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    checking = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path, text = ROOT / "docs" / name, page()
        if checking and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not checking:
            path.write_text(text, encoding="utf-8")
    if stale:
        sys.stderr.write(f"docs are not what the code says: {', '.join(stale)}; run scripts/make_docs.py\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
