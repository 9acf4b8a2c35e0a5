"""Packages of npm that tests need, by the hashes of a lock file: fetched once, for all processes.

A lock file lies beside its `package.json` in a folder of its own (`axe/`, `node/`). To renew one, edit the versions,
then there `npm install --package-lock-only --omit-lockfile-registry-resolved`.
"""

import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Final

import pytest

from tests.support.packages import ROOT

NODE: Final = Path(__file__).with_name("node")
"""The lock file of what callers in Node use."""
FETCHED: Final = ROOT / "build" / "npm"
INSTALL: Final = ("npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
IN_PATIENCE: Final = ("--fetch-retries=1", "--fetch-timeout=20000")


class NotFetched(Exception):
    """The text says why."""


def fetched(lock: Path) -> Path:
    """The folder whose `node_modules` has what the lock file in `lock` says. Raises NotFetched."""
    if shutil.which("npm") is None:
        raise NotFetched("npm is not installed")
    state = zlib.crc32((lock / "package-lock.json").read_bytes())
    home = FETCHED / f"{lock.name}-{state:08x}"
    if not home.exists():
        _install(lock, home)
    return home


def node_modules() -> Path:
    """The folder of that name for callers in Node; the test is skipped where it can't be had."""
    try:
        return fetched(NODE) / "node_modules"
    except NotFetched as missing:
        pytest.skip(str(missing))


def _install(lock: Path, home: Path) -> None:
    """Beside its place first: other processes of the same run may be at it as well."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FETCHED) as made:
        folder = Path(made, lock.name)
        shutil.copytree(lock, folder)
        if subprocess.run((*INSTALL, *IN_PATIENCE), cwd=folder, check=False).returncode:
            raise NotFetched("npm reaches no registry that has the packages")
        try:
            folder.rename(home)
        except OSError:
            if not home.exists():
                raise
