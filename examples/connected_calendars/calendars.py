"""Which calendars are checked, and where sessions are added."""

import asyncio
from typing import Final

import grpc
import grpc.aio
from aiohttp import web

from calendarsync.v1.account_service_pb2 import ListAccountsRequest
from calendarsync.v1.calendar_pb2 import CalendarSettings
from calendarsync.v1.calendar_service_pb2 import (
    GetCalendarSettingsRequest,
    ListCalendarsRequest,
)
from calendarsync.v1.error_reason_pb2 import (
    ERROR_REASON_CALENDAR_NOT_CHECKABLE,
    ERROR_REASON_CALENDAR_NOT_FOUND,
    ERROR_REASON_CALENDAR_NOT_WRITABLE,
    ERROR_REASON_ETAG_MISMATCH,
)
from calendarsync_client import failure_of
from connected_calendars.choices import CHECKED, TENTATIVE, WRITTEN, Choices, change
from connected_calendars.evidence import unread_for
from connected_calendars.failures import failure_notice
from connected_calendars.logins import logged_in, logged_in_expert
from connected_calendars.names import all_calendars, names_of
from connected_calendars.notices import Notice, see
from connected_calendars.pages import render
from connected_calendars.service import SERVICE

routes = web.RouteTableDef()
CALENDARS: Final = "/calendars"
NOT_SAVED: Final = "Your changes were not saved"
TOLD_HERE: Final = frozenset(
    {
        ERROR_REASON_CALENDAR_NOT_CHECKABLE,
        ERROR_REASON_CALENDAR_NOT_FOUND,
        ERROR_REASON_CALENDAR_NOT_WRITABLE,
        ERROR_REASON_ETAG_MISMATCH,
    }
)
"""After these the page shows what is now, and people choose again."""


@routes.get(CALENDARS)
async def show(request: web.Request) -> web.Response:
    """All calendars of all accounts, those that can't be chosen with the reason."""
    service, expert_id = request.app[SERVICE], logged_in(request)
    expert, accounts, found, settings = await asyncio.gather(
        logged_in_expert(request),
        service.accounts.ListAccounts(ListAccountsRequest(expert_id=expert_id)),
        all_calendars(service, expert_id),
        service.calendars.GetCalendarSettings(GetCalendarSettingsRequest(expert_id=expert_id)),
    )
    choices = Choices.of(settings.settings, accounts.accounts, found)
    return render(request, "calendars.html", expert=expert, choices=choices)


@routes.post(CALENDARS)
async def save(request: web.Request) -> web.Response:
    """The form has the etag of what it showed: what was changed elsewhere since is never overwritten unseen."""
    service, expert_id = request.app[SERVICE], logged_in(request)
    form = await request.post()
    wanted = CalendarSettings(
        expert_id=expert_id,
        conflict_calendar_ids=map(str, form.getall(CHECKED, [])),
        write_calendar_id=str(form.get(WRITTEN, "")),
        tentative_blocks=TENTATIVE in form,
        etag=str(form.get("etag", "")),
    )
    now = await service.calendars.GetCalendarSettings(GetCalendarSettingsRequest(expert_id=expert_id))
    update = change(now.settings, wanted)
    if update is None:
        return see(request, CALENDARS, Notice(title="Nothing was changed"))
    try:
        await service.calendars.UpdateCalendarSettings(update)
    except grpc.aio.AioRpcError as error:
        if failure_of(error).reason not in TOLD_HERE:
            raise
        return see(request, CALENDARS, failure_notice(NOT_SAVED, error))
    return see(request, CALENDARS, Notice(title="Saved", text="It counts from now on."))


@routes.post("/calendars/refresh")
async def refresh(request: web.Request) -> web.Response:
    """Asks the providers for the lists anew: calendars made or shared since are found at once."""
    service, expert_id = request.app[SERVICE], logged_in(request)
    answer = await service.calendars.ListCalendars(ListCalendarsRequest(expert_id=expert_id, refresh=True))
    if not answer.refresh_failures:
        return see(request, CALENDARS, Notice(title="The lists of your calendars are up to date"))
    names = await names_of(service, expert_id)
    failed = [
        f"{names.account(one.account_id)}: {unread_for(one.reason).why}" for one in answer.refresh_failures
    ]
    notice = Notice(
        title="Not every account could be asked",
        text=f"Of these, what was known before is shown. {'; '.join(failed)}.",
        good=False,
    )
    return see(request, CALENDARS, notice)
