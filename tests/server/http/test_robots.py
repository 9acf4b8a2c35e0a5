"""What programs may fetch of the HTTP side, as a reader of robots.txt understands it."""

from urllib.robotparser import RobotFileParser

import pytest

from tests.server.http.browser import Browser


@pytest.mark.parametrize("agent", ["APIs-Google", "Googlebot", "*"])
async def test_notifications_may_be_brought_and_nothing_else_is_for_programs(
    browser: Browser, agent: str
) -> None:
    answer = await browser.get("/robots.txt")
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert rules.can_fetch(agent, "https://calendars.example/notifications/google")
    assert not rules.can_fetch(agent, "https://calendars.example/reconnect/token")
    assert not rules.can_fetch(agent, "https://calendars.example/")
