"""Makes .venv from the lock file. Needs nothing but a Python with venv; run by `make setup`.

uv installs the lock in seconds. Where uv has no build for the machine or can't reach its index, plain pip
does the same with the same hashes, only slower.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / ".complete"
OLDEST = (3, 11)


def main() -> int:
    """Brings .venv up to date with the lock; answers 0, or 1 when it can't be done and the tools said why."""
    if sys.version_info < OLDEST:
        print("Python 3.11 or newer is needed; name one: make PYTHON=python3.12 setup", file=sys.stderr)
        return 1
    if not usable():
        print("creating .venv", flush=True)
        if not run(sys.executable, "-m", "venv", "--clear", str(VENV)):
            return 1
    print(f"installing {LOCK.name}", flush=True)
    if not install_with_uv():
        print("uv did not do it; installing with pip, which takes a minute", flush=True)
        if not pip("install", "--require-hashes", "--no-deps", "-r", str(LOCK)):
            return 1
    if not pip("install", "--no-deps", "--no-build-isolation", "-e", str(ROOT)):
        return 1
    STAMP.touch()
    return 0


def usable() -> bool:
    """Whether .venv has a Python that runs; its interpreter may have been removed or replaced since."""
    if not PYTHON.exists():
        return False
    version = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([PYTHON, "-c", version], check=False, capture_output=True).returncode == 0


def install_with_uv() -> bool:
    bootstrap = VENV / "uv-requirement.txt"
    bootstrap.write_text(locked("uv"))
    if not pip("install", "--require-hashes", "--no-deps", "-r", str(bootstrap)):
        return False
    return run(
        str(VENV / "bin" / "uv"), "pip", "sync", "-q", f"--python={PYTHON}", "--require-hashes", str(LOCK)
    )


def locked(package: str) -> str:
    """The lines of the lock file that pin one package, hashes included."""
    lines = LOCK.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next(number for number in range(start, len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[start : end + 1]) + "\n"


def pip(*arguments: str) -> bool:
    return run(str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def run(*command: str) -> bool:
    return subprocess.run(command, check=False, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
