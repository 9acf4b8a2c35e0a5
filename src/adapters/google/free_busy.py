"""When calendars are busy, many by one question, without anything of their events.

An answer is about each calendar by itself: what is wrong with one stands beside it, in an answer whose status is 200. A
calendar that has an error, or isn't in the answer at all, is unread: never free.
"""

import asyncio
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from itertools import pairwise
from typing import Any, Final, TypeAlias

from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal, classify, reasons_of
from adapters.google.times import bounds, placed, time_from
from adapters.web.access_tokens import Access
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.interval import Interval

_log = logging.getLogger(__name__)

MOST_CALENDARS: Final = 50
"""In one question, by the description of Calendar API v3."""
LONGEST: Final = timedelta(days=60)
"""Of one question: beyond some three months Google refuses it."""

_SELECTED: Final = "timeMin,timeMax,calendars"
_TOO_MANY: Final = frozenset({"toomanycalendarsrequested", "grouptoobig"})
"""Reasons that fewer calendars do away with."""

Said: TypeAlias = list[CalendarEntry] | GoogleRefusal | InvalidAnswer
"""What is known of one calendar: its busy times, or why they aren't."""


async def busy_times(
    client: GoogleClient, access: Access, calendars: Sequence[str], window: Interval
) -> dict[str, Said]:
    """Of `calendars`, at most MOST_CALENDARS different ones; some may lie outside `window`.

    Raises what the client does, and InvalidAnswer where the answer as a whole is none.
    """
    parts = await asyncio.gather(
        *(_asked(client, access, calendars, part) for part in _parts(window)), return_exceptions=True
    )
    known: dict[str, Said] = {calendar: [] for calendar in calendars}
    for part in parts:
        if isinstance(part, BaseException):
            raise part
        for calendar, said in part.items():
            known[calendar] = _both(known[calendar], said)
    return known


async def _asked(
    client: GoogleClient, access: Access, calendars: Sequence[str], window: Interval
) -> dict[str, Said]:
    """Those that were too many at once are asked for again, fewer at a time."""
    known = _read(await _answer(client, access, calendars, window), calendars, window)
    again = [calendar for calendar, said in known.items() if _is_too_many(said)]
    _report(client, (said for calendar, said in known.items() if calendar not in again))
    if len(calendars) == 1:
        return known | {calendar: InvalidAnswer(what="one calendar is too many") for calendar in again}
    fewer = len(calendars) // 2
    for first in range(0, len(again), fewer):
        known |= await _asked(client, access, again[first : first + fewer], window)
    return known


async def _answer(
    client: GoogleClient, access: Access, calendars: Sequence[str], window: Interval
) -> dict[str, Any]:
    begin, end = bounds(window)
    body = {"timeMin": begin, "timeMax": end, "items": [{"id": calendar} for calendar in calendars]}
    try:
        return await client.post(access, "/freeBusy", body, (("fields", _SELECTED),), reads=True)
    except GoogleRefusal as refusal:
        if refusal.fault not in {Fault.GONE, Fault.DELETED}:
            raise
        raise ProviderUnavailable from refusal  # the question isn't found: that says nothing of a calendar


def _report(client: GoogleClient, every: Iterable[Said]) -> None:
    for said in every:
        if isinstance(said, GoogleRefusal):
            _log.info("google refused a calendar", extra={"code": said.code})
            client.heed_reason(said)


def _read(answer: Mapping[str, Any], calendars: Sequence[str], window: Interval) -> dict[str, Said]:
    said = answer.get("calendars")
    if not isinstance(said, dict) or not _is_about(answer, window):
        raise InvalidAnswer(what="no answer to the question")
    return {calendar: _said_of(said.get(calendar)) for calendar in calendars}


def _is_about(answer: Mapping[str, Any], window: Interval) -> bool:
    """Google repeats the window. One that it had cut short would leave the rest unread."""
    begin, end = answer.get("timeMin"), answer.get("timeMax")
    if begin is None or end is None:
        return True
    said = placed(time_from(begin), time_from(end))
    return isinstance(said, Instants) and said.start <= window.start and window.end <= said.end


def _said_of(calendar: object) -> Said:
    if not isinstance(calendar, dict):
        return InvalidAnswer(what="a calendar left out")
    if errors := calendar.get("errors"):
        return _refusal(errors)
    busy = calendar.get("busy")
    if not isinstance(busy, list):
        return InvalidAnswer(what="no busy times")
    try:
        return [_entry(one) for one in busy]
    except InvalidAnswer as invalid:
        return invalid


def _refusal(errors: object) -> GoogleRefusal:
    reasons = tuple(reasons_of(errors))
    fault, code = classify(HTTPStatus.OK, reasons)
    return GoogleRefusal(
        status=HTTPStatus.OK, fault=fault, reasons=frozenset(one.casefold() for one in reasons), code=code
    )


def _entry(busy: object) -> CalendarEntry:
    if not isinstance(busy, dict):
        raise InvalidAnswer(what="no busy time")
    when = placed(time_from(busy.get("start")), time_from(busy.get("end")))
    return CalendarEntry(when=when, show_as=ShowAs.BUSY)


def _is_too_many(said: Said) -> bool:
    return isinstance(said, GoogleRefusal) and bool(said.reasons & _TOO_MANY)


def _both(one: Said, other: Said) -> Said:
    """What is known only in part is not known."""
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    return other if isinstance(one, list) else one


def _parts(window: Interval) -> Iterator[Interval]:
    """Equal parts of the window, none too long for a question."""
    count = math.ceil(window.length / LONGEST)
    edges = [window.start + window.length * number / count for number in range(count)]
    for start, end in pairwise([*edges, window.end]):
        yield Interval(start, end)
