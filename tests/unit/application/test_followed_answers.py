"""Whoever follows the feed may keep answers: none is another than a fresh one until a change has said so.

A machine does whatever changes answers, in any order: people sign in and are lost, calendars come and go, events and
sessions are made, moved and cancelled, holds run out, experts move, leave and come back, and jobs run or don't. After
each step a caller that kept every answer it was ever given deals with the changes it is told of, drops what they name
by the contract's own words, and holds the rest against fresh answers.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import TypeVar

from google.protobuf.message import Message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from domain.access import AccessDenied, CalendarGone, ProviderUnavailable, WriteRefused
from domain.account import AccountStatus
from domain.availability import Availability, UnreadReason
from domain.change import FeedPosition
from domain.errors import DomainError
from domain.expert import Plan
from domain.ids import HoldId, SessionId
from domain.interval import Interval
from server.rpc.mapping.accounts import account_message
from server.rpc.mapping.calendars import calendar_message, settings_message
from server.rpc.mapping.changes import change_message
from server.rpc.mapping.experts import expert_message
from server.rpc.mapping.incidents import incident_message
from server.rpc.mapping.sessions import session_message
from tests.builders import EXPERT, an_expert, an_interval
from tests.fakes.provider import Held, Person
from tests.support.application import BUDGET
from tests.support.following import Following, Question
from tests.support.wiring import an_application

T = TypeVar("T")

MOMENT = timedelta(seconds=1)
AGES = timedelta(days=1)
"""As old as a reading may be at all: what is asked for to compare changes next to nothing by itself."""
DAY = 24
FIRST = 60 * DAY
"""Far enough in the future to stay within the days that are read ahead, however much time passes."""
WINDOWS = {
    "one day": Interval(an_interval(starts=FIRST).start, an_interval(starts=FIRST + DAY).start),
    "ten days": Interval(an_interval(starts=FIRST - DAY).start, an_interval(starts=FIRST + 9 * DAY).start),
}
SLOTS = [an_interval(starts=FIRST + hours) for hours in (1, 1.5, 2, 30)]
NAMES = ["maria", "second"]
PERSONAL = ["Side", "Club"]

names = st.sampled_from(NAMES)
slots = st.sampled_from(SLOTS)
sessions = st.sampled_from([SessionId(f"session-{number}") for number in range(3)])
holds = st.sampled_from([HoldId(f"hold-{number}") for number in range(2)])
pauses = st.sampled_from([MOMENT, *(timedelta(minutes=number) for number in (1, 4, 6, 20, 90, 600))])
randoms = st.randoms(use_true_random=False)
SAME_MEANING = {UnreadReason.RECONNECT_REQUIRED, UnreadReason.CALENDAR_MISSING}
"""What stands in the way by itself, and not only at this moment."""


class Momentary(Exception):
    """The answer says how it is at the provider at this moment, which nobody can be told of."""


class Caller(RuleBasedStateMachine):
    """No two things happen at the very same instant: each step begins a moment after the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.app = an_application(push_on=False)
        self.following = Following()
        self.people: dict[str, Person] = {name: self.app.provider.add_person(name) for name in NAMES}
        self.position: FeedPosition = self.run(self.app.store.feed.end())
        self.run(self._put_expert("Europe/Berlin", Plan.PRO))
        self.run(self._sign_in(self.people["maria"]))
        self.run(self.app.run_jobs())

    def teardown(self) -> None:
        self.run(self.app.reads.close(grace=timedelta()))
        self.loop.close()

    def run(self, action: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(action)

    def do(self, action: Coroutine[None, None, object]) -> None:
        """Whether it is allowed is not the question here."""
        self.app.clock.advance(MOMENT)
        with suppress(DomainError):
            self.run(action)

    # What callers and experts do.

    @rule(zone=st.sampled_from(["Europe/Berlin", "Pacific/Auckland"]), plan=st.sampled_from(Plan))
    def an_expert_is_put(self, zone: str, plan: Plan) -> None:
        self.do(self._put_expert(zone, plan))

    async def _put_expert(self, zone: str, plan: Plan) -> None:
        who = an_expert()
        await self.app.put_expert(
            expert_id=EXPERT, plan=plan, email=who.email, display_name=who.display_name, time_zone=zone
        )

    @rule(really=st.sampled_from([False, False, False, True]))
    def the_expert_is_erased(self, really: bool) -> None:
        if really:
            self.do(self.app.delete_expert(EXPERT))

    @rule(name=names)
    def somebody_signs_in(self, name: str) -> None:
        self.do(self._sign_in(self.people[name]))

    async def _sign_in(self, person: Person) -> None:
        person.restore()
        await self.app.connect(person)

    @rule(name=names)
    def access_is_withdrawn(self, name: str) -> None:
        self.people[name].revoke()

    @rule(name=names)
    def access_is_withdrawn_noticed_and_given_back(self, name: str) -> None:
        self.people[name].revoke()
        self.do(self.app.list_calendars(EXPERT, refresh=True))
        self.run(self._compare())
        self.do(self._sign_in(self.people[name]))

    @rule(random=randoms)
    def an_account_is_disconnected(self, random: Random) -> None:
        accounts = sorted(self.app.store.tables.accounts)
        if accounts:
            self.do(self.app.disconnect_account(EXPERT, random.choice(accounts)))

    @rule(random=randoms, write=st.booleans())
    def other_calendars_are_chosen(self, random: Random, write: bool) -> None:
        known = sorted(self.app.store.tables.calendars)
        conflict = [one for one in known if random.random() < 0.7]
        chosen = random.choice(known) if write and known else None
        self.do(self.app.update_calendar_settings(EXPERT, conflict=conflict, write=chosen))

    @rule(session_id=sessions, slot=slots, checked=st.booleans())
    def a_session_is_put(self, session_id: SessionId, slot: Interval, checked: bool) -> None:
        self.do(self.app.book(session_id, interval=slot, only_if_free=checked))

    @rule(session_id=sessions)
    def a_session_is_cancelled(self, session_id: SessionId) -> None:
        self.do(self.app.cancel_session(EXPERT, session_id))

    @rule(hold_id=holds, slot=slots, minutes=st.sampled_from([1, 5, 15]))
    def a_time_is_held(self, hold_id: HoldId, slot: Interval, minutes: int) -> None:
        self.do(self.app.hold(hold_id, interval=slot, lifetime=timedelta(minutes=minutes), max_age=AGES))

    @rule(hold_id=holds, slot=slots)
    def a_time_is_held_and_given_back(self, hold_id: HoldId, slot: Interval) -> None:
        self.do(self.app.hold(hold_id, interval=slot, max_age=AGES))
        self.run(self._compare())
        self.do(self.app.release_hold(EXPERT, hold_id))

    @rule(hold_id=holds, session_id=sessions, slot=slots)
    def a_hold_becomes_a_session(self, hold_id: HoldId, session_id: SessionId, slot: Interval) -> None:
        self.do(self.app.book(session_id, interval=slot, hold_id=hold_id))

    @rule()
    def somebody_asks_for_new_calendars(self) -> None:
        self.do(self.app.list_calendars(EXPERT, refresh=True))

    @rule()
    def somebody_asks_for_new_readings(self) -> None:
        looking = self.app.look_up_availability(
            EXPERT, WINDOWS["one day"], budget=BUDGET, max_age=timedelta()
        )
        self.do(looking)

    @rule(session_id=sessions, slot=slots)
    def a_session_changes_while_it_is_written_and_the_writer_dies(
        self, session_id: SessionId, slot: Interval
    ) -> None:
        self.do(self._overtaken(session_id, slot))

    async def _overtaken(self, session_id: SessionId, slot: Interval) -> None:
        """One revision gets into the calendar; of the writer who had the next in hand nothing is heard again."""
        await self.app.book(session_id, interval=SLOTS[0])
        first, second = (self.app.provider.hold(method) for method in ("create", "update"))
        async with self.app.running(self.app.write(session_id)) as writing:
            await self._reached(writing, first, second)
            await self.app.book(session_id, interval=slot)
            await self._compare()
            first.release()
            await self._reached(writing, second)
        for held in (first, second):
            held.release()

    async def _reached(self, writing: asyncio.Task[None], *calls: Held) -> None:
        """Until the writer has come to one of these calls, or to its end."""
        reaching = [asyncio.create_task(held.reached.wait()) for held in calls]
        await asyncio.wait({*reaching, writing}, return_when=asyncio.FIRST_COMPLETED)
        for one in reaching:
            one.cancel()

    # What happens at the provider.

    @rule(name=names, slot=slots, read=st.booleans())
    def an_event_is_added(self, name: str, slot: Interval, read: bool) -> None:
        self.people[name].block(slot)
        if read:
            self.somebody_asks_for_new_readings()

    @rule(name=names, read=st.booleans())
    def all_events_go(self, name: str, read: bool) -> None:
        self.people[name].entries.clear()
        if read:
            self.somebody_asks_for_new_readings()

    @rule(name=names)
    def the_owner_deletes_what_we_wrote(self, name: str) -> None:
        self.people[name].events.clear()

    @rule(name=names, calendar=st.sampled_from(PERSONAL), writable=st.booleans())
    def a_calendar_is_added_or_shared_otherwise(self, name: str, calendar: str, writable: bool) -> None:
        self.people[name].add_calendar(calendar, writable=writable)

    @rule(name=names, calendar=st.sampled_from([*PERSONAL, "Calendar"]))
    def a_calendar_vanishes_or_comes_back(self, name: str, calendar: str) -> None:
        person = self.people[name]
        if person.calendars.pop(f"{person.object_id}/{calendar}", None) is None:
            person.add_calendar(calendar, primary=calendar == "Calendar")

    @rule(method=st.sampled_from(["create", "update", "delete", "read_entries", "list_calendars"]))
    def a_call_fails(self, method: str) -> None:
        self.app.provider.fail(method, ProviderUnavailable())

    @rule(
        refusal=st.sampled_from([WriteRefused(code="ErrorInvalidRequest"), CalendarGone(), AccessDenied()]),
        session_id=sessions,
        slot=slots,
    )
    def a_write_is_refused(self, refusal: DomainError, session_id: SessionId, slot: Interval) -> None:
        self.do(self.app.book(session_id, interval=slot))
        self.run(self._compare())
        for method in ("create", "update"):
            self.app.provider.fail(method, refusal)
        self.do(self.app.write(session_id))

    @rule(name=names)
    def a_mailbox_loses_its_licence_or_gets_it_back(self, name: str) -> None:
        self.people[name].served = not self.people[name].served
        self.do(self.app.list_calendars(EXPERT, refresh=True))

    @rule(down=st.booleans())
    def the_provider_goes_down_or_comes_back(self, down: bool) -> None:
        self.app.provider.outage = down

    # What the service does by itself.

    @rule(pause=pauses)
    def time_passes(self, pause: timedelta) -> None:
        self.app.clock.advance(pause)

    @rule()
    def the_sweep_comes_by(self) -> None:
        self.do(self.app.forget_ended())

    @rule(pause=pauses)
    def time_passes_with_a_worker_at_work(self, pause: timedelta) -> None:
        self.do(self.app.pass_time(pause))

    @rule(random=randoms, count=st.integers(1, 10))
    def some_jobs_run(self, random: Random, count: int) -> None:
        due = self.app.due()
        random.shuffle(due)
        for one in due[:count]:
            self.do(self.app.run(one))

    # What must hold.

    @invariant()
    def what_was_kept_is_what_is_answered(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        await self._follow()
        for question in self._questions():
            now = self.app.clock.now()
            try:
                fresh = await self._ask(question)
            except Momentary:
                continue
            finally:
                await self._follow()  # asking may have read a calendar
            kept = self.following.answer_to(question, now=now)
            if kept is not None:
                assert kept.answer == fresh, question
            self.following.keep(question, fresh, asked_at=now)

    async def _follow(self) -> None:
        while True:
            page = await self.app.list_changes(None, self.position, limit=50)
            self.position = page.upto
            for _, change in page.changes:
                self.following.take(change_message(change))
            if not page.changes:
                return

    def _questions(self) -> list[Question]:
        plain = (
            "GetExpert",
            "ListAccounts",
            "ListCalendars",
            "GetCalendarSettings",
            "ListHolds",
            "ListIncidents",
        )
        return [
            *(Question(method, EXPERT) for method in plain),
            *(Question("ListBusyTimes", EXPERT, window) for window in WINDOWS),
            *(Question("GetSession", EXPERT, f"session-{number}") for number in range(3)),
        ]

    async def _ask(self, question: Question) -> object:
        try:
            return await self._answer(question)
        except DomainError as failure:
            return type(failure)

    async def _answer(self, question: Question) -> object:
        match question:
            case Question("GetExpert"):
                return _bytes(expert_message(await self.app.get_expert(EXPERT)))
            case Question("ListAccounts"):
                listed = await self.app.list_accounts(EXPERT)
                return (listed.use, *(_bytes(account_message(one)) for one in listed.accounts))
            case Question("ListCalendars"):
                calendars = (await self.app.list_calendars(EXPERT)).calendars
                return tuple(_bytes(calendar_message(one)) for one in calendars)
            case Question("GetCalendarSettings"):
                chosen = await self.app.get_calendar_settings(EXPERT)
                return _bytes(settings_message(chosen.settings, chosen.write))
            case Question("ListHolds"):
                return await self.app.list_holds(EXPERT, limit=50)
            case Question("ListIncidents"):
                incidents = await self.app.list_incidents(EXPERT, with_urls=True, limit=50)
                messages = [incident_message(one) for one in incidents]
                for message in messages:
                    message.ClearField("sessions_at_risk")
                return tuple(map(_bytes, messages))
            case Question("ListBusyTimes"):
                known = await self.app.look_up_availability(
                    EXPERT, WINDOWS[question.about], budget=BUDGET, max_age=AGES
                )
                return self._lasting(known)
            case _:
                session = await self.app.get_session(EXPERT, SessionId(question.about))
                told = session_message(session)
                told.event.ClearField("next_attempt_time")
                return _bytes(told)

    def _lasting(self, known: Availability) -> object:
        """Without how each reading came about. Raises Momentary where a calendar could not be read just now."""
        tables = self.app.store.tables
        for one in known.unread:
            stands = (
                tables.accounts[one.account_id].status is not AccountStatus.ACTIVE
                or tables.calendars[one.calendar_id].missing
            )
            if one.reason not in SAME_MEANING or not stands:
                raise Momentary
        read = {one.calendar_id for one in known.readings}
        return (known.busy, read, set(known.unread), known.unchecked)


def _bytes(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def test_kept_answers_are_fresh_ones_until_the_feed_says_otherwise() -> None:
    run_state_machine_as_test(
        Caller,
        settings=settings(
            max_examples=80,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
