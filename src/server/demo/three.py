"""A chapter on three providers: an iCloud account beside the other two, its password revoked and made anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import calendar_service_pb2 as calendars_pb
from calendarsync.v1.account_pb2 import (
    ACCOUNT_STATUS_ACTIVE,
    ACCOUNT_STATUS_RECONNECT_REQUIRED,
    PROVIDER_APPLE,
    Account,
)
from calendarsync.v1.calendar_pb2 import Calendar, CalendarSettings
from calendarsync.v1.session_pb2 import WRITE_STATUS_WAITING, WRITE_STATUS_WRITTEN, Session
from server.demo.client import EXPERT, Client
from server.demo.narrator import Narrator, until
from server.demo.world import World, parameters

RETURN_URL: Final = "http://localhost:3000/calendars"
IDA: Final = "ida@icloud.example.com"
NORMAL_PASSWORD: Final = "Correct-Horse-7"  # noqa: S105 - the sandbox's, of nobody
PROVIDERS: Final = 3
DOUBT_SECONDS: Final = 2
"""How long iCloud has to refuse a password in this service until access counts as lost; nobody watches for longer."""


@dataclass(slots=True, kw_only=True)
class AllThree:
    """Needs an expert with accounts at Outlook and Google, and a place left. At 9 there is something in that calendar
    of Outlook's, at 7 in one of Google's."""

    narrator: Narrator
    client: Client
    world: World
    tomorrow: datetime
    outlook: Calendar

    async def run(self) -> None:
        self.narrator.chapter("An iCloud account as well, with an app-specific password")
        apple = await self._connect()
        before = await self.client.settings()
        await self._check_two(apple)
        await self._write(apple)
        await self._lose(apple)
        await self._regain(apple)
        await self._choose(
            conflicts=list(before.conflict_calendar_ids), write=before.effective_write_calendar_id
        )

    async def _connect(self) -> Calendar:
        """Ida's primary calendar."""
        started = await self.client.start_connection(return_url=RETURN_URL, provider=PROVIDER_APPLE)
        page = started.authorization_url
        stays = await self.world.type_password(page, IDA, NORMAL_PASSWORD)
        self.narrator.expect(
            "the page is the service's own; the normal password of an Apple ID is told so, and sent nowhere",
            not stays and await self._asked_of_icloud() == 0,
        )
        way_back = await self.world.type_password(page, IDA, await self.world.app_password("ida"))
        landed = await self.world.follow(way_back)
        account = (await self.client.confirm(parameters(landed)["token"])).account
        accounts = (await self.client.list_accounts()).accounts
        self.narrator.expect(
            f"an iCloud account, and no caller saw its password: {account.email}",
            account.provider == PROVIDER_APPLE and len({one.provider for one in accounts}) == PROVIDERS,
        )
        return next(
            one for one in await self._calendars() if one.account_id == account.account_id and one.primary
        )

    async def _asked_of_icloud(self) -> int:
        return sum(one["requests"] for one in await self.world.ask("GET", "/icloud/hosts"))

    async def _check_two(self, apple: Calendar) -> None:
        at_apple = self.tomorrow + timedelta(hours=16)
        await self.world.ask(
            "POST",
            "/people/ida/calendars/home/events",
            start=f"{at_apple:%Y-%m-%dT%H:%M}",
            end=f"{at_apple + timedelta(hours=1):%Y-%m-%dT%H:%M}",
            zone=str(self.tomorrow.tzinfo),
            subject="Couples therapy",
        )
        await self._choose(conflicts=[self.outlook.calendar_id, apple.calendar_id], write=apple.calendar_id)
        busy = await self.client.busy(self.tomorrow, days=1, look_now=True)
        verdicts = await self._check(9, 16, 7)
        self.narrator.expect(
            "two of the three are checked: at 9 there is something in Outlook, at 16 in iCloud; what Google has at 7 "
            "counts no more: " + ", ".join(verdicts),
            busy.complete and verdicts == ["BUSY", "BUSY", "FREE"],
        )
        sent = {one["host"]: one["passwords"] for one in await self.world.ask("GET", "/icloud/hosts")}
        self.narrator.expect(
            "the password went to iCloud's hosts and to no other", sent and not sent.get("foreign")
        )

    async def _write(self, apple: Calendar) -> None:
        await self._put("trio-1", hour=18, title="Trio")
        written = await self._written("trio-1")
        self.narrator.expect(
            "a session is written to the iCloud calendar",
            written.event.calendar_id == apple.calendar_id and await self._titles() == ["Trio"],
        )

    async def _lose(self, apple: Calendar) -> None:
        await self.world.ask("DELETE", "/mails")
        await self.world.ask("DELETE", "/icloud/people/ida/passwords")
        self.narrator.tell("  Ida revokes the password on her Apple ID's page")
        busy = await self.client.busy(self.tomorrow, days=1, look_now=True)
        account = await self._account(apple)
        self.narrator.expect(
            "one refusal proves nothing: her calendar is unread, and the account stays as it is",
            {one.calendar_id for one in busy.calendars if one.HasField("unread_reason")}
            == {apple.calendar_id}
            and account.status == ACCOUNT_STATUS_ACTIVE,
        )
        await self._put("trio-2", hour=19, title="Trio, second part")
        await until(
            lambda: self._seen_again(apple),
            lambda one: one.status == ACCOUNT_STATUS_RECONNECT_REQUIRED,
            told="refusals that go on are lost access",
        )
        waiting = await until(
            lambda: self.client.session("trio-2"),
            lambda one: one.event.status == WRITE_STATUS_WAITING,
            told="the session waits",
        )
        self.narrator.expect(
            f"refusals that go on are lost access, here after {DOUBT_SECONDS} seconds instead of 15 minutes; "
            "a session waits meanwhile",
            not waiting.event.written_revision,
        )

    async def _seen_again(self, apple: Calendar) -> Account:
        await self.client.busy(self.tomorrow, days=1, look_now=True)
        return await self._account(apple)

    async def _regain(self, apple: Calendar) -> None:
        (mail,) = await until(self.world.mails, bool, told="an “Action required” mail arrives")
        self.narrator.expect(
            f"a mail says what to do: “{mail['subject']}”", "app-specific password" in mail["text"]
        )
        link = next(word for word in mail["text"].split() if "/reconnect/" in word)
        page = await self.world.follow(link)
        made = await self.world.ask("POST", "/icloud/people/ida/passwords")
        await self.world.follow(await self.world.type_password(page, IDA, made["password"]))
        account = await self._account(apple)
        self.narrator.expect(
            "its link leads to that page; with a new password the account is the same one, active again",
            account.status == ACCOUNT_STATUS_ACTIVE,
        )
        await self._written("trio-2")
        self.narrator.expect(
            "and the waiting session is written", await self._titles() == ["Trio", "Trio, second part"]
        )

    async def _account(self, apple: Calendar) -> Account:
        accounts = (await self.client.list_accounts()).accounts
        return next(one for one in accounts if one.account_id == apple.account_id)

    async def _calendars(self) -> list[Calendar]:
        request = calendars_pb.ListCalendarsRequest(expert_id=EXPERT)
        return list((await self.client.calendars.ListCalendars(request)).calendars)

    async def _choose(self, *, conflicts: list[str], write: str) -> None:
        request = calendars_pb.UpdateCalendarSettingsRequest(
            settings=CalendarSettings(
                expert_id=EXPERT, conflict_calendar_ids=conflicts, write_calendar_id=write
            ),
            update_mask=FieldMask(paths=["conflict_calendar_ids", "write_calendar_id"]),
        )
        await self.client.calendars.UpdateCalendarSettings(request)

    async def _check(self, *hours: int) -> list[str]:
        return await self.client.check(*(self.tomorrow + timedelta(hours=hour) for hour in hours))

    async def _put(self, session_id: str, *, hour: int, title: str) -> None:
        await self.client.put_session(session_id, self.tomorrow + timedelta(hours=hour), title)

    async def _written(self, session_id: str) -> Session:
        return await until(
            lambda: self.client.session(session_id),
            lambda one: one.event.status == WRITE_STATUS_WRITTEN,
            told=f"{session_id} is written",
        )

    async def _titles(self) -> list[str]:
        """Of our events in Ida's primary calendar."""
        found = [one["subject"] for one in await self.world.events_of("ida", "home")]
        return [subject for subject in found if subject.startswith("Trio")]
