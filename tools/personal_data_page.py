"""Writes docs/personal-data.md from the data map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from adapters.postgres.data_kinds import Column, Erasure, ExpertsTable, Kind
from adapters.postgres.data_map import DESERTED, EXPERTS, OPERATORS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "personal-data.md"
INTRODUCTION = """\
# What is held about experts

Every column of every table that has rows of experts: what it holds, as what an export (`ExpertService/ExportExpert`)
shows it, or why not, and what erases it (`ExpertService/DeleteExpert`). This page is made from the code (`make docs`),
and a test compares the code with the migrated database.
"""
ERASED = {
    Erasure.CASCADE: "Erased with the expert's row, by foreign keys.",
    Erasure.TRIGGER: "Erased by a trigger, in the same transaction.",
    Erasure.STATEMENT: "Erased by a statement of its own, in the same transaction.",
    Erasure.KEPT: "Kept; once the key in the `audit_subject` of an expert is erased, it says nothing about anybody.",
}
KINDS = {
    Kind.KEY: "id",
    Kind.STATE: "state",
    Kind.TIME: "time",
    Kind.PERSONAL: "personal",
    Kind.SEALED: "encrypted",
    Kind.SECRET: "secret, or its hash",
}


def main() -> None:
    PAGE.write_text(page())


def page() -> str:
    """The whole page as Markdown."""
    operators = ", ".join(f"`{name}`" for name in sorted({*OPERATORS, *DESERTED}))
    return "\n".join(
        [
            INTRODUCTION,
            *(line for name, table in EXPERTS.items() for line in _table(name, table)),
            "## About no expert",
            "",
            f"{operators}: about the service itself.",
            "",
        ]
    )


def _table(name: str, table: ExpertsTable) -> Iterator[str]:
    shown = f" Exported as `{table.record}`." if table.record else ""
    yield from (f"## {name}", "", ERASED[table.erased_by] + shown, "")
    yield from ("| column | holds | in an export |", "|---|---|---|")
    yield from (
        f"| `{column}` | {KINDS[what.kind]} | {_export(what)} |" for column, what in table.columns.items()
    )
    yield ""


def _export(column: Column) -> str:
    if column.exported_as:
        return ", ".join(f"`{one}`" for one in column.exported_as)
    return f"not: {column.withheld}"


if __name__ == "__main__":
    main()
