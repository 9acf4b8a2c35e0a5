"""CalendarService."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from application.calendars.get_calendar_settings import ChosenCalendars, GetCalendarSettings
from application.calendars.list_calendars import ListCalendars, Listing
from application.calendars.update_calendar_settings import UNCHANGED, Unchanged, UpdateCalendarSettings
from calendarsync.v1 import calendar_pb2
from calendarsync.v1 import calendar_service_pb2 as pb
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceServicer
from domain.calendar import Calendar
from domain.ids import CalendarId, ExpertId
from server.rpc.mapping.calendars import calendar_message, settings_message
from server.rpc.mapping.enums import UNREAD_REASONS
from server.rpc.paging import Position, page_size, page_token, position_of
from server.rpc.servicers import Context

LISTINGS: Final = {
    pb.CALENDAR_ACCESS_WRITABLE: Listing.WRITABLE,
    pb.CALENDAR_ACCESS_ALL: Listing.ALL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars(CalendarServiceServicer):
    list_calendars: ListCalendars
    get_calendar_settings: GetCalendarSettings
    update_calendar_settings: UpdateCalendarSettings

    async def ListCalendars(
        self, request: pb.ListCalendarsRequest, context: Context
    ) -> pb.ListCalendarsResponse:
        position = position_of(request, request.page_token, _page_end) if request.page_token else None
        listed = await self.list_calendars(
            ExpertId(request.expert_id),
            which=LISTINGS.get(request.access, Listing.CHECKABLE),
            refresh=request.refresh and position is None,
        )
        first = 0 if position is None else _beyond(position, listed.calendars)
        end = first + page_size(request.page_size)
        shown = listed.calendars[first:end]
        more = len(listed.calendars) > end
        return pb.ListCalendarsResponse(
            calendars=[calendar_message(calendar) for calendar in shown],
            next_page_token=page_token(request, [end, shown[-1].calendar_id]) if more else "",
            refresh_failures=[
                pb.RefreshFailure(account_id=account_id, reason=UNREAD_REASONS.outward(reason))
                for account_id, reason in listed.failures
            ],
        )

    async def GetCalendarSettings(
        self, request: pb.GetCalendarSettingsRequest, context: Context
    ) -> pb.GetCalendarSettingsResponse:
        chosen = await self.get_calendar_settings(ExpertId(request.expert_id))
        return pb.GetCalendarSettingsResponse(settings=_message(chosen))

    async def UpdateCalendarSettings(
        self, request: pb.UpdateCalendarSettingsRequest, context: Context
    ) -> pb.UpdateCalendarSettingsResponse:
        given, mask = request.settings, set(request.update_mask.paths)
        conflict = [CalendarId(one) for one in given.conflict_calendar_ids]
        write: CalendarId | Unchanged | None = UNCHANGED
        if "write_calendar_id" in mask:
            write = CalendarId(given.write_calendar_id) if given.write_calendar_id else None
        chosen = await self.update_calendar_settings(
            ExpertId(given.expert_id),
            etag=given.etag,
            conflict=conflict if "conflict_calendar_ids" in mask else None,
            write=write,
            tentative_blocks=given.tentative_blocks if "tentative_blocks" in mask else None,
        )
        return pb.UpdateCalendarSettingsResponse(settings=_message(chosen))


def _message(chosen: ChosenCalendars) -> calendar_pb2.CalendarSettings:
    return settings_message(chosen.settings, chosen.write)


def _page_end(position: Position) -> tuple[int, CalendarId]:
    """The number of calendars on the pages before, and the last of them. Raises ValueError."""
    match position:
        case [int(count), str(last)]:
            return count, CalendarId(last)
        case _:
            raise ValueError


def _beyond(page_end: tuple[int, CalendarId], calendars: Sequence[Calendar]) -> int:
    """The index after the calendar at which the last page ended; after its place when it has gone since."""
    count, last = page_end
    ids = [calendar.calendar_id for calendar in calendars]
    return ids.index(last) + 1 if last in ids else min(count, len(ids))
