"""Whether anything in the calendars of a home has changed: one question for all of them, and as little as tells it."""

from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.client import DavClient
from adapters.caldav.elements import CALENDARSERVER, DAV
from adapters.caldav.listed_calendars import TOLD_BY, CalendarHome, holds_events
from adapters.caldav.paths import name_below, path_in
from adapters.caldav.questions import propfind_for

READ_TAGS: Final = "read_tags"
"""The kind of these requests."""

_CTAG: Final = f"{CALENDARSERVER}getctag"
_SYNC_TOKEN: Final = f"{DAV}sync-token"
_QUESTION: Final = propfind_for(*TOLD_BY, _CTAG, _SYNC_TOKEN)


@dataclass(frozen=True, slots=True)
class Tags:
    """What a server changes with a calendar's events. They have no order: others say that something may have changed,
    and the same that nothing did."""

    ctag: str = field(repr=False)
    sync_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedCalendar:
    """`path` is where it is now, as the server spells it. Without `tags` it has always changed."""

    path: str = field(repr=False)
    tags: Tags | None


async def tagged_calendars(client: DavClient, home: CalendarHome) -> dict[str, TaggedCalendar]:
    """By their ids, the same ones that `listed_calendars` has. Raises as that does."""
    resources = await client.propfind(home.login, home.home, _QUESTION, depth=1, kind=READ_TAGS)
    found: dict[str, TaggedCalendar] = {}
    for resource in resources:
        if holds_events(resource) and (name := name_below(home.home, path := path_in(resource.href))):
            ctag = resource.text(_CTAG)
            tags = Tags(ctag, resource.text(_SYNC_TOKEN) or None) if ctag else None
            found[name] = TaggedCalendar(path=path, tags=tags)
    return found
