"""Builds the wheel of the sandbox from src/, for the service of its own version; pyproject.toml has the rest."""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WHEELS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "tools" / "wheels.py"))
VERSION = WHEELS["version"]()


class BuildTheSandbox(build_py):
    """What the sandbox is made of lies in a folder that only its programs look into, as with the service."""

    def run(self) -> None:
        WHEELS["carry"](["calendarsync_sandbox"], Path(self.build_lib))
        WHEELS["carry"](["sandbox"], Path(self.build_lib) / "calendarsync_sandbox" / "_packages")


setup(
    version=VERSION,
    install_requires=[f"calendarsync-service[local]=={VERSION}", "aiosmtpd>=1.4.6", "trustme>=1.2.1"],
    packages=["calendarsync_sandbox"],
    package_dir={"": "../../src"},
    options={"egg_info": {"egg_base": "."}, "build": {"build_base": "../../build/packages/sandbox"}},
    cmdclass={"build_py": BuildTheSandbox},
)
