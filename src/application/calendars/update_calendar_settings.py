"""Change which calendars are checked for conflicts, by which rule, and which one sessions are written to."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from application.calendars.get_calendar_settings import ChosenCalendars, write_calendar_now
from application.ports.clock import Clock
from application.ports.store import Store
from application.wakeups.wake_readings import wake_reading
from application.wakeups.wake_sessions import wake_sessions
from domain.audit import acts_of_selection
from domain.change import Change, ChangeType
from domain.ids import CalendarId, ExpertId


class Unchanged(Enum):
    """Stands for "leave it as it is" where None means something else."""

    UNCHANGED = "UNCHANGED"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCalendarSettings:
    store: Store
    clock: Clock

    async def __call__(
        self,
        expert_id: ExpertId,
        *,
        etag: str = "",
        conflict: Collection[CalendarId] | None = None,
        write: CalendarId | Unchanged | None = UNCHANGED,
        tentative_blocks: bool | None = None,
    ) -> ChosenCalendars:
        """`conflict` None leaves those as they are, as does `tentative_blocks`; `write` None makes the write calendar
        automatic.

        What was read under the other rule no longer counts, and is read again.

        Raises ExpertNotFound, EtagMismatch, CalendarNotFound, CalendarNotCheckable, CalendarNotWritable.
        """
        async with self.store.transaction() as tx:
            await tx.experts.lock(expert_id)
            before = settings = await tx.calendars.settings(expert_id)
            settings.require_etag(etag)
            calendars = await tx.calendars.of_expert(expert_id)
            if conflict is not None:
                settings = settings.with_conflict(conflict, calendars)
            if not isinstance(write, Unchanged):
                settings = settings.choosing(write, calendars)
            if tentative_blocks is not None:
                settings = replace(settings, tentative_blocks=tentative_blocks)
            for calendar_id in before.conflict - settings.conflict:
                if (subscription := await tx.subscriptions.get(calendar_id)) is not None:
                    await tx.jobs.end_subscription(subscription.account_id, subscription.remote_id)
            settings = await tx.calendars.save_settings(settings)
            now = self.clock.now()
            for act in acts_of_selection(before, settings, at=now):
                await tx.audit.add(act)
            for calendar_id in sorted(settings.conflict):
                if calendar_id not in before.conflict:
                    await wake_reading(tx, calendar_id, now)
                elif settings.tentative_blocks != before.tentative_blocks:
                    await tx.readings.mark(calendar_id, now)
            await tx.changes.add(Change(type=ChangeType.CALENDARS_CHANGED, expert_id=expert_id, at=now))
            await wake_sessions(tx, expert_id, now)
            return ChosenCalendars(settings=settings, write=await write_calendar_now(tx, settings))
