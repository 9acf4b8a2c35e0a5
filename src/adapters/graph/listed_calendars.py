"""Which calendars a mailbox has, as its list says: what decides whether one that is not found is gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.graph.client import GraphClient
from adapters.graph.errors import Fault, GraphRefusal
from adapters.web.access_tokens import Access
from adapters.web.outside_text import id_from
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable

_PAGE_SIZE = "100"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendar:
    """`writable`: events can be moved there. `own`: it is in this very mailbox, and not shared from another.
    `shows_private`: its private events can be found and changed."""

    remote_id: str = field(repr=False)
    writable: bool
    own: bool
    shows_private: bool


async def listed_calendars(client: GraphClient, access: Access) -> list[ListedCalendar]:
    """The calendars of the mailbox, at least one.

    Raises ProviderUnavailable where the list itself is not found, InvalidAnswer where it is empty: neither proves
    anything. Raises GraphRefusal, and whatever else the client does.
    """
    parameters = {"$select": "id,canEdit,canShare,canViewPrivateItems", "$top": _PAGE_SIZE}
    try:
        listed = [
            ListedCalendar(
                remote_id=remote_id,
                writable=one.get("canEdit") is True,
                own=one.get("canShare") is not False,
                shows_private=one.get("canViewPrivateItems") is True,
            )
            async for page in client.pages(access, "/me/calendars", parameters)
            for one in page
            if (remote_id := id_from(one.get("id"))) is not None  # else it is none that we could know
        ]
    except GraphRefusal as refusal:
        if refusal.fault is not Fault.GONE:
            raise
        raise ProviderUnavailable from refusal
    if not listed:
        raise InvalidAnswer(what="no calendars")
    return listed


@asynccontextmanager
async def gone_if_unlisted(
    client: GraphClient, access: Access, remote_calendar_id: str, *, writing: bool = False
) -> AsyncIterator[None]:
    """When Graph does not find this calendar: CalendarGone if the list has it no more, else ProviderUnavailable."""
    try:
        yield
    except GraphRefusal as refusal:
        if refusal.fault is not Fault.GONE:
            raise
        listed = await listed_calendars(client, access)
        if any(one.remote_id == remote_calendar_id for one in listed):
            raise ProviderUnavailable(outcome_unknown=writing) from refusal
        raise CalendarGone from refusal


def id_of(item: dict[str, object]) -> str:
    """The id of an event. Raises InvalidAnswer where there is none."""
    if (remote_id := id_from(item.get("id"))) is None:
        raise InvalidAnswer(what="an item without an id")
    return remote_id
