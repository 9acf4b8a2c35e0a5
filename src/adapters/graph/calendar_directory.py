"""The calendars of a Microsoft account, and whether its mailbox is one we can serve."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.graph.client import GraphClient
from adapters.graph.errors import Fault, GraphRefusal, translated
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.outside_text import address_from, id_from, name_from
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.ids import AccountId

_log = logging.getLogger(__name__)

_SELECTED = "id,name,color,hexColor,canEdit,canShare,isDefaultCalendar,owner"
_PAGE_SIZE = "50"
_HEX_COLOR = re.compile(r"#[0-9a-f]{6}")
_NAMED_COLORS: Mapping[str, str] = {
    "lightblue": "#a6d1f5",
    "lightgreen": "#87d28e",
    "lightorange": "#fcab73",
    "lightgray": "#c0c0c0",
    "lightyellow": "#f4d07a",
    "lightteal": "#4adacc",
    "lightpink": "#f08cc0",
    "lightbrown": "#cba287",
    "lightred": "#f88c9b",
}
"""Near to how Outlook draws its named colours; Graph gives a value only for calendars whose colour was ever set.

The names are the members of Graph's `calendarColor` (v1.0 metadata of August 2026), but `auto` and `maxColor`, which
have no colour. The values are ours. A new name has no colour until it has a line here.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphCalendarDirectory:
    client: GraphClient
    tokens: AccessTokens

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        access = self.tokens.fresh(grant)
        with translated(gone=ProviderUnavailable):
            await self._probe(access)
        return await self._calendars(access)

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        return await self._calendars(AccountAccess(tokens=self.tokens, account_id=account_id))

    async def check_access(self, account_id: AccountId) -> None:
        await self.tokens.renew(account_id)

    async def _probe(self, access: Access) -> None:
        """Raises what says that there is no mailbox. That only the main calendar isn't found does not mean that: some
        mailboxes have none, and the list shows it."""
        try:
            await self.client.get(access, "/me/calendar", {"$select": "id"})
        except GraphRefusal as refusal:
            if refusal.fault is not Fault.GONE:
                raise

    async def _calendars(self, access: Access) -> tuple[RemoteCalendar, ...]:
        # A list that isn't found is an outage: only words about the mailbox itself say that there is none.
        with translated(gone=ProviderUnavailable):
            own = await self._own_addresses(access)
            parameters = {"$select": _SELECTED, "$top": _PAGE_SIZE}
            listed = [
                remote
                async for page in self.client.pages(access, "/me/calendars", parameters)
                for calendar in page
                if (remote := _from_graph(calendar, own)) is not None
            ]
        # A calendar made or removed between two pages can shift one onto both.
        return tuple({calendar.remote_id: calendar for calendar in listed}.values())

    async def _own_addresses(self, access: Access) -> frozenset[str]:
        """Every address we know the person by, folded; `mail` is null for some personal accounts."""
        profile = await self.client.get(access, "/me", {"$select": "mail,userPrincipalName"})
        token = await access.token()
        known = (profile.get("mail"), profile.get("userPrincipalName"), token.username)
        return frozenset(address.casefold() for address in known if isinstance(address, str) and address)


def _from_graph(calendar: Mapping[str, Any], own_addresses: frozenset[str]) -> RemoteCalendar | None:
    """None for one whose id can be none, as for one that is not listed: it can be neither read nor written."""
    if not isinstance(given_id := calendar.get("id"), str) or not given_id:
        raise InvalidAnswer(what="a calendar without an id")
    if (remote_id := id_from(given_id)) is None:
        _log.warning("a calendar is left out: its id can be none")
        return None
    owner = calendar.get("owner")
    owner = owner if isinstance(owner, dict) else {}
    owner_email = address_from(owner.get("address"))
    primary = calendar.get("isDefaultCalendar") is True
    owned = owner_email.casefold() in own_addresses if owner_email else primary
    return RemoteCalendar(
        remote_id=remote_id,
        name=name_from(calendar.get("name")),
        owner_name=name_from(owner.get("name")),
        owner_email=owner_email,
        color=_color(calendar),
        primary=primary,
        writable=calendar.get("canEdit") is True,
        # Only whoever made a calendar can share it; an unknown address alone may be one more alias of the person's.
        shared=not owned and calendar.get("canShare") is False,
    )


def _color(calendar: Mapping[str, Any]) -> str:
    value = _text(calendar.get("hexColor")).casefold()
    if _HEX_COLOR.fullmatch(value):
        return value
    return _NAMED_COLORS.get(_text(calendar.get("color")).casefold(), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
