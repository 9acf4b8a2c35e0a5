"""Builds the wheel for callers: src/calendarsync_client, the contract's bundle, and stubs made from it."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parents[2]
WHEELS = runpy.run_path(str(ROOT / "tools" / "wheels.py"))


def plugin(name: str) -> str:
    """Beside this interpreter, or where the build's own environment has put it on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / name
    return f"--plugin={name}={beside if beside.exists() else shutil.which(name)}"


class BuildTheClient(build_py):
    def run(self) -> None:
        lib = Path(self.build_lib)
        WHEELS["carry"](["calendarsync_client"], lib)
        bundle = lib / "calendarsync_client" / "contract"
        tool = runpy.run_path(str(ROOT / "tools" / "contract_bundle.py"))
        if not tool["bundle"](bundle):
            raise SystemExit("the contract can't be compiled: the compiler said why above")
        sources = [path.relative_to(bundle / "proto").as_posix() for path in bundle.rglob("*.proto")]
        made = (f"--{kind}_out={lib}" for kind in ("python", "grpc_python"))
        typed = (f"--{kind}_out=quiet:{lib}" for kind in ("mypy", "mypy_grpc"))
        compiler = (
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"--descriptor_set_in={bundle / 'client.binpb'}",
        )
        plugins = (plugin(name) for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc"))
        subprocess.run([*compiler, *plugins, *made, *typed, *sorted(sources)], check=True)
        shutil.copyfile(lib / "calendarsync_client" / "py.typed", lib / "calendarsync" / "v1" / "py.typed")


setup(
    version=WHEELS["version"](),
    packages=["calendarsync_client"],
    package_dir={"": "../../src"},
    options={"egg_info": {"egg_base": "."}, "build": {"build_base": "../../build/packages/client"}},
    cmdclass={"build_py": BuildTheClient},
)
