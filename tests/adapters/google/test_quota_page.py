"""docs/google-quota.md: its figures are those of the code."""

import math
import re
from datetime import timedelta
from pathlib import Path

from adapters.google.free_busy import LONGEST, MOST_CALENDARS
from adapters.google.settings import GoogleSettings
from application.calendars.refresh_calendars import LISTED_EVERY
from domain.reading import SPREAD, Pace
from tests.builders import NOW

PAGE = Path("docs/google-quota.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| (\d+) \+ (\d+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE
)
DAY = timedelta(days=1)
PACE = Pace()


def _poll(owned: int, others: int) -> int:
    questions = math.ceil(PACE.window(NOW).length / LONGEST)
    return owned + questions * math.ceil(others / MOST_CALENDARS)


def _day(owned: int, others: int, pause: timedelta, *, push: bool) -> float:
    polls = DAY / (pause * (1 - SPREAD / 2))
    return polls * _poll(owned, others) + DAY / LISTED_EVERY + (2 * owned / 7 if push else 0)


def test_a_poll_asks_what_the_page_says() -> None:
    assert f"N + {_poll(0, 1)} × ⌈O / {MOST_CALENDARS}⌉" in PAGE
    assert f"{PACE.window(NOW).length.days} days, of which one question may be about {LONGEST.days}" in PAGE


def test_the_table_has_the_figures_of_the_pace() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) == 4
    most = GoogleSettings(client_id="x", client_secret="y").daily_requests
    for row in rows:
        owned, others, poll, often, at_often, rarely, at_rarely = (int(one.replace(",", "")) for one in row)
        assert poll == _poll(owned, others)
        assert often == round(_day(owned, others, PACE.polled_every, push=False))
        assert rarely == round(_day(owned, others, PACE.polled_with_push_every, push=True))
        assert abs(at_often - most / often) <= 10
        assert abs(at_rarely - most / rarely) <= 10
