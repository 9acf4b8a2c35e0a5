"""The short form of `make chaos`: after sixty faults nothing is lost, nothing there twice, nothing left over."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SEED = "9"
PATIENCE_SECONDS = 300
"""It takes about a minute where nothing else runs."""


def test_sixty_faults_leave_everything_whole() -> None:
    command = [sys.executable, "-m", "chaos", "--seed", SEED, "--faults", "60", "--phase", "60", "--brisk"]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "60 faults:" in run.stdout
