"""Our packages as others get them: built from what is committed, in an environment that has nothing else of ours."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Final

from server.runtime.settings import PREFIX

ROOT: Final = Path(__file__).parents[2]
UV: Final = Path(sys.executable).with_name("uv")
LIMIT_SECONDS = 300
UNSET: Final = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
"""The last would have every start compile all packages anew."""


def run(folder: Path, *command: str | Path, **settings: str) -> str:
    """The output of a command that succeeds. No setting of the service is inherited, nor where the tests' code lies."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(PREFIX) and name not in UNSET
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


def committed(*below: str) -> list[str]:
    """What is committed, or would be: the files that git knows, as far as they are there now."""
    listed = run(ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *below)
    return sorted({name for name in listed.split("\0") if name and (ROOT / name).exists()})


def clone(target: Path) -> Path:
    """The files that are committed, and nothing that was made from them."""
    archive = target.with_suffix(".tar")
    with tarfile.open(archive, "w") as tar:
        for name in committed():
            tar.add(ROOT / name, arcname=name)
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    return target


def built(source: Path, target: Path, kind: str) -> Path:
    """The package of this `kind` ("wheel" or "sdist") that comes of a folder, with this environment's build tools."""
    here = ("--no-build-isolation", f"--python={sys.executable}")
    run(source, UV, "build", "-q", f"--{kind}", *here, f"--out-dir={target}", ".")
    (made,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made
