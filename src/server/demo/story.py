"""The chapters: connect, choose, check, hear, race, write, lose and regain access, several providers at once, leave."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import account_service_pb2 as accounts_pb
from calendarsync.v1 import calendar_service_pb2 as calendars_pb
from calendarsync.v1 import expert_service_pb2 as experts_pb
from calendarsync.v1.account_pb2 import (
    ACCOUNT_KIND_PERSONAL,
    ACCOUNT_STATUS_ACTIVE,
    ACCOUNT_STATUS_RECONNECT_REQUIRED,
    Account,
)
from calendarsync.v1.availability_pb2 import UNREAD_REASON_RECONNECT_REQUIRED
from calendarsync.v1.calendar_pb2 import Calendar, CalendarSettings
from calendarsync.v1.expert_pb2 import PLAN_FREE, PLAN_PRO, Expert
from calendarsync.v1.session_pb2 import (
    WRITE_HINDRANCE_RECONNECT_REQUIRED,
    WRITE_STATUS_WAITING,
    WRITE_STATUS_WRITTEN,
    Session,
)
from server.demo.both import BothProviders
from server.demo.client import EXPERT, Client, told
from server.demo.live import LiveChapters
from server.demo.narrator import Narrator, refusal, until
from server.demo.three import AllThree
from server.demo.world import World, parameters

RETURN_URL = "http://localhost:3000/calendars"
REDIRECT_URI = "http://localhost:3000/microsoft"
SECRETS = ("Quarterly figures", "Lunch with Eva", "Dr. Weiss", "Layoff planning", "Couples therapy")
"""What stands in the sandbox people's calendars and must never reach a client."""
ANNAS_ZONE: Final = "Europe/Berlin"
"""Her meetings keep their hours there, and so in UTC they move with the season."""


@dataclass(slots=True, kw_only=True)
class Story:
    narrator: Narrator
    client: Client
    world: World
    tomorrow: datetime = field(
        default_factory=lambda: datetime.combine(
            datetime.now(UTC) + timedelta(days=1), time(), ZoneInfo(ANNAS_ZONE)
        )
    )
    """Midnight on Anna's clock; hours added to it are hours of that clock."""
    anna: Account = field(default_factory=Account)
    carla: Account = field(default_factory=Account)

    async def run(self) -> None:
        """Raises NotAsTold, or the error of a call that should have succeeded."""
        await self.meet_the_expert()
        await self.connect()
        await self.refuse()
        await self.choose()
        await self.check()
        await self.be_quick_and_first()
        await self.write()
        await self.lose_and_regain()
        await self.disconnect()
        await self.combine()
        await self.be_forgotten()
        self.narrator.end()

    async def meet_the_expert(self) -> None:
        self.narrator.chapter("An expert on the FREE plan")
        await self.client.put_expert(PLAN_FREE)
        got = await self.client.experts.GetExpert(experts_pb.GetExpertRequest(expert_id=EXPERT))
        self.narrator.expect("the service knows the expert and their time zone", got.expert.time_zone)
        wrong = Expert(
            expert_id="x", plan=PLAN_FREE, email="x@example.com", display_name="X", time_zone="Mars/Olympus"
        )
        reason = await refusal(self.client.experts.PutExpert(experts_pb.PutExpertRequest(expert=wrong)))
        self.narrator.expect(f"a time zone nobody has is refused: {reason}", reason == "TIME_ZONE_UNKNOWN")

    async def connect(self) -> None:
        self.narrator.chapter("Two Outlook accounts, both ways in")
        started = await self.client.start_connection(return_url=RETURN_URL)
        landed = await self.world.follow(await self.world.sign_in(started.authorization_url, "anna"))
        outcome = parameters(landed)
        self.narrator.expect(
            "a work account, through the service's own redirect; the browser lands on the caller's page",
            landed.startswith(RETURN_URL) and outcome.get("outcome") == "pending",
        )
        before = await self.client.list_accounts()
        confirmed = await self.client.confirm(outcome["token"])
        self.narrator.expect(
            "it is connected once that page confirms whose browser it was, and not before",
            not before.accounts and confirmed.account.expert_id == EXPERT,
        )
        started = await self.client.start_connection(redirect_uri=REDIRECT_URI)
        brought = parameters(await self.world.sign_in(started.authorization_url, "carla"))
        request = accounts_pb.CompleteConnectionRequest(
            expert_id=EXPERT, state=brought["state"], code=brought["code"]
        )
        completed = await self.client.accounts.CompleteConnection(request)
        self.narrator.expect(
            "a personal account, through the caller's page and CompleteConnection",
            completed.account.kind == ACCOUNT_KIND_PERSONAL,
        )
        reason = await refusal(self.client.accounts.CompleteConnection(request))
        self.narrator.expect(f"the redirect works once: {reason}", reason == "CONNECTION_ATTEMPT_NOT_FOUND")
        listed = await self.client.list_accounts()
        self.anna, self.carla = listed.accounts
        self.narrator.expect(
            f"{len(listed.accounts)} of {listed.account_limit} accounts are in use",
            self.anna.account_id == confirmed.account.account_id and listed.account_limit == 2,
        )

    async def refuse(self) -> None:
        self.narrator.chapter("What is refused, and why")
        reason = await refusal(self.client.start_connection(return_url=RETURN_URL))
        self.narrator.expect(f"a third account on this plan: {reason}", reason == "ACCOUNT_LIMIT_REACHED")
        await self.client.put_expert(PLAN_PRO)
        refused = [
            ("somebody who goes back", "ben", "cancel", "SIGN_IN_CANCELLED"),
            ("a mailbox on the organisation's own server", "onprem", "accept", "MAILBOX_NOT_SERVED"),
        ]
        for what, person, decision, expected in refused:
            started = await self.client.start_connection(return_url=RETURN_URL)
            back = await self.world.sign_in(started.authorization_url, person, decision=decision)
            reason = parameters(await self.world.follow(back)).get("reason", "")
            self.narrator.expect(f"{what}: {reason}", reason == expected)
        self.narrator.expect(
            "nothing of that was stored", len((await self.client.list_accounts()).accounts) == 2
        )

    async def choose(self) -> None:
        self.narrator.chapter("Choosing calendars")
        calendars = await self._show_calendars()
        settings = await self.client.settings()
        primary = {one.calendar_id for one in calendars if one.primary}
        self.narrator.expect(
            "both primary calendars are checked for conflicts", set(settings.conflict_calendar_ids) == primary
        )
        annas = next(one for one in calendars if one.primary and one.account_id == self.anna.account_id)
        self.narrator.expect(
            "sessions go to the first account's primary calendar by themselves",
            settings.effective_write_calendar_id == annas.calendar_id and not settings.write_calendar_id,
        )
        everything = CalendarSettings(
            expert_id=EXPERT,
            conflict_calendar_ids=[one.calendar_id for one in calendars],
            write_calendar_id=annas.calendar_id,
            etag=settings.etag,
        )
        update = calendars_pb.UpdateCalendarSettingsRequest(
            settings=everything, update_mask=FieldMask(paths=["conflict_calendar_ids", "write_calendar_id"])
        )
        changed = await self.client.calendars.UpdateCalendarSettings(update)
        self.narrator.expect(
            "now all of them are checked, and that one is chosen for sessions",
            len(changed.settings.conflict_calendar_ids) == len(calendars),
        )
        reason = await refusal(self.client.calendars.UpdateCalendarSettings(update))
        self.narrator.expect(f"an update based on the old version: {reason}", reason == "ETAG_MISMATCH")

    async def _show_calendars(self) -> list[Calendar]:
        listed = await self.client.calendars.ListCalendars(
            calendars_pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True)
        )
        for calendar in listed.calendars:
            kind = "primary" if calendar.primary else "further"
            self.narrator.tell(
                f"  {calendar.name} ({kind}, {'writable' if calendar.writable else 'read-only'})"
            )
        return list(listed.calendars)

    async def check(self) -> None:
        self.narrator.chapter("Busy times, read from Microsoft now")
        busy = await self.client.busy(self.tomorrow, days=14, look_now=True)
        for one in busy.busy_times[:4]:
            self.narrator.tell(f"  taken {told(one)}")
        self.narrator.expect(
            f"{len(busy.busy_times)} taken stretches in two weeks, and every calendar was read",
            busy.complete and len(busy.busy_times) >= 4,
        )
        self.narrator.expect(
            "not a word of what the events are", not any(word in str(busy) for word in SECRETS)
        )
        ledger = await self.world.ask("GET", "/ledger")
        left = {one["property"] for one in ledger["properties"]}
        self.narrator.expect(
            f"Microsoft was asked for {', '.join(sorted(left))} and nothing else",
            not left & {"subject", "body", "location", "attendees", "organizer", "bodyPreview"},
        )
        verdicts = await self._check((9, 0), (13, 0), (14, 30))
        self.narrator.expect("tomorrow at 9 there is a meeting: busy", verdicts[0] == "BUSY")
        self.narrator.expect("at 13 something marked as free: free", verdicts[1] == "FREE")
        self.narrator.expect("at 14:30 nothing at all: free", verdicts[2] == "FREE")

    async def be_quick_and_first(self) -> None:
        calendars = len((await self.client.settings()).conflict_calendar_ids)
        chapters = LiveChapters(
            narrator=self.narrator,
            client=self.client,
            world=self.world,
            tomorrow=self.tomorrow,
            calendars=calendars,
        )
        await chapters.hear()
        await chapters.race()

    async def write(self) -> None:
        self.narrator.chapter("A session, and its event")
        accepted = await self._put_session("coaching-1", hour=14, title="Coaching with <Sam> & Kim")
        self.narrator.expect("accepted at once", accepted.revision == 1)
        verdicts = await self._check((14, 0))
        self.narrator.expect("and its time is taken at once", verdicts[0] == "BUSY")
        await self._written("coaching-1", revision=1)
        mine = await self._in_outlook("Coaching")
        self.narrator.expect(
            f"one event in Outlook, titled “{mine[0]['subject']}”, without attendees",
            len(mine) == 1 and mine[0]["subject"] == "Coaching with <Sam> & Kim",
        )
        await self._put_session("coaching-1", hour=18, title="Coaching, moved")
        await self._written("coaching-1", revision=2)
        mine = await self._in_outlook("Coaching")
        self.narrator.expect(
            "moved: still one event", [one["subject"] for one in mine] == ["Coaching, moved"]
        )
        self.narrator.expect("and 14:00 is free again", (await self._check((14, 0)))[0] == "FREE")
        await self.client.cancel_session("coaching-1")
        await self._written("coaching-1", revision=3)
        self.narrator.expect("cancelled: the event is gone", not await self._in_outlook("Coaching"))

    async def lose_and_regain(self) -> None:
        self.narrator.chapter("Access is withdrawn, and given back")
        chosen = await self.client.settings()
        await self._lose()
        await self._book_without_access()
        await self._regain()
        self.narrator.expect(
            "the choices were kept",
            set((await self.client.settings()).conflict_calendar_ids) == set(chosen.conflict_calendar_ids),
        )

    async def _lose(self) -> None:
        await self.world.ask("POST", "/people/anna/revoke", access_tokens=True)
        self.narrator.tell("  Anna takes our access away at Microsoft")
        busy = await self.client.busy(self.tomorrow, days=14, look_now=True)
        unread = {one.unread_reason for one in busy.calendars if one.HasField("unread_reason")}
        self.narrator.expect(
            "the answer says what it could not read, and why", unread == {UNREAD_REASON_RECONNECT_REQUIRED}
        )
        self.narrator.expect(
            "and calls no time free", (await self._check((13, 0), (20, 0))) == ["UNKNOWN", "UNKNOWN"]
        )
        status = (await self.client.list_accounts()).accounts[0].status
        self.narrator.expect("the account needs a reconnect", status == ACCOUNT_STATUS_RECONNECT_REQUIRED)

    async def _book_without_access(self) -> None:
        await self._put_session("coaching-2", hour=20, title="Evening session")
        waiting = await self._session_becomes(
            "coaching-2", lambda one: one.event.status == WRITE_STATUS_WAITING, told="the session waits"
        )
        self.narrator.expect(
            "a session booked meanwhile is accepted and waits",
            waiting.event.hindrance == WRITE_HINDRANCE_RECONNECT_REQUIRED,
        )

    async def _regain(self) -> None:
        mails = await until(self.world.mails, bool, told="an “Action required” mail arrives")
        self.narrator.expect(f"one mail: “{mails[0]['subject']}”", len(mails) == 1)
        link = next(word for word in mails[0]["text"].split() if "/reconnect/" in word)
        back = await self.world.sign_in(await self.world.follow(link), "anna")
        await self.world.follow(back)
        account = (await self.client.list_accounts()).accounts[0]
        self.narrator.expect(
            "its link leads through the sign-in, and the account is the same one, active again",
            account.account_id == self.anna.account_id and account.status == ACCOUNT_STATUS_ACTIVE,
        )
        await self._written("coaching-2", revision=1)
        self.narrator.expect(
            "the waiting session was written by itself", len(await self._in_outlook("Evening")) == 1
        )

    async def disconnect(self) -> None:
        self.narrator.chapter("Disconnecting")
        gone = await self.client.accounts.DisconnectAccount(
            accounts_pb.DisconnectAccountRequest(expert_id=EXPERT, account_id=self.carla.account_id)
        )
        self.narrator.expect(
            f"disconnected; the access itself is removed at {gone.access_removal_url}",
            len((await self.client.list_accounts()).accounts) == 1,
        )

    async def combine(self) -> None:
        both = BothProviders(
            narrator=self.narrator, client=self.client, world=self.world, tomorrow=self.tomorrow
        )
        outlook, google = await both.run()
        three = AllThree(
            narrator=self.narrator,
            client=self.client,
            world=self.world,
            tomorrow=self.tomorrow,
            outlook=outlook,
        )
        await three.run()
        await both.lose(google)

    async def be_forgotten(self) -> None:
        self.narrator.chapter("Being forgotten")
        await self.client.experts.DeleteExpert(experts_pb.DeleteExpertRequest(expert_id=EXPERT))
        reason = await refusal(self.client.experts.GetExpert(experts_pb.GetExpertRequest(expert_id=EXPERT)))
        self.narrator.expect(f"erased: {reason}", reason == "EXPERT_NOT_FOUND")
        self.narrator.expect("what was written stays", len(await self._in_outlook("Evening")) == 1)

    async def _check(self, *hours: tuple[int, int]) -> list[str]:
        """The verdicts on half hours of tomorrow, each beginning at (hour, minute) on Anna's clock."""
        return await self.client.check(
            *(self.tomorrow + timedelta(hours=hour, minutes=minute) for hour, minute in hours)
        )

    async def _put_session(self, session_id: str, *, hour: int, title: str) -> Session:
        return await self.client.put_session(session_id, self.tomorrow + timedelta(hours=hour), title)

    async def _session_becomes(
        self, session_id: str, holds: Callable[[Session], bool], *, told: str
    ) -> Session:
        return await until(lambda: self.client.session(session_id), holds, told=told)

    async def _written(self, session_id: str, *, revision: int) -> None:
        await self._session_becomes(
            session_id,
            lambda one: one.event.status == WRITE_STATUS_WRITTEN and one.event.written_revision == revision,
            told=f"revision {revision} of {session_id} is written",
        )

    async def _in_outlook(self, word: str) -> list[dict[str, Any]]:
        """Anna's events with this word in their title, as Outlook shows them."""
        return [one for one in await self.world.events_of("anna") if word in one["subject"]]
