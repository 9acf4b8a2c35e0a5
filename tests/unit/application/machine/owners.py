"""What owners do in their calendars, and what they do there with events of ours."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.interval import Interval
from tests.fakes.provider import Event
from tests.unit.application.machine.base import Machine
from tests.unit.application.machine.choices import CALENDARS, HAND, calendars, entries, randoms, slots, times


class OwnersSteps(Machine):
    @rule(calendar=calendars, entry=entries)
    def an_event_is_added(self, calendar: str, entry: CalendarEntry) -> None:
        self.a_moment_later()
        self.truth.entries(calendar).append(entry)
        self._changed_in(calendar)

    @rule(calendar=calendars, when=times, random=randoms)
    def an_event_is_moved(self, calendar: str, when: Instants | Days, random: Random) -> None:
        entries = self.truth.entries(calendar)
        if entries:
            self.a_moment_later()
            entries[random.randrange(len(entries))] = CalendarEntry(when=when, show_as=ShowAs.BUSY)
            self._changed_in(calendar)

    @rule(calendar=calendars, random=randoms)
    def an_event_is_removed(self, calendar: str, random: Random) -> None:
        entries = self.truth.entries(calendar)
        if entries:
            self.a_moment_later()
            del entries[random.randrange(len(entries))]
            self._changed_in(calendar)

    @rule(random=randoms, change=st.sampled_from(HAND), slot=slots)
    def the_owner_changes_an_event_of_ours(self, random: Random, change: str, slot: Interval) -> None:
        self._change_one_of_ours(random, change, slot)

    @rule(random=randoms, slot=slots)
    def the_owner_drags_an_event_of_ours(self, random: Random, slot: Interval) -> None:
        self._change_one_of_ours(random, "drag", slot)

    def _change_one_of_ours(self, random: Random, change: str, slot: Interval) -> None:
        events = [event for calendar in CALENDARS for event in self.truth.events(calendar)]
        if events:
            self.a_moment_later()
            event = random.choice(events)
            self._by_hand(change, event, slot)
            self._changed_in(event.calendar)

    def _by_hand(self, change: str, event: Event, slot: Interval) -> None:
        events = self.truth.person(event.calendar).events
        match change:
            case "drag":
                event.interval = slot
            case "lengthen":
                event.interval = Interval(event.interval.start, event.interval.end + timedelta(hours=1))
            case "delete":
                self.bin.append(events.pop(event.remote_id))
            case "restore" if self.bin:
                restored = self.bin.pop()
                self.truth.person(restored.calendar).events[restored.remote_id] = restored
            case "copy":
                self._copy(event, slot)
            case "serialise":
                del events[event.remote_id]
                for day in range(3):
                    later = timedelta(days=day)
                    self._copy(event, Interval(event.interval.start + later, event.interval.end + later))

    def _copy(self, event: Event, to: Interval) -> None:
        """Under an id of its own, with the mark."""
        copied = replace(event, remote_id=self.app.provider.new_event_id(), interval=to)
        self.truth.person(event.calendar).events[copied.remote_id] = copied

    def _changed_in(self, calendar: str) -> None:
        self.in_transit += self.app.push.delivery(calendar)
