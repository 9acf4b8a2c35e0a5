"""What of a session is sealed in its row: its details, how its event looks, and digests of what was written of both."""

from collections.abc import Mapping

from psycopg.rows import DictRow

from adapters.postgres.sealing import open_fields, place, seal_fields
from application.ports.cipher import Cipher
from domain.event_digest import APPEARANCE, EventDigest, EventPart
from domain.session import Session
from domain.session_details import PLAIN, EventColor, SessionDetails, Visibility


def details_from_row(cipher: Cipher, row: DictRow) -> SessionDetails:
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


def written_from_row(cipher: Cipher, row: DictRow) -> EventDigest:
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


def sealed_details(cipher: Cipher, session: Session) -> bytes:
    details = session.details
    fields = {
        "title": details.title,
        "text": details.text,
        "place": details.place,
        "join_url": details.join_url,
        "reminder_minutes": details.reminder_minutes,
    }
    return _sealed(cipher, session, "details", fields)


def sealed_appearance(cipher: Cipher, session: Session) -> bytes | None:
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


def sealed_written(cipher: Cipher, session: Session) -> bytes | None:
    if session.copy is None or not session.copy.written.parts:
        return None
    fields = {
        "mark": session.copy.mark,
        "revision": session.written_revision,
        "parts": _digest_to_json(session.copy.written.without(*APPEARANCE)),
    }
    return _sealed(cipher, session, "copy_written", fields)


def sealed_appearance_written(cipher: Cipher, session: Session) -> bytes | None:
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
