"""A chapter on two providers at once: an Outlook and a Google account of one expert."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import calendar_service_pb2 as calendars_pb
from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_RECONNECT_REQUIRED, PROVIDER_GOOGLE
from calendarsync.v1.calendar_pb2 import Calendar, CalendarSettings
from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN, Session
from server.demo.client import EXPERT, Client
from server.demo.narrator import Narrator, until
from server.demo.world import World, parameters

RETURN_URL: Final = "http://localhost:3000/calendars"


@dataclass(slots=True, kw_only=True)
class BothProviders:
    """Needs an expert whose Outlook account is Anna's, with a place left for one of Google's."""

    narrator: Narrator
    client: Client
    world: World
    tomorrow: datetime

    async def run(self) -> tuple[Calendar, Calendar]:
        """The primary calendars at Outlook and at Google."""
        self.narrator.chapter("An Outlook and a Google account")
        outlook = next(one for one in await self._calendars() if one.primary)
        google = await self._connect()
        await self._block()
        await self._write(outlook, google)
        return outlook, google

    async def _connect(self) -> Calendar:
        """Her primary calendar."""
        started = await self.client.start_connection(return_url=RETURN_URL, provider=PROVIDER_GOOGLE)
        landed = await self.world.follow(await self.world.sign_in(started.authorization_url, "gina"))
        confirmed = await self.client.confirm(parameters(landed)["token"])
        account = confirmed.account
        self.narrator.expect(
            f"a Google account beside it, by the same calls: {account.email}",
            account.provider == PROVIDER_GOOGLE,
        )
        calendars = [one for one in await self._calendars() if one.account_id == account.account_id]
        return next(one for one in calendars if one.primary)

    async def _block(self) -> None:
        at_google = self.tomorrow + timedelta(hours=7)
        await self.world.ask(
            "POST",
            "/people/gina/calendars/primary/events",
            start=f"{at_google:%Y-%m-%dT%H:%M}",
            end=f"{at_google + timedelta(hours=1):%Y-%m-%dT%H:%M}",
            zone=str(self.tomorrow.tzinfo),
            subject="Couples therapy",
        )
        busy = await self.client.busy(self.tomorrow, days=1, look_now=True)
        verdicts = await self._check(7, 9, 11)
        self.narrator.expect(
            "at 7 there is something in Google, at 9 in Outlook, at 11 in neither: " + ", ".join(verdicts),
            busy.complete and verdicts == ["BUSY", "BUSY", "FREE"],
        )

    async def _write(self, outlook: Calendar, google: Calendar) -> None:
        await self._choose(google)
        await self._put("duet-1", hour=11, title="Duet")
        self.narrator.expect(
            "a session goes to the calendar that the expert has chosen, which is at Google now",
            await self._titles("gina") == ["Duet"] and not await self._titles("anna"),
        )
        await self._choose(outlook)
        await self._put("duet-2", hour=12, title="Duet, second part")
        self.narrator.expect(
            "the choice goes back to Outlook, and the next session with it; the first stays where it is",
            await self._titles("gina") == ["Duet"] and await self._titles("anna") == ["Duet, second part"],
        )
        await self._put("duet-1", hour=11, title="Duet, renamed")
        self.narrator.expect("and is changed there", await self._titles("gina") == ["Duet, renamed"])

    async def lose(self, google: Calendar) -> None:
        self.narrator.chapter("Access to one of them is lost")
        await self.world.ask("POST", "/google/people/gina/end-consent")
        self.narrator.tell("  Gina takes our access away at Google")
        busy = await self.client.busy(self.tomorrow, days=1, look_now=True)
        unread = {one.calendar_id for one in busy.calendars if one.HasField("unread_reason")}
        self.narrator.expect(
            "her calendar is named as unread, and Anna's was read", unread == {google.calendar_id}
        )
        accounts = (await self.client.list_accounts()).accounts
        lost = [one.account_id for one in accounts if one.status == ACCOUNT_STATUS_RECONNECT_REQUIRED]
        self.narrator.expect("and hers is the account that needs a reconnect", lost == [google.account_id])

    async def _calendars(self) -> list[Calendar]:
        request = calendars_pb.ListCalendarsRequest(expert_id=EXPERT)
        return list((await self.client.calendars.ListCalendars(request)).calendars)

    async def _choose(self, calendar: Calendar) -> None:
        request = calendars_pb.UpdateCalendarSettingsRequest(
            settings=CalendarSettings(expert_id=EXPERT, write_calendar_id=calendar.calendar_id),
            update_mask=FieldMask(paths=["write_calendar_id"]),
        )
        await self.client.calendars.UpdateCalendarSettings(request)

    async def _check(self, *hours: int) -> list[str]:
        return await self.client.check(*(self.tomorrow + timedelta(hours=hour) for hour in hours))

    async def _put(self, session_id: str, *, hour: int, title: str) -> None:
        """Returns once it is in a calendar."""
        put = await self.client.put_session(session_id, self.tomorrow + timedelta(hours=hour), title)

        def holds(session: Session) -> bool:
            return (
                session.event.status == WRITE_STATUS_WRITTEN
                and session.event.written_revision == put.revision
            )

        await until(lambda: self.client.session(session_id), holds, told=f"{session_id} is written")

    async def _titles(self, person: str) -> list[str]:
        """Of our events in this person's primary calendar."""
        found = [one["subject"] for one in await self.world.events_of(person)]
        return [subject for subject in found if subject.startswith("Duet")]
