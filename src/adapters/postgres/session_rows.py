"""Between sessions and their rows."""

from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg.types.range import TimestamptzRange

from adapters.postgres.session_seals import (
    details_from_row,
    sealed_appearance,
    sealed_appearance_written,
    sealed_details,
    sealed_written,
    written_from_row,
)
from application.ports.cipher import Cipher
from domain.event_digest import EventDigest
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import OwnEvent
from domain.session import EventCopy, Hindrance, Replacement, Session, WriteStatus

COLUMNS = (
    "expert_id",
    "session_id",
    "starts_at",
    "ends_at",
    "details",
    "cancelled",
    "revision",
    "written_revision",
    "status",
    "hindrance",
    "failures",
    "due_at",
    "written_at",
    "copies",
    "replacement",
    "copy_account_id",
    "copy_calendar_id",
    "copy_remote_calendar_id",
    "copy_mark",
    "copy_times",
    "copy_remote_id",
    "copy_written",
    "copies_left",
    "appearance",
    "copy_appearance",
    "created_at",
    "updated_at",
)
"""All but those of the claim."""


def session_from_row(cipher: Cipher, row: DictRow) -> Session:
    expert_id, session_id = row["expert_id"], row["session_id"]
    hindrance, replacement = row["hindrance"], row["replacement"]
    return Session(
        expert_id=ExpertId(expert_id),
        session_id=SessionId(session_id),
        interval=Interval(row["starts_at"], row["ends_at"]),
        details=details_from_row(cipher, row),
        cancelled=row["cancelled"],
        revision=row["revision"],
        written_revision=row["written_revision"],
        status=WriteStatus(row["status"]),
        hindrance=None if hindrance is None else Hindrance(hindrance),
        failures=row["failures"],
        due_at=row["due_at"],
        written_at=row["written_at"],
        copy=None if row["copy_mark"] is None else _copy_from_row(row, written_from_row(cipher, row)),
        left=tuple(_left_from_json(one) for one in row["copies_left"]),
        copies=row["copies"],
        replacement=None if replacement is None else Replacement(replacement),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def own_event_from_row(row: DictRow) -> OwnEvent:
    hindrance = row["hindrance"]
    return OwnEvent(
        session_id=SessionId(row["session_id"]),
        revision=row["revision"],
        interval=Interval(row["starts_at"], row["ends_at"]),
        cancelled=row["cancelled"],
        status=WriteStatus(row["status"]),
        hindrance=None if hindrance is None else Hindrance(hindrance),
        written_at=row["written_at"],
        copy=None if row["copy_mark"] is None else _copy_from_row(row, EventDigest()),
    )


def _copy_from_row(row: DictRow, written: EventDigest) -> EventCopy:
    return EventCopy(
        account_id=AccountId(row["copy_account_id"]),
        calendar_id=CalendarId(row["copy_calendar_id"]),
        remote_calendar_id=row["copy_remote_calendar_id"],
        mark=EventMark(row["copy_mark"]),
        times=times_from_row(row),
        remote_id=row["copy_remote_id"],
        written=written,
    )


def times_from_row(row: DictRow) -> tuple[Interval, ...]:
    """Null where the version before this column wrote the event: then the session's own time is the best guess."""
    if row["copy_times"] is None:
        return (Interval(row["starts_at"], row["ends_at"]),)
    return tuple(Interval(one.lower, one.upper) for one in row["copy_times"])


def _left_from_json(left: dict[str, Any]) -> EventCopy:
    """Without what was written: an event that was left behind is only ever removed."""
    return EventCopy(
        account_id=AccountId(left["account_id"]),
        calendar_id=CalendarId(left["calendar_id"]),
        remote_calendar_id=left["remote_calendar_id"],
        mark=EventMark(left["mark"]),
        times=tuple(
            Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))
            for start, end in left["times"]
        ),
        remote_id=left["remote_id"],
    )


def _left_to_json(copy: EventCopy) -> dict[str, Any]:
    return {
        "account_id": copy.account_id,
        "calendar_id": copy.calendar_id,
        "remote_calendar_id": copy.remote_calendar_id,
        "mark": copy.mark,
        "times": [(time.start.isoformat(), time.end.isoformat()) for time in copy.times],
        "remote_id": copy.remote_id,
    }


def session_to_row(cipher: Cipher, session: Session) -> DictRow:
    return {
        "expert_id": session.expert_id,
        "session_id": session.session_id,
        "starts_at": session.interval.start,
        "ends_at": session.interval.end,
        "details": sealed_details(cipher, session),
        "cancelled": session.cancelled,
        "revision": session.revision,
        "written_revision": session.written_revision,
        "status": session.status.value,
        "hindrance": session.hindrance and session.hindrance.value,
        "failures": session.failures,
        "due_at": session.due_at,
        "written_at": session.written_at,
        "copies": session.copies,
        "replacement": session.replacement and session.replacement.value,
        **_copy_to_row(session.copy),
        "copy_written": sealed_written(cipher, session),
        "copies_left": Jsonb([_left_to_json(one) for one in session.left]),
        "appearance": sealed_appearance(cipher, session),
        "copy_appearance": sealed_appearance_written(cipher, session),
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    }


def _copy_to_row(copy: EventCopy | None) -> DictRow:
    return {
        "copy_account_id": copy and copy.account_id,
        "copy_calendar_id": copy and copy.calendar_id,
        "copy_remote_calendar_id": copy and copy.remote_calendar_id,
        "copy_mark": copy and copy.mark,
        "copy_times": copy and [TimestamptzRange(one.start, one.end) for one in copy.times],
        "copy_remote_id": copy and copy.remote_id,
    }
