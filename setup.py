"""Builds the wheel of the service: its packages and the contract's Python in a folder that only its program looks into.

Why it isn't simply a list of packages is told in docs/decisions/0062-what-a-wheel-takes.md. Everything else about the
package stands in pyproject.toml.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WHEELS = runpy.run_path(str(Path(__file__).resolve().parent / "tools" / "wheels.py"))
PACKAGES = ("domain", "application", "adapters", "server")


class BuildTheService(build_py):
    """An editable install has none of this: it finds `src`, and there what `make proto` makes."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        inside = Path(self.build_lib) / "calendarsync_service" / "_packages"
        WHEELS["carry"](PACKAGES, inside)
        WHEELS["generate"](inside, Path(self.get_finalized_command("build").build_temp))


setup(cmdclass={"build_py": BuildTheService})
