"""Writes docs/settings.md from the descriptions, defaults and bounds in src/server/runtime/settings."""

from __future__ import annotations

import argparse
import sys
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from server.runtime.settings import PREFIX, SUBJECTS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
INTRODUCTION = f"""\
# Settings

All are environment variables that begin with `{PREFIX}`. All mistakes are reported at once, and unknown names are
refused; `calendarsync check-settings` says what it thinks of them. This page is made from the code (`make docs`).
"""


def main(argv: list[str] | None = None) -> int:
    """Writes the page; with --check only says whether it is as it would be written, by its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when the page is stale")
    if not parser.parse_args(argv).check:
        PAGE.write_text(page())
        return 0
    stale = PAGE.read_text() != page()
    if stale:
        print("docs/settings.md is stale: make docs", file=sys.stderr)
    return int(stale)


def page() -> str:
    """The whole page as Markdown: a table a subject."""
    return "\n".join([INTRODUCTION, *(_table(subject) for subject in SUBJECTS)])


def _table(subject: type[BaseModel]) -> str:
    rows = [_row(name, field) for name, field in subject.model_fields.items()]
    return "\n".join([f"## {subject.__doc__}", "", "| name | default | what |", "|---|---|---|", *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    if not field.description:
        raise ValueError(f"{name} has no description")
    return f"| `{name.upper()}` | {_default(field)} | {field.description}{_bounds(field)} |"


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "needed"
    if default is None or default is PydanticUndefined or default == () or isinstance(default, SecretStr):
        return ""
    return f"`{_plain(default)}`"


def _plain(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return ",".join(str(one) for one in value)
    return str(value)


def _bounds(field: FieldInfo) -> str:
    """What a number may be, as ` (1 to 365)`; 0 itself is not allowed where the bound is `gt`."""
    if field.annotation not in {int, float}:
        return ""
    bounds = {type(one).__name__.lower(): one for one in field.metadata}
    low = bounds.get("ge") or bounds.get("gt")
    high = bounds.get("le") or bounds.get("lt")
    if low is None or high is None:
        return ""
    least = f"{low.ge:g}" if hasattr(low, "ge") else f"more than {low.gt:g}"
    most = f"{high.le:g}" if hasattr(high, "le") else f"less than {high.lt:g}"
    return f" ({least} to {most})"


if __name__ == "__main__":
    sys.exit(main())
