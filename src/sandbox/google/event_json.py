"""Events as Google writes them, in full or stripped to their times."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, Literal

from sandbox.google import times
from sandbox.google.listed import Listed
from sandbox.world.expansion import Instance, zone_of
from sandbox.world.model import Event
from sandbox.world.rules import rule
from sandbox.world.zones import to_instant

Sight = Literal["full", "times", "times_and_transparency"]
"""How much of an event somebody sees."""

_CHOOSABLE: Final = re.compile(r"[0-9a-v]{5,1024}")
_TIMES: Final = frozenset({"kind", "id", "etag", "status", "start", "end", "updated", "iCalUID", "htmlLink"})
_ANSWERS = {
    "accepted": "accepted",
    "tentativelyAccepted": "tentative",
    "declined": "declined",
    "notResponded": "needsAction",
}
_KINDS = {"oof": "outOfOffice", "workingElsewhere": "workingLocation"}
_VISIBILITY = {"private": "private", "personal": "private", "confidential": "confidential"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """Writes the events of one calendar. `zone` is that of the answer, `most_attendees` None for all."""

    listed: Listed
    zone: tzinfo
    sight: Sight
    most_attendees: int | None = None

    def event(self, instance: Instance) -> dict[str, Any]:
        """An event, an occurrence, or a series."""
        event, series = instance.event, instance.master
        printed = self._head(event, id_of(event) if series is None else instance_id(series, instance))
        printed |= {"start": self._time(event, event.start), "end": self._time(event, event.end)}
        if series is not None and instance.original is not None:
            printed["recurringEventId"] = id_of(series)
            printed["originalStartTime"] = self._time(series, _original(series, instance.original))
        elif event.recurrence is not None:
            printed["recurrence"] = [rule(event.recurrence)]
        printed |= self._details(event)
        printed = {name: value for name, value in (printed | event.google).items() if value is not None}
        return self._seen(event, self._without_defaults(printed))

    def cancelled(self, series: Event, original: date) -> dict[str, Any]:
        """A deleted occurrence: hardly more than where it was."""
        start = _original(series, original)
        return {
            "kind": "calendar#event",
            "id": f"{id_of(series)}_{_compact(series, start)}",
            "status": "cancelled",
            "recurringEventId": id_of(series),
            "originalStartTime": self._time(series, start),
        }

    def gone(self, event: Event, *, moved: bool) -> dict[str, Any]:
        """A deleted event, which keeps its id; of one that was moved away nothing else is left."""
        if moved:
            return {"kind": "calendar#event", "id": id_of(event), "status": "cancelled"}
        times_of = {"start": self._time(event, event.start), "end": self._time(event, event.end)}
        whole = self._head(event, id_of(event)) | times_of | self._details(event) | event.google
        shown = {name: value for name, value in whole.items() if value is not None}
        return self._seen(event, shown | {"status": "cancelled"})

    def _head(self, event: Event, event_id: str) -> dict[str, Any]:
        return {
            "kind": "calendar#event",
            "etag": etag(event),
            "id": event_id,
            "status": _status(event),
            "htmlLink": f"https://www.google.com/calendar/event?eid={_digest(event_id)[:22]}",
            "created": times.stamp(event.created),
            "updated": times.stamp(event.modified),
            "iCalUID": f"{id_of(event)}@google.com",
            "eventType": _KINDS.get(event.show_as, "default"),
        }

    def _details(self, event: Event) -> dict[str, Any]:
        organizer = {
            "email": event.organizer_email,
            "self": event.organizer_email == self.listed.person.email,
        }
        known = organizer if organizer["self"] else {"email": event.organizer_email}
        found: dict[str, Any] = {
            "summary": event.subject or None,
            "description": event.body or None,
            "location": event.location or None,
            "creator": known,
            "organizer": known,
            "sequence": event.changes - 1,
            "reminders": {"useDefault": True},
            "visibility": _VISIBILITY.get(event.sensitivity),
        }
        if event.show_as in ("free", "workingElsewhere"):
            found["transparency"] = "transparent"
        if event.show_as == "workingElsewhere":
            found["workingLocationProperties"] = {"type": "homeOffice", "homeOffice": {}}
        if event.online_meeting:
            found["hangoutLink"] = event.meeting_url
        return found | self._attendees(event)

    def _attendees(self, event: Event) -> dict[str, Any]:
        guests = [
            {"email": one["emailAddress"]["address"], "responseStatus": "needsAction"}
            for one in event.attendees
        ]
        answer = _ANSWERS.get(event.response)
        mine = {"email": self.listed.calendar.owner_email, "self": True, "responseStatus": answer}
        own = [mine] if answer else []
        everybody = [*own, *guests]
        if not everybody:
            return {}
        if self.most_attendees is None or len(everybody) <= self.most_attendees:
            return {"attendees": everybody}
        return {"attendees": own or None, "attendeesOmitted": True}

    def _seen(self, event: Event, printed: dict[str, Any]) -> dict[str, Any]:
        hidden = event.sensitivity != "normal" and not self.listed.at_least("writer")
        if self.sight == "full" and not hidden:
            return printed
        kept = _TIMES | ({"transparency"} if self.sight == "times_and_transparency" else set())
        return {name: value for name, value in printed.items() if name in kept} | {"visibility": "private"}

    def _without_defaults(self, printed: dict[str, Any]) -> dict[str, Any]:
        if not self.listed.world.google.settings.leaves_out_defaults:
            return printed
        usual = {"status": "confirmed", "eventType": "default"}
        return {name: value for name, value in printed.items() if usual.get(name) != value}

    def _time(self, event: Event, wall: datetime) -> dict[str, str]:
        if event.all_day:
            return {"date": wall.date().isoformat()}
        zone = zone_of(event)
        name = "UTC" if zone is UTC else str(zone)
        return {"dateTime": times.printed(to_instant(wall, zone), self.zone), "timeZone": name}


def id_of(event: Event) -> str:
    """The id of an event or series: the one it was given, or one of the kind that Google makes up."""
    if event.google_id:
        return event.google_id
    return base64.b32hexencode(hashlib.sha256(event.uid.encode()).digest())[:26].decode().lower()


def may_be_chosen(event_id: str) -> bool:
    """Whether an app may give an event this id."""
    return _CHOOSABLE.fullmatch(event_id) is not None


def instance_id(series: Event, instance: Instance) -> str:
    """The id of an occurrence: that of its series and when it should begin."""
    return (
        f"{id_of(series)}_{_compact(series, _original(series, instance.original or instance.start.date()))}"
    )


def etag(event: Event) -> str:
    """The version of an event."""
    return f'"{int(event.modified.timestamp() * 1000)}{event.changes:04}"'


def span(event: Event, zone: tzinfo) -> tuple[datetime, datetime]:
    """The instants between which an event lies; the days of an all-day one count in the zone."""
    counted = zone if event.all_day else zone_of(event)
    return to_instant(event.start, counted), to_instant(event.end, counted)


def _status(event: Event) -> str:
    if event.cancelled:
        return "cancelled"
    return "tentative" if event.show_as == "tentative" else "confirmed"


def _original(series: Event, day: date) -> datetime:
    return datetime.combine(day, series.start.time() if not series.all_day else time())


def _compact(series: Event, start: datetime) -> str:
    if series.all_day:
        return start.strftime("%Y%m%d")
    return to_instant(start, zone_of(series)).strftime("%Y%m%dT%H%M%SZ")


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()


WIDEST_ZONE: Final = timedelta(hours=26)
"""By how much the edges of a day may differ between two zones."""
