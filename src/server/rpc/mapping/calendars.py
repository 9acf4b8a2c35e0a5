"""Calendars and what was chosen of them."""

from calendarsync.v1 import calendar_pb2
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings, WriteCalendar
from server.rpc.mapping.enums import UNCHECKABLE_REASONS, WRITE_CALENDAR_STATES


def calendar_message(calendar: Calendar) -> calendar_pb2.Calendar:
    remote = calendar.remote
    return calendar_pb2.Calendar(
        calendar_id=calendar.calendar_id,
        account_id=calendar.account_id,
        name=remote.name,
        owner_name=remote.owner_name,
        owner_email=remote.owner_email,
        color=remote.color,
        primary=calendar.primary,
        writable=calendar.writable,
        shared=remote.shared,
        missing=calendar.missing,
        permission_required=calendar.permission_required,
        uncheckable_reason=UNCHECKABLE_REASONS.outward(remote.uncheckable),
    )


def settings_message(settings: CalendarSettings, write: WriteCalendar) -> calendar_pb2.CalendarSettings:
    return calendar_pb2.CalendarSettings(
        expert_id=settings.expert_id,
        conflict_calendar_ids=sorted(settings.conflict),
        write_calendar_id=settings.chosen or "",
        effective_write_calendar_id="" if write.calendar is None else write.calendar.calendar_id,
        write_calendar_state=WRITE_CALENDAR_STATES.outward(write.state),
        etag=settings.etag,
        tentative_blocks=settings.tentative_blocks,
    )
