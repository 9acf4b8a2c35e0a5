"""The list of decisions names every page, in order, and that of all pages leaves none out."""

import re
from pathlib import Path

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"


def test_the_list_has_every_page_in_order() -> None:
    listed = re.findall(r"^- (\d{4}) \[.+\]\((.+)\)$", (DECISIONS / "README.md").read_text(), re.MULTILINE)

    assert [page for _, page in listed] == sorted(path.name for path in DECISIONS.glob("0*.md"))
    assert all(page.startswith(f"{number}-") for number, page in listed)


def test_the_index_of_pages_has_each_once() -> None:
    docs = DECISIONS.parent
    listed = re.findall(r"^- \[.+?\]\((?!\.\.)(.+?)\)", (docs / "README.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(
        [
            *(path.name for path in docs.glob("*.md") if path.name != "README.md"),
            "decisions/README.md",
            "runbook/README.md",
        ]
    )
