"""axe-core on the pages that Chromium shows: WCAG 2 A and AA, and what its makers hold for good practice.

It is fetched from npm once, in the version and with the hash of `axe/package-lock.json`. Where that can't be had, no
page is held to it, and the run says so at its end.
"""

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page

from tests.support.left_out import leave_out
from tests.support.packages import ROOT

LOCK: Final = Path(__file__).with_name("axe")
FETCHED: Final = ROOT / "build" / "axe"
SCRIPT: Final = Path("node_modules", "axe-core", "axe.min.js")
INSTALL: Final = ("npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
IN_PATIENCE: Final = ("--fetch-retries=1", "--fetch-timeout=20000")
LEVELS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
RUN: Final = """async levels => {
  const rules = {"target-size": {enabled: true}}
  const found = await axe.run(document, {runOnly: levels, rules, resultTypes: ["violations"]})
  return found.violations.map(({id, help, nodes}) => [id, help, nodes.map(one => one.target.flat().join(" "))])
}"""


@dataclass(frozen=True, slots=True)
class Accessibility:
    """`missing` says why pages can't be looked at."""

    script: str = field(default="", repr=False)
    missing: str = ""

    async def __call__(self, page: Page) -> None:
        """Fails for each rule that the page breaks as it is now, and says where: by selectors, since its text may be
        about somebody."""
        if self.missing:
            return
        # By way of the debugger, so the page keeps its Content-Security-Policy.
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(self.script)
        broken = await page.evaluate(RUN, LEVELS)
        assert not broken, "\n".join(f"{rule}: {helps} ({'; '.join(where)})" for rule, helps, where in broken)


@pytest.fixture(scope="session")
def axe() -> Accessibility:
    if shutil.which("npm") is None:
        return Accessibility(missing="npm is not installed")
    locked = json.loads((LOCK / "package-lock.json").read_text(encoding="utf-8"))
    home = FETCHED / locked["packages"]["node_modules/axe-core"]["version"]
    if not (home / SCRIPT).exists() and not _install(home):
        return Accessibility(missing="npm reaches no registry that has axe-core")
    return Accessibility((home / SCRIPT).read_text(encoding="utf-8"))


@pytest.fixture
def accessible(axe: Accessibility, request: pytest.FixtureRequest) -> Accessibility:
    """`await accessible(page)`: a story that calls it runs without axe, too."""
    if axe.missing:
        leave_out(request.node, f"pages were not checked for accessibility: {axe.missing}")
    return axe


def _install(home: Path) -> bool:
    """Beside its place first: other processes of the same run may be at it as well."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FETCHED) as made:
        folder = Path(made, "axe")
        shutil.copytree(LOCK, folder)
        if subprocess.run((*INSTALL, *IN_PATIENCE), cwd=folder, check=False).returncode:
            return False
        try:
            folder.rename(home)
        except OSError:
            return (home / SCRIPT).exists()
    return True
