"""The code that processes of a run are started from: this build, and the one it is compared with."""

import importlib.metadata
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from server.runtime.settings import FOR_TESTS, PREFIX

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "d18f4e332ba89d0911b56bd347d03027541dc9c7"
"""The last commit whose workers take their work from a job queue."""
LOCK = "requirements-dev.txt"
NAME = re.compile(r"([A-Za-z0-9._-]+)==")
WITHIN = 120.0
"""Seconds for each of the steps to the build before."""
SETTINGS = (
    "from server.runtime.settings import *; print(*(PREFIX + name.upper() for name in Settings.model_fields))"
)


class BuildMissing(Exception):
    """The build to compare with can't be had; the text says why, in one line."""


def without_before(missing: BuildMissing) -> str:
    """What stands in the place of rows that compare with it."""
    return f"The build before is left out: {missing}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """`paths` are where Python looks for the code, before the packages of this environment; `settings` are
    the variables that it knows, None for all."""

    name: str
    folder: Path
    paths: tuple[Path, ...]
    settings: frozenset[str] | None = None

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Of a process that runs its code, without the settings that it doesn't know and would refuse."""
        accepted = {name: value for name, value in variables.items() if self._accepts(name.upper())}
        return {**accepted, "PYTHONPATH": os.pathsep.join(str(path) for path in self.paths)}

    def _accepts(self, name: str) -> bool:
        foreign = not name.startswith(PREFIX) or name.startswith(FOR_TESTS)
        return foreign or self.settings is None or name in self.settings


NOW = Build(name="now", folder=ROOT, paths=(ROOT / "src", ROOT))


@contextmanager
def build_before(commit: str = BEFORE) -> Iterator[Build]:
    """The code of a commit before in a folder of its own, deleted in the end. Raises BuildMissing.

    Both builds run with the packages of this environment, so that only the code differs. What the old one needs and
    this environment has not is installed beside it, as its own lock file says.
    """
    with tempfile.TemporaryDirectory(prefix="calendarsync-before-") as name:
        folder = Path(name)
        _check_out(commit, folder)
        packages = folder / "packages"
        _install_missing(folder, packages)
        _run([sys.executable, "tools/build_proto.py"], folder, what="its contract can't be compiled")
        before = Build(name="before", folder=folder, paths=(folder / "src", folder, packages))
        yield replace(before, settings=_settings_of(before))


def _settings_of(build: Build) -> frozenset[str]:
    command = [sys.executable, "-c", SETTINGS]
    said = _run(
        command, build.folder, what="its settings can't be told", environment=build.environment(os.environ)
    )
    return frozenset(said.decode().split())


def _check_out(commit: str, folder: Path) -> None:
    """The commit's files alone, which leave no trace in this repository."""
    archive = _run(["git", "archive", commit], ROOT, what=f"git has no commit {commit[:7]} here")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def _install_missing(folder: Path, target: Path) -> None:
    wanted = missing_requirements((folder / LOCK).read_text(), _installed)
    if not wanted:
        return
    file = folder / "missing.txt"
    file.write_text("\n".join(wanted) + "\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--require-hashes", "--target", str(target), "-r", str(file)]
    _run([*command, *options], folder, what="its packages can't be installed")


def missing_requirements(lock: str, installed: Callable[[str], bool]) -> list[str]:
    """The entries of a lock file, hashes included, for packages that are not installed."""
    entries = re.split(r"\n(?=\S)", lock.strip())
    named = ((NAME.match(entry), entry) for entry in entries)
    return [entry for name, entry in named if name and not installed(name[1])]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _run(
    command: list[str], folder: Path, *, what: str, environment: Mapping[str, str] | None = None
) -> bytes:
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, timeout=WITHIN
        ).stdout
    except (OSError, subprocess.SubprocessError):
        raise BuildMissing(what) from None
