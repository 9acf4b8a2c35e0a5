"""What callers and their experts do about accounts: connect, reconnect, disconnect, choose, ask, and erase."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final

import aiohttp

from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_RECONNECT_REQUIRED, Account
from calendarsync.v1.account_service_pb2 import (
    DisconnectAccountRequest,
    GetAccountRequest,
    GetAccountResponse,
)
from calendarsync.v1.availability_service_pb2 import ListHoldsRequest
from calendarsync.v1.calendar_pb2 import Calendar
from calendarsync.v1.calendar_service_pb2 import GetCalendarSettingsRequest, ListCalendarsRequest
from calendarsync.v1.expert_service_pb2 import GetExpertRequest, ListExpertsRequest
from calendarsync.v1.session_service_pb2 import ListSessionsRequest
from chaos.asking import Asking, Refused
from chaos.cast import Expert
from chaos.model import Known
from chaos.scene import RETURN_URL, Scene
from sandbox.identity.shortcut import authorize_as
from tests.support.calls import Calls, parameters

BROWSER_PATIENCE: Final = aiohttp.ClientTimeout(total=8)


@dataclass(slots=True, kw_only=True)
class ConnectingDeeds:
    here: Scene
    known: Known
    ask: Asking
    random: Random
    http: aiohttp.ClientSession
    outcomes: dict[str, int] = field(default_factory=dict)

    async def put_expert(self, expert: Expert) -> None:
        await self.ask(
            "put expert",
            lambda calls: calls.put_expert(expert.expert_id, email=expert.email, display_name=expert.name),
        )
        self.known.experts.add(expert.expert_id)

    async def connect(self, expert: Expert) -> None:
        """Somebody whose account is not connected, if there is one."""
        if missing := self.missing(expert, await self.accounts(expert)):
            await self.sign_in(expert, self.random.choice(missing))

    async def reconnect(self, expert: Expert) -> None:
        for account in await self.accounts(expert):
            if account.status == ACCOUNT_STATUS_RECONNECT_REQUIRED:
                await self.sign_in(expert, self.person_of(account), account_id=account.account_id)
                return

    async def reconnect_by_mail(self, expert: Expert) -> None:
        """The link of the last mail, which may be over."""
        mails = [one for one in self.here.sandbox.mails if expert.email in one.recipients]
        links = [word for one in mails for word in one.text.split() if "/reconnect/" in word]
        accounts = await self.accounts(expert)
        lost = [one for one in accounts if one.status == ACCOUNT_STATUS_RECONNECT_REQUIRED]
        if links and lost:
            url = await self._redirect(links[-1])
            if url.startswith("https://localhost"):
                await self._walk(url, expert, self.person_of(lost[-1]))

    async def disconnect(self, expert: Expert) -> None:
        if accounts := await self.accounts(expert):
            account = self.random.choice(accounts)
            request = DisconnectAccountRequest(expert_id=expert.expert_id, account_id=account.account_id)
            await self.ask("disconnect", lambda calls: calls.accounts.DisconnectAccount(request))

    async def choose(self, expert: Expert) -> None:
        """Any calendars to be checked, and any to be written to."""
        if calendars := await self.calendars(expert):
            ids = sorted(one.calendar_id for one in calendars if not one.missing)
            checked = self.random.sample(ids, k=self.random.randint(min(1, len(ids)), len(ids)))
            chosen: dict[str, object] = {"conflict_calendar_ids": checked}
            if ids and self.random.random() < 0.5:
                chosen["write_calendar_id"] = self.random.choice(ids)
            await self.ask("choose", lambda calls: calls.choose(expert_id=expert.expert_id, **chosen))

    async def refresh(self, expert: Expert) -> None:
        await self.calendars(expert, refresh=True)

    async def ask_around(self, expert: Expert) -> None:
        """Questions that change nothing."""
        who = expert.expert_id
        await self.ask("incidents", lambda calls: calls.incidents(who, include_reconnect_urls=True))
        await self.ask("changes", lambda calls: calls.list_changes(expert_id=who))
        await self.ask("expert", lambda calls: calls.experts.GetExpert(GetExpertRequest(expert_id=who)))
        settings = GetCalendarSettingsRequest(expert_id=who)
        await self.ask("settings", lambda calls: calls.calendars.GetCalendarSettings(settings))
        for account in await self.accounts(expert):
            one = GetAccountRequest(expert_id=who, account_id=account.account_id)
            await self.ask("account", partial(_get_account, one))
        await self.ask("list", lambda calls: calls.sessions.ListSessions(ListSessionsRequest(expert_id=who)))
        await self.ask("holds", lambda calls: calls.availability.ListHolds(ListHoldsRequest(expert_id=who)))
        await self.ask("list all", lambda calls: calls.sessions.ListSessions(ListSessionsRequest()))
        await self.ask("experts", lambda calls: calls.experts.ListExperts(ListExpertsRequest()))

    async def change_expert(self, expert: Expert) -> None:
        await self.put_expert(expert)

    async def erase(self, expert: Expert) -> None:
        """Nothing else is under way about the expert."""
        try:
            await self.ask("erase", lambda calls: calls.delete_expert(expert.expert_id))
        except Refused as refused:
            if str(refused) != "EXPERT_NOT_FOUND":  # a repeat finds that it is done
                raise
        self.known.forget(expert.expert_id)

    async def accounts(self, expert: Expert) -> list[Account]:
        return await self.ask("accounts", lambda calls: calls.list_accounts(expert.expert_id))

    async def calendars(self, expert: Expert, *, refresh: bool = False) -> Sequence[Calendar]:
        request = ListCalendarsRequest(expert_id=expert.expert_id, refresh=refresh, page_size=200)
        answer = await self.ask("calendars", lambda calls: calls.calendars.ListCalendars(request))
        return answer.calendars

    def person_of(self, account: Account) -> str:
        return self.here.sandbox.world.people.get(account.email).key

    def missing(self, expert: Expert, accounts: Sequence[Account]) -> list[str]:
        there = {self.person_of(one) for one in accounts}
        return [person for person in expert.people if person not in there]

    async def sign_in(self, expert: Expert, person: str, *, account_id: str = "") -> str:
        """A whole sign-in; the outcome, empty where the browser got none."""
        started = await self.ask(
            "start",
            lambda calls: calls.start(expert.expert_id, account_id=account_id, return_url=RETURN_URL),
        )
        return await self._walk(started.authorization_url, expert, person)

    async def _walk(self, url: str, expert: Expert, person: str) -> str:
        back = authorize_as(self.here.sandbox.world, url, person).url
        revoked_before = (expert.expert_id, person) in self.known.revoked
        self.known.revoked.discard((expert.expert_id, person))
        landed = parameters(await self._redirect(back))
        outcome = landed.get("outcome", "")
        if outcome == "pending":
            outcome = await self._confirm(expert, landed["token"])
        if outcome not in {"connected", "reconnected"} and revoked_before:
            self.known.revoked.add((expert.expert_id, person))
        self.outcomes[outcome or "no answer"] = self.outcomes.get(outcome or "no answer", 0) + 1
        return outcome

    async def _confirm(self, expert: Expert, token: str) -> str:
        """What the caller's page does, where this expert is logged in."""
        try:
            confirmed = await self.ask(
                "confirm", lambda calls: calls.confirm(token, expert_id=expert.expert_id)
            )
        except Refused as refused:
            return str(refused)
        return "reconnected" if confirmed.reconnected else "connected"

    async def _redirect(self, url: str) -> str:
        """Where a page of ours sends the browser; empty where it sends it nowhere, or doesn't answer."""
        try:
            async with self.http.get(url, allow_redirects=False, timeout=BROWSER_PATIENCE) as answer:
                return answer.headers.get("Location", "")
        except (aiohttp.ClientError, TimeoutError):
            return ""


async def _get_account(request: GetAccountRequest, calls: Calls) -> GetAccountResponse:
    return await calls.accounts.GetAccount(request)
