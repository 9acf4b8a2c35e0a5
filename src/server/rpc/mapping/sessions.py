"""Sessions, their details and their events."""

from datetime import datetime
from typing import Final, Literal

from application.ports.sessions import SessionFilter
from calendarsync.v1 import session_pb2, session_service_pb2
from domain.session import Session
from domain.session_details import SessionDetails
from server.rpc.mapping.enums import EVENT_COLORS, HINDRANCES, REPLACEMENTS, VISIBILITIES, WRITE_STATUSES
from server.rpc.mapping.times import instant_from, interval_from, put_instant, put_interval

_KEPT: Final[tuple[Literal["visibility", "category", "color"], ...]] = ("visibility", "category", "color")
"""Details that came after the contract's first ones."""


def details_from(message: session_pb2.SessionDetails) -> SessionDetails:
    return SessionDetails(
        title=message.title,
        text=message.text,
        place=message.place,
        join_url=message.join_url,
        reminder_minutes=message.reminder_minutes if message.HasField("reminder_minutes") else None,
        visibility=VISIBILITIES.inward(message.visibility) if message.visibility else None,
        category=message.category,
        color=EVENT_COLORS.inward(message.color) if message.color else None,
    )


def not_given_in(message: session_pb2.SessionDetails) -> frozenset[str]:
    """The details that a caller who doesn't know them can't give."""
    return frozenset(name for name in _KEPT if not message.HasField(name))


def session_filter_from(request: session_service_pb2.ListSessionsRequest) -> SessionFilter:
    """Raises RequestInvalid."""

    def time(field: Literal["start_update_time", "end_update_time"]) -> datetime | None:
        return instant_from(getattr(request, field), field) if request.HasField(field) else None

    return SessionFilter(
        window=interval_from(request.window, "window") if request.HasField("window") else None,
        include_cancelled=request.include_cancelled,
        statuses=frozenset(WRITE_STATUSES.inward(one) for one in request.event_statuses),
        updated_from=time("start_update_time"),
        updated_before=time("end_update_time"),
    )


def details_message(details: SessionDetails) -> session_pb2.SessionDetails:
    return session_pb2.SessionDetails(
        title=details.title,
        text=details.text,
        place=details.place,
        join_url=details.join_url,
        reminder_minutes=details.reminder_minutes,
        visibility=details.visibility and VISIBILITIES.outward(details.visibility),
        category=details.category or None,
        color=details.color and EVENT_COLORS.outward(details.color),
    )


def session_message(session: Session) -> session_pb2.Session:
    message = session_pb2.Session(
        expert_id=session.expert_id,
        session_id=session.session_id,
        details=details_message(session.details),
        cancelled=session.cancelled,
        revision=session.revision,
        etag=session.etag,
        event=_event_message(session),
    )
    put_interval(message.interval, session.interval)
    put_instant(message.update_time, session.updated_at)
    if session.created_at is not None:
        put_instant(message.create_time, session.created_at)
    return message


def _event_message(session: Session) -> session_pb2.SessionEvent:
    copy = session.known_copy
    message = session_pb2.SessionEvent(
        status=WRITE_STATUSES.outward(session.status),
        hindrance=HINDRANCES.outward(session.hindrance),
        account_id="" if copy is None else copy.account_id,
        calendar_id="" if copy is None else copy.calendar_id,
        written_revision=session.written_revision,
        replacement=REPLACEMENTS.outward(session.replacement),
    )
    if session.written_at is not None:
        put_instant(message.write_time, session.written_at)
    if session.due_at is not None:
        put_instant(message.next_attempt_time, session.due_at)
    return message
