"""On the real service, too: whoever follows the feed may keep answers until a change says otherwise.

A machine lets experts, people in Outlook and callers do what changes answers while the service's own worker does what
it does. After each step a caller that polls ListChanges drops what it is told of, and holds the rest against fresh
answers.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from calendarsync.v1 import account_service_pb2 as accounts
from calendarsync.v1 import availability_pb2
from calendarsync.v1 import availability_service_pb2 as availability
from calendarsync.v1 import calendar_service_pb2 as calendars
from calendarsync.v1 import expert_service_pb2 as experts
from calendarsync.v1 import session_service_pb2 as session_service
from calendarsync.v1.expert_pb2 import PLAN_FREE, PLAN_PRO
from sandbox import Sandbox
from tests.server.served import Logs, failure_of
from tests.support.calls import SOON, at, hours
from tests.support.following import Following, Question
from tests.support.readings import make_due
from tests.support.running_service import open_service
from tests.support.service import Service, outcome

T = TypeVar("T")
AGES = timedelta(days=1)
DAY = hours(0, 24, day=SOON)
PEOPLE = ("anna", "carla")
HOURS = range(8, 12)
SESSIONS = ("session-0", "session-1")
MARKER = "somebody-else"
STANDING = {
    availability_pb2.UNREAD_REASON_RECONNECT_REQUIRED,
    availability_pb2.UNREAD_REASON_CALENDAR_MISSING,
}

people = st.sampled_from(PEOPLE)
starts = st.sampled_from(HOURS)
sessions = st.sampled_from(SESSIONS)


class Caller(RuleBasedStateMachine):
    """`service` and `loop` are set from outside."""

    service: Service
    loop: asyncio.AbstractEventLoop
    example = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).example += 1
        self.expert_id = f"expert-{self.example}"
        self.following = Following()
        self.cursor = ""
        self.markers = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In the loop of the service, while the machine waits in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def do(self, call: Coroutine[Any, Any, object]) -> None:
        """Whether it is allowed is not the question here."""
        self.run(outcome(call))

    @initialize()
    def begin(self) -> None:
        self.cursor = self.run(self.service.list_changes()).cursor
        self.run(self.service.put_expert(self.expert_id, time_zone="UTC"))
        self.run(self._sign_in("anna"))

    async def _sign_in(self, person: str) -> None:
        await self.service.finish(person, expert_id=self.expert_id)
        await self.service.settled()

    @rule(zone=st.sampled_from(["UTC", "Asia/Tokyo"]), plan=st.sampled_from([PLAN_FREE, PLAN_PRO]))
    def put_expert(self, zone: str, plan: Any) -> None:
        self.do(self.service.put_expert(self.expert_id, time_zone=zone, plan=plan))

    @rule(person=people)
    def sign_in(self, person: str) -> None:
        self.do(self._sign_in(person))

    @rule(person=people, back=st.booleans())
    def lose_access(self, person: str, back: bool) -> None:
        self.service.sandbox.world.grants.revoke(person, access_tokens=True)
        self.do(self._refresh())
        self.run(self._compare())
        if back:
            self.do(self._sign_in(person))

    async def _refresh(self) -> None:
        await self.service.calendars.ListCalendars(
            calendars.ListCalendarsRequest(expert_id=self.expert_id, refresh=True)
        )

    @rule(person=people)
    def disconnect(self, person: str) -> None:
        self.run(self._disconnect(person))

    async def _disconnect(self, person: str) -> None:
        for account in await self.service.list_accounts(self.expert_id):
            if account.email.startswith(person):
                request = accounts.DisconnectAccountRequest(
                    expert_id=self.expert_id, account_id=account.account_id
                )
                await self.service.accounts.DisconnectAccount(request)

    @rule(person=people, start=starts)
    def enter(self, person: str, start: int) -> None:
        self.run(self._enter(person, start))

    async def _enter(self, person: str, start: int) -> None:
        world = self.service.sandbox.world.events
        world.add(person, at(start, day=SOON), at(start + 1, day=SOON))
        await make_due(self.service)
        await self.service.settled()

    @rule(session_id=sessions, start=starts, checked=st.booleans())
    def book(self, session_id: str, start: int, checked: bool) -> None:
        call = self.service.put_session(
            session_id, start=start, day=SOON, expert_id=self.expert_id, only_if_free=checked
        )
        self.do(call)

    @rule(session_id=sessions)
    def cancel(self, session_id: str) -> None:
        self.do(self.service.cancel_session(session_id, expert_id=self.expert_id))

    @rule(start=starts, seconds=st.sampled_from([1, 300]))
    def hold(self, start: int, seconds: int) -> None:
        self.do(self._hold(start, seconds))

    async def _hold(self, start: int, seconds: int) -> None:
        request = availability.HoldTimeRequest(
            expert_id=self.expert_id, hold_id="hold", interval=hours(start, start + 1, day=SOON)
        )
        request.lifetime.FromSeconds(seconds)
        await self.service.availability.HoldTime(request)

    @rule(start=starts)
    def hold_and_release(self, start: int) -> None:
        self.do(self._hold(start, 300))
        self.run(self._compare())
        self.do(self._release())

    async def _release(self) -> None:
        request = availability.ReleaseHoldRequest(expert_id=self.expert_id, hold_id="hold")
        await self.service.availability.ReleaseHold(request)

    @rule(name=st.sampled_from(["Club", "Choir"]))
    def add_a_calendar(self, name: str) -> None:
        self.do(self._add_calendar(name))

    async def _add_calendar(self, name: str) -> None:
        world = self.service.sandbox.world.calendars
        world.add("anna", f"{self.expert_id}-{name.lower()}-{self.markers}", name)
        await self._refresh()

    @rule()
    def check_nothing_for_conflicts(self) -> None:
        self.do(self.service.choose(expert_id=self.expert_id, conflict_calendar_ids=[]))

    @invariant()
    def what_was_kept_is_what_is_answered(self) -> None:
        if self.cursor:
            self.run(self._compare())

    async def _compare(self) -> None:
        fresh = Following()
        await self._follow(fresh)
        for question in self._questions():
            asked_at = datetime.now(UTC)
            answer = await self._ask(question)
            if answer is not None:
                fresh.keep(question, answer, asked_at=asked_at)
        await self._follow(fresh)
        now = datetime.now(UTC)
        for question in self._questions():
            # What changed since it was asked for is dropped like the rest.
            kept, asked = (one.answer_to(question, now=now) for one in (self.following, fresh))
            if kept is not None and asked is not None:
                assert kept.answer == asked.answer, question
        self.following.kept.update(fresh.kept)

    async def _follow(self, fresh: Following) -> None:
        """Up to a change that comes after all that has happened so far."""
        self.markers += 1
        await self.service.put_expert(MARKER, display_name=f"{self.expert_id} {self.markers}")
        seen = False
        while not seen:
            page = await self.service.list_changes(self.cursor, page_size=200)
            self.cursor = page.cursor
            for change in page.changes:
                seen = seen or change.expert_id == MARKER
                for one in (self.following, fresh):
                    one.take(change)

    def _questions(self) -> list[Question]:
        plain = ("GetExpert", "ListAccounts", "ListCalendars", "GetCalendarSettings", "ListIncidents")
        return [
            *(Question(method, self.expert_id) for method in plain),
            Question("ListBusyTimes", self.expert_id),
            *(Question("GetSession", self.expert_id, one) for one in SESSIONS),
        ]

    async def _ask(self, question: Question) -> object:
        """The answer, or the reason why there is none; None where it is good for this moment only."""
        asking = asyncio.ensure_future(_called(self._call(question)))
        await asyncio.wait([asking])
        return (await failure_of(asking)).reason if asking.exception() else _lasting(asking.result())

    def _call(self, question: Question) -> Awaitable[Message]:
        service, whose = self.service, self.expert_id
        match question.method:
            case "GetExpert":
                return service.experts.GetExpert(experts.GetExpertRequest(expert_id=whose))
            case "ListAccounts":
                return service.accounts.ListAccounts(accounts.ListAccountsRequest(expert_id=whose))
            case "ListCalendars":
                return service.calendars.ListCalendars(calendars.ListCalendarsRequest(expert_id=whose))
            case "GetCalendarSettings":
                return service.calendars.GetCalendarSettings(
                    calendars.GetCalendarSettingsRequest(expert_id=whose)
                )
            case "ListIncidents":
                return service.accounts.ListIncidents(accounts.ListIncidentsRequest(expert_id=whose))
            case "ListBusyTimes":
                asked = availability.ListBusyTimesRequest(expert_id=whose, window=DAY)
                asked.max_age.FromTimedelta(AGES)
                return service.availability.ListBusyTimes(asked)
            case _:
                return service.sessions.GetSession(
                    session_service.GetSessionRequest(expert_id=whose, session_id=question.about)
                )

    def teardown(self) -> None:
        if self.cursor:
            self.run(self.service.delete_expert(self.expert_id))
            self.run(self._compare())
            answers = {one.answer for one in self.following.kept.values()}
            assert answers == {"EXPERT_NOT_FOUND", "SESSION_NOT_FOUND"}


async def _called(call: Awaitable[T]) -> T:
    """What a stub's method gives is no coroutine."""
    return await call


def _lasting(answer: Message) -> bytes | None:
    """Without what is true of this moment only, by the contract; None where that is all of it."""
    match answer:
        case availability.ListBusyTimesResponse():
            for one in answer.calendars:
                if one.WhichOneof("outcome") == "unread_reason" and one.unread_reason not in STANDING:
                    return None
                one.ClearField("read_time")
                one.ClearField("source")
        case accounts.ListIncidentsResponse():
            for incident in answer.incidents:
                incident.ClearField("sessions_at_risk")
        case session_service.GetSessionResponse():
            answer.session.event.ClearField("next_attempt_time")
    return answer.SerializeToString(deterministic=True)


async def test_kept_answers_are_fresh_ones_until_the_feed_says_otherwise(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs) as service:
        Caller.service, Caller.loop = service, asyncio.get_running_loop()
        bounded = settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to shrink what fails would take minutes
            suppress_health_check=list(HealthCheck),
        )
        await asyncio.to_thread(run_state_machine_as_test, Caller, settings=bounded)
