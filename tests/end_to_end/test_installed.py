"""The package as others install it: built from what is committed, in an environment that has nothing else of ours."""

import base64
import hashlib
import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from server.runtime.settings import PREFIX

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
LIMIT_SECONDS = 300
SETTINGS = {
    "ENCRYPTION_KEYS": "one:" + base64.b64encode(hashlib.sha256(b"one").digest()).decode(),
    "MICROSOFT_CLIENT_ID": "client",
    "MICROSOFT_CLIENT_SECRET": "secret",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "calendars@example.com",
}


@pytest.fixture(scope="module")
def calendarsync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command; its packages are those of the lock file, as in the container, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "environment"
    run(folder, UV, "venv", "-q", "--python", sys.executable, environment)
    install = (UV, "pip", "install", "-q", "--no-deps", f"--python={environment / 'bin' / 'python'}")
    run(folder, *install, "--require-hashes", "-r", ROOT / "requirements.txt")
    run(folder, *install, source(folder))
    return environment / "bin" / "calendarsync"


def source(folder: Path) -> Path:
    """What is committed, or would be: the files that git knows as they are now."""
    listed = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    target = folder / "source"
    archive = folder / "source.tar"
    with tarfile.open(archive, "w") as tar:
        for name in filter(None, listed):
            if (ROOT / name).exists():
                tar.add(ROOT / name, arcname=name)
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target


def run(folder: Path, *command: str | Path, **settings: str) -> str:
    """The output of a command that succeeds. No setting of the service is inherited, nor where the tests' code lies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) and name not in {"PYTHONPATH", "VIRTUAL_ENV"}
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | settings,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_says_its_version_which_stands_in_one_place(calendarsync: Path, tmp_path: Path) -> None:
    assert run(tmp_path, calendarsync, "--version") == f"calendarsync {version('calendarsync-service')}\n"


def test_says_what_it_can_do(calendarsync: Path, tmp_path: Path) -> None:
    told = run(tmp_path, calendarsync, "--help")
    for command in ("serve", "local", "migrate", "check-settings"):
        assert command in told


def test_checks_settings_and_migrates(calendarsync: Path, tmp_path: Path, empty_dsn: str) -> None:
    settings = {PREFIX + name: value for name, value in (SETTINGS | {"DATABASE_URL": empty_dsn}).items()}
    assert (
        run(tmp_path, calendarsync, "check-settings", **settings)
        == "The settings are right.\nProviders: MICROSOFT.\n"
    )
    assert "The schema is up to date." in run(tmp_path, calendarsync, "migrate", **settings)


def test_names_the_extra_that_it_lacks(calendarsync: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"calendarsync-service\[local\]"):
        run(tmp_path, calendarsync, "local", "--folder", tmp_path / "var")
