"""The service's package as others install it: from an sdist of what is committed, beside nothing else of ours."""

import base64
import hashlib
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from server.runtime.settings import PREFIX
from tests.support.packages import ROOT, UV, built, clone, committed, run

SETTINGS = {
    "ENCRYPTION_KEYS": "one:" + base64.b64encode(hashlib.sha256(b"one").digest()).decode(),
    "MICROSOFT_CLIENT_ID": "client",
    "MICROSOFT_CLIENT_SECRET": "secret",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "calendars@example.com",
}
FLOORS = ("domain", "application", "adapters", "server")
FILES = "import importlib.metadata as it; print(*it.files('calendarsync-service'), sep='\\n')"
FOUND = "import importlib.util as it; print(*filter(it.find_spec, {names}))"


@pytest.fixture(scope="module")
def calendarsync(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command; its packages are those of the lock file, as in the container, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "environment"
    run(folder, UV, "venv", "-q", "--python", sys.executable, environment)
    install = (UV, "pip", "install", "-q", "--no-deps", f"--python={environment / 'bin' / 'python'}")
    run(folder, *install, "--require-hashes", "-r", ROOT / "requirements.txt")
    run(folder, *install, built(clone(folder / "clone"), folder / "sdist", "sdist"))
    return environment / "bin" / "calendarsync"


def test_says_its_version_which_stands_in_one_place(calendarsync: Path, tmp_path: Path) -> None:
    assert run(tmp_path, calendarsync, "--version") == f"calendarsync {version('calendarsync-service')}\n"


def test_says_what_it_can_do(calendarsync: Path, tmp_path: Path) -> None:
    told = run(tmp_path, calendarsync, "--help")
    for command in ("serve", "local", "migrate", "check-settings"):
        assert command in told


def test_has_every_file_of_its_packages_and_the_contracts_python(calendarsync: Path, tmp_path: Path) -> None:
    installed = set(run(tmp_path, calendarsync.with_name("python"), "-c", FILES).splitlines())
    inside = "calendarsync_service/_packages/"
    wanted = {inside + name.removeprefix("src/") for one in FLOORS for name in committed(f"src/{one}")}
    wanted |= {
        inside + name.removeprefix("proto/").replace(".proto", kind)
        for name in committed("proto/calendarsync")
        for kind in ("_pb2.py", "_pb2_grpc.py")
    }
    wanted.add(inside + "buf/validate/validate_pb2.py")

    assert wanted <= installed


def test_takes_one_name_in_the_environment(calendarsync: Path, tmp_path: Path) -> None:
    python = calendarsync.with_name("python")
    names = (*FLOORS, "sandbox", "calendarsync", "buf", "calendarsync_service", "calendarsync_sandbox")
    assert run(tmp_path, python, "-c", FOUND.format(names=names)) == "calendarsync_service\n"
    folders = {name.partition("/")[0] for name in run(tmp_path, python, "-c", FILES).splitlines()}
    told = f"calendarsync_service-{version('calendarsync-service')}.dist-info"
    assert folders == {"calendarsync_service", told, ".."}


def test_checks_settings_and_migrates(calendarsync: Path, tmp_path: Path, empty_dsn: str) -> None:
    settings = {PREFIX + name: value for name, value in (SETTINGS | {"DATABASE_URL": empty_dsn}).items()}
    assert (
        run(tmp_path, calendarsync, "check-settings", **settings)
        == "The settings are right.\nProviders: MICROSOFT.\n"
    )
    # As a module, and beside somebody else's package of the same name.
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "__init__.py").write_text("raise SystemExit('somebody else')")
    python = calendarsync.with_name("python")
    assert "The schema is up to date." in run(
        tmp_path, python, "-m", "calendarsync_service", "migrate", **settings
    )


def test_names_the_package_that_it_lacks(calendarsync: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="pip install calendarsync-sandbox"):
        run(tmp_path, calendarsync, "local", "--folder", tmp_path / "var")
