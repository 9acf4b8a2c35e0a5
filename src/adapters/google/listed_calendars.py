"""Which calendars a person has, as their list says: what decides whether one that is not found is gone."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.google.answers import role_in
from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal
from adapters.web.access_tokens import Access
from adapters.web.outside_text import id_from
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable

LIST: Final = "/users/me/calendarList"
_LARGEST_PAGE: Final = "250"

EDITING: Final = frozenset({"owner", "writer", "writerWithoutPrivateAccess"})
"""The roles of somebody who may change events. Of a role that isn't known nothing more is believed than that its
calendar can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCalendar:
    """`editable`: the person may change its events, and so move some there. `own`: it is the person's.
    `shows_private`: its private events can be changed."""

    remote_id: str = field(repr=False)
    editable: bool
    own: bool
    shows_private: bool


async def entries_of_list(client: GoogleClient, access: Access, members: str) -> list[dict[str, Any]]:
    """Every entry of the list, hidden ones too: a calendar that was hidden after it was chosen is not gone.

    `members` are those of an entry to ask for. What is deleted is not listed, and left out if it is. Raises
    GoogleRefusal, and whatever else the client does.
    """
    asked = (
        ("showHidden", "true"),
        ("maxResults", _LARGEST_PAGE),
        ("fields", f"kind,nextPageToken,items({members},deleted)"),
    )
    return [
        entry
        async for page in client.pages(access, LIST, asked)
        for entry in page
        if entry.get("deleted") is not True
    ]


async def listed_calendars(client: GoogleClient, access: Access) -> list[ListedCalendar]:
    """The calendars of a person, at least one.

    Raises ProviderUnavailable where the list itself is not found, InvalidAnswer where it is empty: neither proves
    anything. Raises GoogleRefusal, and whatever else the client does.
    """
    try:
        entries = await entries_of_list(client, access, "id,accessRole")
    except GoogleRefusal as refusal:
        if refusal.fault is not Fault.GONE:
            raise
        raise ProviderUnavailable from refusal
    if not (listed := [one for entry in entries if (one := _listed(entry)) is not None]):
        raise InvalidAnswer(what="no calendars")
    return listed


def _listed(entry: Mapping[str, Any]) -> ListedCalendar | None:
    """None for one that we could not know."""
    if (remote_id := id_from(entry.get("id"))) is None:
        return None
    role = role_in(entry)
    return ListedCalendar(
        remote_id=remote_id,
        editable=role in EDITING,
        own=role == "owner",
        shows_private=role in {"owner", "writer"},
    )


@asynccontextmanager
async def gone_if_unlisted(
    client: GoogleClient, access: Access, remote_calendar_id: str, *, writing: bool = False
) -> AsyncIterator[None]:
    """When Google does not find this calendar: CalendarGone if the list has it no more, else ProviderUnavailable."""
    try:
        yield
    except GoogleRefusal as refusal:
        if refusal.fault is not Fault.GONE:
            raise
        listed = await listed_calendars(client, access)
        if any(one.remote_id == remote_calendar_id for one in listed):
            raise ProviderUnavailable(outcome_unknown=writing) from refusal
        raise CalendarGone from refusal
