"""What our wheels are filled with as they are built: packages that nobody else sees, and the contract's Python."""

from __future__ import annotations

import runpy
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src"
PROTO = ROOT / "proto"


def version() -> str:
    """The version of all our packages, which stands in pyproject.toml at the root and nowhere else."""
    found: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def carry(packages: Iterable[str], target: Path) -> None:
    """Copies packages of ours below `target`, which has nothing else afterwards, whatever an earlier build left."""
    shutil.rmtree(target, ignore_errors=True)
    for package in packages:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SOURCES / package, target / package, ignore=ignored)


def generate(target: Path, scratch: Path) -> None:
    """Compiles the contract into `target`. Ends the build where that can't be done: the compiler said why."""
    scratch.mkdir(parents=True, exist_ok=True)
    contract: dict[str, Any] = runpy.run_path(str(ROOT / "tools" / "build_proto.py"))
    sources = contract["sources_in"](PROTO)
    if not contract["build"](PROTO, sources, target, scratch, typed=False):
        raise SystemExit("the contract can't be compiled: the compiler said why above")
