"""The audit log in PostgreSQL. What an entry names of an expert can be read as long as the expert is there."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from application.ports.audit_log import FORGOTTEN_AT_ONCE, WhoActs
from domain.audit import MOST_CALENDARS, Act, Actor, ActorKind, AuditAction, AuditEntry, AuditPosition
from domain.expert import ExpertNotFound
from domain.ids import AccountId, CalendarId, ExpertId, SessionId

NONCE_BYTES: Final = 12
FIRST: Final = AuditPosition(datetime(1970, 1, 1, tzinfo=UTC), 0)
"""Before every entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAuditLog:
    connection: Connection
    who_acts: WhoActs

    async def add(self, act: Act) -> None:
        actor = self.who_acts()
        row: dict[str, object] = {
            "at": act.at,
            "actor": actor.kind.value,
            "actor_name": actor.name,
            "action": act.action.value,
            "subject": None,
            "ids": None,
            "about": act.about,
        }
        if act.expert_id is not None:
            if (subject := await self._subject(act.expert_id)) is None:
                return
            row |= {"subject": subject["subject"], "ids": _hidden(act, subject)}
        await self.connection.execute(
            """
            INSERT INTO audit_entry (at, actor, actor_name, action, subject, ids, about)
            VALUES (%(at)s, %(actor)s, %(actor_name)s, %(action)s, %(subject)s, %(ids)s, %(about)s)
            """,
            row,
        )

    async def has_since(self, since: datetime, act: Act) -> bool:
        actor = self.who_acts()
        cursor = await self.connection.execute(
            """
            SELECT FROM audit_entry JOIN audit_subject USING (subject)
            WHERE expert_id = %(expert_id)s AND at > %(since)s AND action = %(action)s AND actor = %(actor)s
                AND actor_name = %(actor_name)s
            LIMIT 1
            """,
            {
                "expert_id": act.expert_id,
                "since": since,
                "action": act.action.value,
                "actor": actor.kind.value,
                "actor_name": actor.name,
            },
        )
        return await cursor.fetchone() is not None

    async def subject_of(self, expert_id: ExpertId) -> str:
        subject = await self._subject(expert_id)
        if subject is None:
            raise ExpertNotFound
        return str(subject["subject"])

    async def page(
        self,
        *,
        of: ExpertId | None = None,
        subject: str | None = None,
        after: AuditPosition | None = None,
        until: datetime | None = None,
        limit: int,
    ) -> tuple[AuditEntry, ...]:
        if of is not None:
            known = await self._subject(of)
            if known is None or subject not in {None, str(known["subject"])}:
                return ()
            subject = str(known["subject"])
        begin = after or FIRST
        cursor = await self.connection.execute(
            _ALL if subject is None else _OF_SUBJECT,
            {"subject": subject, "at": begin.at, "number": begin.number, "until": until, "limit": limit},
        )
        return tuple([_from_row(row) async for row in cursor])

    async def forget_before(self, at: datetime, limit: int = FORGOTTEN_AT_ONCE) -> int:
        cursor = await self.connection.execute(
            "SELECT forget_audit_entries(%(at)s, %(limit)s) AS removed", {"at": at, "limit": limit}
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row["removed"])

    async def _subject(self, expert_id: ExpertId) -> DictRow | None:
        cursor = await self.connection.execute(
            "SELECT subject, key FROM audit_subject WHERE expert_id = %(expert_id)s", {"expert_id": expert_id}
        )
        return await cursor.fetchone()


_ALL = """
    SELECT entry.*, audit_subject.expert_id, audit_subject.key
    FROM (
        SELECT * FROM audit_entry
        WHERE (at, number) > (%(at)s, %(number)s) AND at < coalesce(%(until)s::timestamptz, 'infinity')
        ORDER BY at, number
        LIMIT %(limit)s
    ) AS entry LEFT JOIN audit_subject USING (subject)
    ORDER BY entry.at, entry.number
    """
_OF_SUBJECT = _ALL.replace("WHERE (at", "WHERE subject = %(subject)s AND (at")
# A process of a later version may write others.
_ACTIONS: Final = {one.value: one for one in AuditAction}
_ACTORS: Final = {one.value: one for one in ActorKind}


def _hidden(act: Act, subject: Mapping[str, Any]) -> bytes | None:
    ids = {
        "account_id": act.account_id,
        "session_id": act.session_id,
        "calendar_ids": list(act.calendar_ids[:MOST_CALENDARS]),
    }
    named = {name: value for name, value in ids.items() if value}
    if not named:
        return None
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(subject["key"]).encrypt(nonce, json.dumps(named).encode(), subject["subject"].bytes)


def hidden_ids(row: DictRow) -> dict[str, Any]:
    """Empty when the entry names nothing, or nothing that can still be read."""
    if row["ids"] is None or row["key"] is None:
        return {}
    nonce, hidden = row["ids"][:NONCE_BYTES], row["ids"][NONCE_BYTES:]
    shown: dict[str, Any] = json.loads(AESGCM(row["key"]).decrypt(nonce, hidden, row["subject"].bytes))
    return shown


def _from_row(row: DictRow) -> AuditEntry:
    ids, expert_id = hidden_ids(row), row["expert_id"]
    return AuditEntry(
        position=AuditPosition(row["at"], row["number"]),
        actor=Actor(_ACTORS.get(row["actor"], ActorKind.UNSPECIFIED), row["actor_name"]),
        act=Act(
            action=_ACTIONS.get(row["action"], AuditAction.UNSPECIFIED),
            at=row["at"],
            expert_id=None if expert_id is None else ExpertId(expert_id),
            account_id=AccountId(ids["account_id"]) if "account_id" in ids else None,
            session_id=SessionId(ids["session_id"]) if "session_id" in ids else None,
            calendar_ids=tuple(CalendarId(one) for one in ids.get("calendar_ids", ())),
            about=row["about"],
        ),
        subject=None if row["subject"] is None else str(row["subject"]),
    )
