"""The calendars of a Google account, as its list has them."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.google.answers import role_in
from adapters.google.capabilities import writable_roles
from adapters.google.client import GoogleClient
from adapters.google.errors import translated
from adapters.google.listed_calendars import entries_of_list
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.outside_text import address_from, id_from, name_from
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.ids import AccountId

_log = logging.getLogger(__name__)

_MEMBERS: Final = "id,summary,summaryOverride,primary,accessRole,dataOwner,backgroundColor"
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleCalendarDirectory:
    """Roles say what can be read and written, together with the scopes that were granted; of a role that nobody knows
    yet only that it can be read."""

    client: GoogleClient
    tokens: AccessTokens

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        return await self._calendars(self.tokens.fresh(grant))

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        return await self._calendars(AccountAccess(tokens=self.tokens, account_id=account_id))

    async def check_access(self, account_id: AccountId) -> None:
        await self.tokens.renew(account_id)

    async def _calendars(self, access: Access) -> tuple[RemoteCalendar, ...]:
        # A list that isn't found is an outage: only a reason of its own says that somebody has no calendars at all.
        with translated(gone=ProviderUnavailable):
            entries = await entries_of_list(self.client, access, _MEMBERS)
        token = await access.token()
        reading = _Reading(
            own_addresses=_own_addresses(entries, token.username), writable_roles=writable_roles(token.scopes)
        )
        listed = [one for entry in entries if (one := reading.calendar(entry)) is not None]
        # A calendar added or removed between two pages can shift one onto both.
        each_once = {calendar.remote_id: calendar for calendar in listed}.values()
        return tuple(sorted(each_once, key=lambda calendar: not calendar.primary))


def _own_addresses(entries: list[dict[str, Any]], username: str) -> frozenset[str]:
    """Folded. The name of the sign-in may be one that the person has changed since; the id of the primary calendar is
    their address, and may be the new one."""
    primary = (entry.get("id") for entry in entries if entry.get("primary") is True)
    return frozenset(one.casefold() for one in (username, *primary) if isinstance(one, str) and one)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    own_addresses: frozenset[str]
    writable_roles: frozenset[str]

    def calendar(self, entry: Mapping[str, Any]) -> RemoteCalendar | None:
        """None for one whose id can be none, as for one that is not listed: it can be neither read nor written."""
        if not isinstance(given_id := entry.get("id"), str) or not given_id:
            raise InvalidAnswer(what="a calendar without an id")
        if (remote_id := id_from(given_id)) is None:
            _log.warning("a calendar is left out: its id can be none")
            return None
        primary, role = entry.get("primary") is True, role_in(entry)
        # Google names owners of secondary calendars only.
        owner = address_from(remote_id if primary else entry.get("dataOwner"))
        owned = primary or (owner.casefold() in self.own_addresses if owner else role == "owner")
        return RemoteCalendar(
            remote_id=remote_id,
            name=_name(entry) or name_from(remote_id),
            owner_name="",
            owner_email=owner,
            color=_color(entry.get("backgroundColor")),
            primary=primary,
            writable=role in self.writable_roles,
            shared=not owned,
        )


def _name(entry: Mapping[str, Any]) -> str:
    """What the person calls it, or else what it is called."""
    return name_from(entry.get("summaryOverride")) or name_from(entry.get("summary"))


def _color(value: object) -> str:
    folded = value.casefold() if isinstance(value, str) else ""
    return folded if _COLOR.fullmatch(folded) else ""
