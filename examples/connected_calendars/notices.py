"""What a page says on top about what was just done: left by one request, shown once by the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from connected_calendars.cookies import drop, keep, kept

NOTICE: Final = "notice"
NOTICE_LASTS_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`links` are pairs of text and URL."""

    title: str
    text: str = ""
    good: bool = True
    links: Sequence[tuple[str, str]] = ()


def leave_notice(request: web.Request, notice: Notice) -> None:
    """For the next page that this browser is shown."""
    content = [notice.title, notice.text, notice.good, list(notice.links)]
    keep(request, NOTICE, content, lasts_seconds=NOTICE_LASTS_SECONDS)


def take_notice(request: web.Request) -> Notice | None:
    """What was left, this once."""
    content = kept(request, NOTICE, lasts_seconds=NOTICE_LASTS_SECONDS)
    drop(request, NOTICE)
    if content is None:
        return None
    title, text, good, links = content
    return Notice(title=title, text=text, good=good, links=[(words, url) for words, url in links])


def see(request: web.Request, path: str, notice: Notice | None = None) -> web.Response:
    """On to one of our own pages, as after every form: going back or reloading then repeats nothing."""
    if notice is not None:
        leave_notice(request, notice)
    return web.Response(status=303, headers={"Location": path})
