"""Between sessions and their rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg.types.range import TimestamptzRange

from adapters.postgres.sealing import open_fields, place, seal_fields
from application.ports.cipher import Cipher
from domain.event_digest import APPEARANCE, EventDigest, EventPart
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import OwnEvent
from domain.session import (
    PLAIN,
    EventColor,
    EventCopy,
    Hindrance,
    Replacement,
    Session,
    SessionDetails,
    Visibility,
    WriteStatus,
)

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
        details=_details_from_row(cipher, row),
        cancelled=row["cancelled"],
        revision=row["revision"],
        written_revision=row["written_revision"],
        status=WriteStatus(row["status"]),
        hindrance=None if hindrance is None else Hindrance(hindrance),
        failures=row["failures"],
        due_at=row["due_at"],
        written_at=row["written_at"],
        copy=None if row["copy_mark"] is None else _copy_from_row(row, _written_from_row(cipher, row)),
        left=tuple(_left_from_json(one) for one in row["copies_left"]),
        copies=row["copies"],
        replacement=None if replacement is None else Replacement(replacement),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _details_from_row(cipher: Cipher, row: DictRow) -> SessionDetails:
    fields = open_fields(cipher, row["details"], context=_context(row, "details"))
    if row["appearance"] is None:
        return SessionDetails(**fields)
    appearance = open_fields(cipher, row["appearance"], context=_context(row, "appearance"))
    visibility, color = appearance["visibility"], appearance["color"]
    return SessionDetails(
        **fields,
        visibility=None if visibility is None else Visibility(visibility),
        category=appearance["category"],
        color=None if color is None else EventColor(color),
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


def _written_from_row(cipher: Cipher, row: DictRow) -> EventDigest:
    """Nothing is known where the row was saved since by a process that doesn't keep what it writes."""
    if row["copy_written"] is None:
        return EventDigest()
    kept = open_fields(cipher, row["copy_written"], context=_context(row, "copy_written"))
    if (kept["mark"], kept["revision"]) != (row["copy_mark"], row["written_revision"]):
        return EventDigest()
    return _digest_from(kept["parts"]).over(_appearance_written_from_row(cipher, row))


def _appearance_written_from_row(cipher: Cipher, row: DictRow) -> EventDigest:
    """A process that doesn't know of it leaves it as it is in an event, and says nothing of it in a new one."""
    if row["copy_appearance"] is None:
        return PLAIN
    kept = open_fields(cipher, row["copy_appearance"], context=_context(row, "copy_appearance"))
    return _digest_from(kept["parts"]) if kept["mark"] == row["copy_mark"] else PLAIN


def _digest_from(parts: Mapping[str, str]) -> EventDigest:
    return EventDigest(frozenset((EventPart(part), digest) for part, digest in parts.items()))


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
        "details": _sealed_details(cipher, session),
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
        "copy_written": _sealed_written(cipher, session),
        "copies_left": Jsonb([_left_to_json(one) for one in session.left]),
        "appearance": _sealed_appearance(cipher, session),
        "copy_appearance": _sealed_appearance_written(cipher, session),
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


def _sealed_details(cipher: Cipher, session: Session) -> bytes:
    details = session.details
    fields = {
        "title": details.title,
        "text": details.text,
        "place": details.place,
        "join_url": details.join_url,
        "reminder_minutes": details.reminder_minutes,
    }
    return _sealed(cipher, session, "details", fields)


def _sealed_appearance(cipher: Cipher, session: Session) -> bytes | None:
    """Apart from the details, whose members a process of the version before knows one by one. Null where there is
    nothing to be said."""
    details = session.details
    if details.is_plain:
        return None
    fields = {
        "visibility": details.visibility and details.visibility.value,
        "category": details.category,
        "color": details.color and details.color.value,
    }
    return _sealed(cipher, session, "appearance", fields)


def _sealed_written(cipher: Cipher, session: Session) -> bytes | None:
    if session.copy is None or not session.copy.written.parts:
        return None
    fields = {
        "mark": session.copy.mark,
        "revision": session.written_revision,
        "parts": _digest_to_json(session.copy.written.without(*APPEARANCE)),
    }
    return _sealed(cipher, session, "copy_written", fields)


def _sealed_appearance_written(cipher: Cipher, session: Session) -> bytes | None:
    """Apart, too: it stays true whatever a process of the version before writes. Null where nothing was ever said."""
    if session.copy is None or (written := session.copy.written.of(APPEARANCE)) == PLAIN:
        return None
    fields = {"mark": session.copy.mark, "parts": _digest_to_json(written)}
    return _sealed(cipher, session, "copy_appearance", fields)


def _digest_to_json(digest: EventDigest) -> dict[str, str]:
    return {part.value: one for part, one in digest.parts}


def _sealed(cipher: Cipher, session: Session, column: str, fields: Mapping[str, object]) -> bytes:
    row = {"expert_id": session.expert_id, "session_id": session.session_id}
    return seal_fields(cipher, fields, context=_context(row, column))


def _context(row: DictRow, column: str) -> str:
    return place("session", row["expert_id"], row["session_id"], column=column)
