"""Events as iCloud writes them into their files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sandbox.icloud.calendar_text import Component, Line, escape, write
from sandbox.icloud.zones import component_of, utc_stamp
from sandbox.world.expansion import zone_of
from sandbox.world.model import Event, Person
from sandbox.world.rules import rule

_PARTSTAT: Final = {
    "accepted": "ACCEPTED",
    "tentativelyAccepted": "TENTATIVE",
    "declined": "DECLINED",
    "notResponded": "NEEDS-ACTION",
}
_STATUS: Final = {"tentative": "TENTATIVE"}
_BUSY_STATUS: Final = {"oof": "OOF", "workingElsewhere": "WORKINGELSEWHERE"}
_CLASS: Final = {"private": "PRIVATE", "personal": "PRIVATE", "confidential": "CONFIDENTIAL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """Writes the events of a calendar. Its owner is the one who was invited to them and gave an answer."""

    owner: Person

    def text(self, event: Event, uid: str) -> str:
        """The whole file of an event or a series."""
        if event.icloud_text:
            return event.icloud_text
        parts = list(self._events(event, uid))
        zoned = {
            _zone_name(one): one for one in (event, *event.exceptions.values()) if one and not _is_plain(one)
        }
        zones = [component_of(name.strip('"'), zone_of(one), _first(one).year) for name, one in zoned.items()]
        head = [
            Line("VERSION", "2.0"),
            Line("PRODID", "-//Apple Inc.//iCloud Sandbox//EN"),
            Line("CALSCALE", "GREGORIAN"),
        ]
        return write(Component("VCALENDAR", head, zones + parts))

    def _events(self, event: Event, uid: str) -> Iterator[Component]:
        yield self._event(event, uid, series_of=None, original=None)
        for original, changed in sorted(event.exceptions.items(), key=lambda one: one[0]):
            if changed is not None:
                yield self._event(changed, uid, series_of=event, original=original)

    def _event(self, event: Event, uid: str, *, series_of: Event | None, original: date | None) -> Component:
        stamp = event.modified.strftime("%Y%m%dT%H%M%SZ")
        first = event.start if series_of else _first(event)
        lines = [
            Line("CREATED", event.created.strftime("%Y%m%dT%H%M%SZ")),
            Line("DTSTAMP", stamp),
            # ICloud writes a second one into what it gives out.
            Line("DTSTAMP", stamp),
            Line("LAST-MODIFIED", stamp),
            Line("SEQUENCE", str(event.changes - 1)),
            Line("UID", uid),
            _when("DTSTART", event, first),
            _when("DTEND", event, first + (event.end - event.start)),
        ]
        if series_of is not None and original is not None:
            lines.append(_recurrence_id(series_of, original))
        elif event.recurrence is not None:
            lines += _series(event)
        lines += self._details(event)
        alarm = [_alarm(event.reminder_minutes)] if event.reminder_on else []
        return Component("VEVENT", [line for line in lines if line.name not in event.omitted], alarm)

    def _details(self, event: Event) -> Iterator[Line]:
        for name, text in (
            ("SUMMARY", event.subject),
            ("DESCRIPTION", event.body),
            ("LOCATION", event.location),
        ):
            if text:
                yield Line(name, escape(text))
        if event.show_as in _BUSY_STATUS:
            yield Line("X-MICROSOFT-CDO-BUSYSTATUS", _BUSY_STATUS[event.show_as])
        else:
            yield Line("TRANSP", "TRANSPARENT" if event.show_as == "free" else "OPAQUE")
        if event.cancelled or event.show_as in _STATUS:
            yield Line("STATUS", "CANCELLED" if event.cancelled else _STATUS[event.show_as])
        if event.sensitivity in _CLASS:
            yield Line("CLASS", _CLASS[event.sensitivity])
        if event.categories:
            yield Line("CATEGORIES", ",".join(escape(name) for name in event.categories))
        if event.color:
            yield Line("COLOR", event.color)
        if event.response in _PARTSTAT:
            host = f"mailto:{event.organizer_email}"
            yield Line("ORGANIZER", host, f';CN="{event.organizer_name}"')
            parameters = f';CN="{self.owner.name}";CUTYPE=INDIVIDUAL;PARTSTAT={_PARTSTAT[event.response]}'
            yield Line("ATTENDEE", f"mailto:{self.owner.icloud_account.addresses[0]}", parameters)


def _series(event: Event) -> Iterator[Line]:
    recurrence = event.recurrence
    assert recurrence is not None
    until = None
    if recurrence.until is not None and not event.all_day:
        until = utc_stamp(datetime.combine(recurrence.until, event.start.time()), zone_of(event))
    yield Line("RRULE", rule(recurrence, until=until).removeprefix("RRULE:"))
    for original, changed in sorted(event.exceptions.items(), key=lambda one: one[0]):
        if changed is None:
            yield _when("EXDATE", event, datetime.combine(original, event.start.time()))


def _first(event: Event) -> datetime:
    """DTSTART always belongs to a series, so it is the first day that the pattern gives."""
    if event.recurrence is None:
        return event.start
    day = next(event.recurrence.dates(event.start.date()), event.start.date())
    return datetime.combine(day, event.start.time())


def _recurrence_id(series: Event, original: date) -> Line:
    """In UTC whatever the zone of the series, as iCloud writes it."""
    if series.all_day:
        return Line("RECURRENCE-ID", f"{original:%Y%m%d}", ";VALUE=DATE")
    start = datetime.combine(original, series.start.time())
    return Line("RECURRENCE-ID", utc_stamp(start, zone_of(series)))


def _when(name: str, event: Event, wall: datetime) -> Line:
    if event.all_day:
        return Line(name, f"{wall:%Y%m%d}", ";VALUE=DATE")
    stamp = wall.strftime("%Y%m%dT%H%M%S")
    if _is_plain(event):
        return Line(name, stamp + "Z")
    return Line(name, stamp, f";TZID={_zone_name(event)}")


def _is_plain(event: Event) -> bool:
    """Whether its times need no VTIMEZONE."""
    return event.all_day or (zone_of(event) is UTC and event.original_zone is None)


def _zone_name(event: Event) -> str:
    """An IANA name, unless the event has one that is printed as it stands."""
    name = event.original_zone or str(getattr(zone_of(event), "key", event.zone))
    return f'"{name}"' if set(name) & set(":;,") else name


def _alarm(minutes: int) -> Component:
    lines = [
        Line("ACTION", "DISPLAY"),
        Line("DESCRIPTION", "Reminder"),
        Line("TRIGGER", f"-PT{minutes}M"),
    ]
    return Component("VALARM", lines)
