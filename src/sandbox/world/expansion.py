"""Turns stored events into what a calendar view shows: singles, occurrences and exceptions over a window."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from sandbox.world.model import Event
from sandbox.world.zones import find_zone, to_instant

InstanceType = Literal["singleInstance", "occurrence", "exception", "seriesMaster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One line of a calendar: an event, the series it belongs to, and its true instants in UTC.

    `event` carries the wall-clock times of this instance. `original` is the date the pattern gave it.
    """

    event: Event
    type: InstanceType
    start: datetime
    end: datetime
    master: Event | None = None
    original: date | None = None


def instance_of(event: Event) -> Instance:
    """The stored event itself: a single event, or the master of a series."""
    return _instance(event, "seriesMaster" if event.recurrence else "singleInstance")


def occurrence_of(master: Event, original: date) -> Instance | None:
    """One occurrence of a series by its original date; None where it was deleted or the pattern has none."""
    if original in master.exceptions:
        changed = master.exceptions[original]
        return None if changed is None else _instance(changed, "exception", master, original)
    for day in _dates(master):
        if day >= original:
            return _occurrence(master, day) if day == original else None
    return None


def view(events: Iterable[Event], begin: datetime, end: datetime) -> list[Instance]:
    """Everything that touches the window, in order of start.

    What ends exactly at the window's start is included, as Graph does (microsoft-graph-docs issue 18024).
    """
    found = [
        instance
        for event in events
        for instance in (_series(event, end) if event.recurrence else [instance_of(event)])
        if instance.start < end and instance.end >= begin
    ]
    return sorted(found, key=lambda instance: (instance.start, instance.end, instance.event.uid))


def zone_of(event: Event) -> tzinfo:
    """The zone in which a stored event's wall-clock times count."""
    return find_zone(event.zone) or UTC


def _series(master: Event, until: datetime) -> Iterator[Instance]:
    last = (until + timedelta(days=2)).date()
    for day in _dates(master):
        if day > last:
            break
        if day not in master.exceptions:
            yield _occurrence(master, day)
    # An exception may have been moved into the window from any date of the series.
    for original, changed in master.exceptions.items():
        if changed is not None:
            yield _instance(changed, "exception", master, original)


def _dates(master: Event) -> Iterator[date]:
    return master.recurrence.dates(master.start.date()) if master.recurrence else iter(())


def _occurrence(master: Event, day: date) -> Instance:
    start = datetime.combine(day, master.start.time())
    # Exchange keeps both ends as wall-clock offsets, so an occurrence ends by the clock on the wall.
    event = replace(master, start=start, end=start + (master.end - master.start), recurrence=None)
    return _instance(event, "occurrence", master, day)


def _instance(
    event: Event, kind: InstanceType, master: Event | None = None, original: date | None = None
) -> Instance:
    zone = zone_of(event)
    return Instance(
        event=event,
        type=kind,
        start=to_instant(event.start, zone),
        end=to_instant(event.end, zone),
        master=master,
        original=original,
    )
