"""A fake of the readable records: the kinds that tests of use-cases and doors look at."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.export import ExportPosition, ExportPositionUnknown, ExportRecord, Shown
from domain.ids import ExpertId
from tests.fakes.tables import Tables

KINDS: Final = ("profile", "account", "calendar", "session", "hold")


@dataclass(frozen=True, slots=True)
class FakeExpertRecords:
    tables: Tables

    async def after(
        self, expert_id: ExpertId, position: ExportPosition | None, *, limit: int
    ) -> tuple[ExportRecord, ...]:
        begin = (0, "") if position is None else _place(position)
        found = sorted(self._all(expert_id), key=lambda one: _place(one.position))
        return tuple([one for one in found if position is None or _place(one.position) > begin][:limit])

    def _all(self, expert_id: ExpertId) -> Iterator[ExportRecord]:
        its = self.tables
        if (expert := its.experts.get(expert_id)) is not None:
            yield _record("profile", expert_id, expert_id=expert_id, email=expert.email)
        accounts = [one for one in its.accounts.values() if one.expert_id == expert_id]
        for account in accounts:
            yield _record("account", account.account_id, account_id=account.account_id, email=account.email)
        for calendar in its.calendars.values():
            if calendar.account_id in {one.account_id for one in accounts}:
                yield _record(
                    "calendar",
                    calendar.calendar_id,
                    calendar_id=calendar.calendar_id,
                    name=calendar.remote.name,
                )
        for session in its.sessions.values():
            if session.expert_id == expert_id:
                yield _record(
                    "session",
                    session.session_id,
                    session_id=session.session_id,
                    title=session.details.title,
                    start_time=_printed(session.interval.start),
                )
        for hold in its.holds.values():
            if hold.expert_id == expert_id:
                yield _record("hold", hold.hold_id, hold_id=hold.hold_id)


def _place(position: ExportPosition) -> tuple[int, str]:
    if position.kind not in KINDS or len(position.key) != 1:
        raise ExportPositionUnknown
    return KINDS.index(position.kind), position.key[0]


def _record(kind: str, key: str, **content: Shown) -> ExportRecord:
    return ExportRecord(
        kind=kind, content=content, position=ExportPosition(kind, (key,)), size=len(json.dumps(content))
    )


def _printed(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
