"""Takes the pictures in docs/images: the example page, in a week that is always the same.

Starts what `make run` does on free ports, and stops it again. Needs a Chromium, as the tests of pages do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.support.browser import ARGUMENTS, DESKTOP, NO_BROWSER, PHONE, executable

ROOT = Path(__file__).resolve().parents[1]
IMAGES: Final = ROOT / "docs" / "images"
LARGEST_BYTES: Final = 150_000
STOPPED_WITHIN_SECONDS: Final = 30
WEEK: Final = "/week?of=2030-05-13"
"""Far ahead, so that no picture shows today's date."""
CONNECTED: Final = (("Microsoft", "anna"), ("Google", "gina"))
APPLE_ID: Final = "ivan@icloud.example.com"
BUSY: Final = (
    ("anna", "13T09:00", "13T10:30"),
    ("gina", "13T14:00", "13T14:30"),
    ("gina", "14T12:00", "14T13:00"),
    ("anna", "14T15:00", "14T17:00"),
    ("anna", "15T08:30", "15T12:00"),
    ("gina", "15T18:00", "15T19:30"),
    ("anna", "16T10:00", "16T11:00"),
    ("anna", "16T16:00", "16T16:45"),
    ("anna", "17T13:00", "17T18:00"),
    ("gina", "18T10:00", "18T13:00"),
)
"""Whose, and from when until when in May 2030, by the clock of Berlin."""
BOOKED: Final = (
    ("Monday, 13 May 2030, 11:00", "Review with Jonas"),
    ("Tuesday, 14 May 2030, 09:00", "Coaching Maria"),
    ("Thursday, 16 May 2030, 13:30", "First talk"),
)


def main() -> int:
    """Answers 0, or 1 where there is no browser, or a picture is too large."""
    if executable() is None:
        print(NO_BROWSER, file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with everything() as addresses, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        take_all(browser, addresses["page_url"], addresses["sandbox"]["control_url"])
        browser.close()
    large = [one.name for one in IMAGES.glob("*.png") if one.stat().st_size > LARGEST_BYTES]
    for name in large:
        print(f"{name} has more than {LARGEST_BYTES} bytes", file=sys.stderr)
    return 1 if large else 0


@contextmanager
def everything() -> Iterator[dict[str, Any]]:
    """`make run` by another name: its addresses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALENDARSYNC_")}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own account must get in when we are root
        command = [sys.executable, "-m", "server", "local", "--free-ports", "--json", "--folder", folder]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=kept, text=True
        )
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOPPED_WITHIN_SECONDS)


def take_all(browser: Browser, page_url: str, control_url: str) -> None:
    desktop = browser.new_page(viewport=DESKTOP, base_url=page_url, reduced_motion="reduce")
    connect_all(desktop)
    take(desktop, "/accounts", "accounts")
    choose(desktop)
    take(desktop, "/calendars", "calendars")
    for person, start, end in BUSY:
        order(
            control_url,
            f"/people/{person}/calendars/primary/events",
            start=f"2030-05-{start}",
            end=f"2030-05-{end}",
            zone="Europe/Berlin",
            subject="Private",
        )
    for when, title in BOOKED:
        book(desktop, when, title)
    take(desktop, f"{WEEK}&look=now", "week", height=1070)
    phone = browser.new_page(
        viewport=PHONE,
        base_url=page_url,
        color_scheme="dark",
        reduced_motion="reduce",
        device_scale_factor=2,
        storage_state=desktop.context.storage_state(),
    )
    take(phone, f"{WEEK}&look=now", "week-phone")


def connect_all(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Ada Lindgren")
    page.get_by_role("button", name="Go on as this expert").click()
    for provider, person in CONNECTED:
        page.get_by_role("button", name=provider).click()
        page.locator(f"#account-{person}").click()
        page.locator("#accept").click()
        page.get_by_text("is connected").wait_for()
    page.get_by_role("button", name="Apple").click()
    password = page.get_by_role("listitem").filter(has_text=APPLE_ID).locator("code").inner_text()
    page.locator("#onward").click()
    page.get_by_label("Apple ID", exact=True).fill(APPLE_ID)
    page.get_by_label("App-specific password", exact=True).fill(password)
    page.get_by_role("button", name="Connect").click()
    page.get_by_text("is connected").wait_for()


def choose(page: Page) -> None:
    page.goto("/calendars")
    page.get_by_role("checkbox", name="Family").check()
    page.get_by_role("radio", name="Team").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved").wait_for()


def book(page: Page, when: str, title: str) -> None:
    """And wait until it is in the calendar."""
    page.goto(f"{WEEK}&look=now")
    page.get_by_role("link", name=f"Book {when}").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Book").click()
    sessions = page.get_by_role("region", name="Sessions of this week")
    sessions.get_by_role("listitem").filter(has_text=title).get_by_text(
        "in the calendar", exact=True
    ).wait_for()


def take(page: Page, address: str, name: str, *, height: int | None = None) -> None:
    """A picture of the window, which may be higher than usual."""
    if height is not None:
        page.set_viewport_size(ViewportSize(width=DESKTOP["width"], height=height))
    page.goto(address)
    page.screenshot(path=IMAGES / f"{name}.png")


def order(control_url: str, path: str, **body: str) -> None:
    """To the sandbox's control API."""
    asked = Request(control_url + path, data=json.dumps(body).encode())  # noqa: S310 - the sandbox we started
    urlopen(asked, timeout=STOPPED_WITHIN_SECONDS).close()  # noqa: S310 - likewise


if __name__ == "__main__":
    sys.exit(main())
