"""The experts the calls are about, put there through the contract."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import grpc.aio
from google.type.interval_pb2 import Interval

from calendarsync.v1.expert_pb2 import PLAN_PRO, Expert
from calendarsync.v1.expert_service_pb2 import PutExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync.v1.session_pb2 import SessionDetails
from calendarsync.v1.session_service_pb2 import PutSessionRequest
from calendarsync.v1.session_service_pb2_grpc import SessionServiceStub

TEAM = [f"member-{number}" for number in range(20)]
"""Each has five conflict calendars with 200 events in the window, and no session."""
ASKED, LOOKED_AT, *_ = TEAM
"""The one whose kept readings are asked for, and the one whose calendars are looked at each time."""
BOOKED = "expert-booked"
"""Has 200 live sessions in the window, and no calendar."""
PUSHED = "expert-pushed"
"""Whose calendar Microsoft tells of."""
BOOKERS = [f"expert-{number}" for number in range(64)]
"""For whom sessions are put: many, since writes for one expert wait for each other in the database."""

TAKEN = 200
WINDOW_DAYS = 60
FIRST_DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
EVERY = timedelta(hours=7)
"""Between the starts of two taken half hours: 200 of them reach over 58 days."""


def stretch(start: datetime, length: timedelta) -> Interval:
    """The wire form."""
    wire = Interval()
    wire.start_time.FromDatetime(start)
    wire.end_time.FromDatetime(start + length)
    return wire


def window() -> Interval:
    return stretch(FIRST_DAY, timedelta(days=WINDOW_DAYS))


def taken_starts() -> Iterator[datetime]:
    """When each of the taken half hours begins."""
    return (FIRST_DAY + number * EVERY for number in range(TAKEN))


def put_session_request(expert_id: str, session_id: str, start: datetime) -> PutSessionRequest:
    """A session of half an hour with details as they are in life: some 200 bytes."""
    return PutSessionRequest(
        expert_id=expert_id,
        session_id=session_id,
        interval=stretch(start, timedelta(minutes=30)),
        details=SessionDetails(
            title="Coaching with Jonas",
            text="First session. Please bring the worksheet, and the notes of last time.",
            place="Online",
            join_url="https://meet.example.com/rooms/coaching-with-jonas",
            reminder_minutes=15,
        ),
    )


async def put_everybody(service: grpc.aio.Channel) -> None:
    """All experts."""
    for expert_id in (*TEAM, BOOKED, PUSHED, *BOOKERS):
        await put_expert(service, expert_id)


async def put_expert(service: grpc.aio.Channel, expert_id: str) -> None:
    expert = Expert(
        expert_id=expert_id,
        plan=PLAN_PRO,
        email="expert@example.com",
        display_name="Maria Keller",
        time_zone="Europe/Berlin",
    )
    await ExpertServiceStub(service).PutExpert(PutExpertRequest(expert=expert))


async def book_everything(service: grpc.aio.Channel) -> None:
    """The sessions of the booked one."""
    sessions = SessionServiceStub(service)

    async def put(number: int, start: datetime) -> None:
        await sessions.PutSession(put_session_request(BOOKED, f"session-{number:03}", start))

    await asyncio.gather(*(put(number, start) for number, start in enumerate(taken_starts())))
