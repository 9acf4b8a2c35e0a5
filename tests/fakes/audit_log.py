"""A fake of the audit log."""

from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.audit_log import FORGOTTEN_AT_ONCE, WhoActs
from domain.audit import MOST_CALENDARS, Act, Actor, ActorKind, AuditEntry, AuditPosition
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.fakes.tables import AuditRow, Tables


class FakeWhoActs:
    """Says what the test says, or asks the real one where doors are tested."""

    def __init__(self) -> None:
        self.actor = Actor(ActorKind.WORKER)
        self.real: WhoActs | None = None

    def __call__(self) -> Actor:
        return self.actor if self.real is None else self.real()


@dataclass(frozen=True, slots=True)
class FakeAuditLog:
    tables: Tables
    who_acts: WhoActs

    async def add(self, act: Act) -> None:
        subject = None
        if act.expert_id is not None and (subject := self.tables.subjects.get(act.expert_id)) is None:
            return
        self.tables.acts_given += 1
        named = replace(act, calendar_ids=act.calendar_ids[:MOST_CALENDARS])
        row = AuditRow(number=self.tables.acts_given, actor=self.who_acts(), act=named, subject=subject)
        self.tables.audit.append(row)

    async def has_since(self, since: datetime, act: Act) -> bool:
        subject = None if act.expert_id is None else self.tables.subjects.get(act.expert_id)
        return any(
            (one.act.action, one.subject, one.actor) == (act.action, subject, self.who_acts())
            and one.act.at > since
            for one in self.tables.audit
        )

    async def subject_of(self, expert_id: ExpertId) -> str:
        try:
            return self.tables.subjects[expert_id]
        except KeyError:
            raise ExpertNotFound from None

    async def page(
        self,
        *,
        of: ExpertId | None = None,
        subject: str | None = None,
        after: AuditPosition | None = None,
        until: datetime | None = None,
        limit: int,
    ) -> tuple[AuditEntry, ...]:
        found = [
            self._as_kept(one)
            for one in self.tables.audit
            if (of is None or one.subject == self.tables.subjects.get(of, "nobody"))
            and (subject is None or one.subject == subject)
            and (until is None or one.act.at < until)
        ]
        beyond = [one for one in found if after is None or one.position > after]
        return tuple(sorted(beyond, key=lambda one: one.position)[:limit])

    async def forget_before(self, at: datetime, limit: int = FORGOTTEN_AT_ONCE) -> int:
        old = sorted((one.act.at, one.number) for one in self.tables.audit if one.act.at < at)[:limit]
        gone = {number for _, number in old}
        self.tables.audit = [one for one in self.tables.audit if one.number not in gone]
        return len(gone)

    def _as_kept(self, row: AuditRow) -> AuditEntry:
        erased = row.subject is not None and row.subject not in self.tables.subjects.values()
        act = Act(action=row.act.action, at=row.act.at, about=row.act.about) if erased else row.act
        return AuditEntry(
            position=AuditPosition(row.act.at, row.number), actor=row.actor, act=act, subject=row.subject
        )
