"""axe-core on the pages that Chromium shows: WCAG 2 A and AA, and what its makers hold for good practice.

It is fetched from npm once, in the version and with the hash of `axe/package-lock.json`. Where that can't be had, no
page is held to it, and the run says so at its end.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page

from tests.support.left_out import leave_out
from tests.support.npm import NotFetched, fetched

LOCK: Final = Path(__file__).with_name("axe")
SCRIPT: Final = Path("node_modules", "axe-core", "axe.min.js")
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
    try:
        home = fetched(LOCK)
    except NotFetched as missing:
        return Accessibility(missing=str(missing))
    return Accessibility((home / SCRIPT).read_text(encoding="utf-8"))


@pytest.fixture
def accessible(axe: Accessibility, request: pytest.FixtureRequest) -> Accessibility:
    """`await accessible(page)`: a story that calls it runs without axe, too."""
    if axe.missing:
        leave_out(request.node, f"pages were not checked for accessibility: {axe.missing}")
    return axe
