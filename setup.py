"""Generates the contract's Python into the wheel as it is built: stubs are not committed, yet must be installed.

Everything else about the package stands in pyproject.toml.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithContract(build_py):
    """Copies the packages, then compiles proto/ beside them. An editable install uses what `make proto` makes."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.get_finalized_command("build").build_temp)
        folder.mkdir(parents=True, exist_ok=True)
        contract = runpy.run_path(str(ROOT / "tools" / "build_proto.py"))
        sources = contract["sources_in"](ROOT / "proto")
        if not contract["build"](ROOT / "proto", sources, Path(self.build_lib), folder, typed=False):
            raise SystemExit("the contract can't be compiled: the compiler said why above")


setup(cmdclass={"build_py": BuildWithContract})
