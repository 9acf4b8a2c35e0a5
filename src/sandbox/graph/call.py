"""One Graph request as its handler sees it, free of HTTP."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from sandbox.delivery import Delivery
from sandbox.graph.errors import malformed_id, not_found, unknown_zone
from sandbox.world.events import Found
from sandbox.world.grants import AccessToken
from sandbox.world.ids import is_well_formed
from sandbox.world.model import Calendar, Person
from sandbox.world.world import World
from sandbox.world.zones import find_zone

_PREFERENCE = re.compile(r'\s*([\w.-]+)\s*=\s*(?:"([^"]*)"|([^,;\s]*))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose token was accepted.

    `template` is the path with {placeholders}, `ids` what stood in their places, `path` the raw path below
    the base `graph_url`, `raw_query` the query as it came and `query` its options with names in lower case.
    """

    world: World
    delivery: Delivery
    graph_url: str
    method: str
    template: str
    path: str
    raw_query: str
    query: Mapping[str, str]
    token: AccessToken
    ids: Mapping[str, str] = field(default_factory=dict)
    preferences: Mapping[str, str] = field(default_factory=dict)
    if_match: str | None = None
    body: Any = None

    @property
    def person(self) -> Person:
        """Whose token it is."""
        return self.token.person

    @property
    def zone_name(self) -> str:
        """The zone times are to be printed in."""
        return self.preferences.get("outlook.timezone", "UTC")

    @property
    def zone(self) -> tzinfo:
        """The zone of `zone_name`; raises the error Graph gives for an unknown one."""
        zone = find_zone(self.zone_name)
        if zone is None:
            raise unknown_zone(self.zone_name)
        return zone

    @property
    def immutable_ids(self) -> bool:
        """Whether ids are to be printed in their immutable spelling."""
        return self.preferences.get("idtype", "").casefold() == "immutableid"

    @property
    def wants_no_body(self) -> bool:
        """Whether a change is to be answered without what there is now, and the preference is honoured."""
        minimal = self.preferences.get("return", "").casefold() == "minimal"
        return minimal and self.method == "PATCH" and self.world.settings.minimal_answer != "ignored"

    @property
    def plain_text(self) -> bool:
        """Whether bodies are to be printed as text."""
        return self.preferences.get("outlook.body-content-type", "").casefold() == "text"

    def calendar(self) -> Calendar:
        """The calendar the path names, the default one where it names none; raises Graph's errors."""
        calendar_id = self.ids.get("calendar")
        if calendar_id is not None and not is_well_formed(calendar_id):
            raise malformed_id()
        if calendar_id is None and self.person.default_calendar == "not_found":
            raise not_found()
        for calendar in self.world.calendars.of(self.person):
            if calendar.is_default if calendar_id is None else calendar.id == calendar_id:
                return calendar
        if calendar_id is None and self.world.calendars.of(self.person):
            return self.world.calendars.of(self.person)[0]
        raise not_found()

    def event(self) -> Found:
        """The event the path names; raises Graph's errors."""
        event_id = self.ids["event"]
        if not is_well_formed(event_id):
            raise malformed_id()
        found = self.world.events.find(self.person, event_id)
        if found is None or not self._reaches(found.calendar):
            raise not_found()
        if found.stored.sensitivity == "private" and not found.calendar.can_view_private:
            raise not_found()
        return found

    def _reaches(self, calendar: Calendar) -> bool:
        """Whether the path leads to events of this calendar: its own does, the mailbox's may not where it is shared."""
        if "calendar" in self.ids:
            return self.calendar() is calendar
        return calendar.can_share or self.world.settings.shared_events_in_mailbox


def parse_preferences(headers: list[str]) -> dict[str, str]:
    """The preferences of all Prefer headers, by name in lower case."""
    found = (match for header in headers for match in _PREFERENCE.finditer(header))
    return {match[1].casefold(): match[2] if match[2] is not None else match[3] for match in found}


def applied_preferences(call: Call) -> dict[str, str]:
    """The header with which Graph confirms the preferences it obeyed."""
    applied = []
    if "outlook.timezone" in call.preferences:
        applied.append(f'outlook.timezone="{call.zone_name}"')
    if call.immutable_ids:
        applied.append('IdType="ImmutableId"')
    if call.wants_no_body:
        applied.append("return=minimal")
    if call.plain_text:
        applied.append('outlook.body-content-type="text"')
    return {"Preference-Applied": ", ".join(applied)} if applied else {}
