"""A running service as the tests see it: a caller's calls, people's browsers, a look at the rows."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal, LiteralString, TypeVar

import aiohttp
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from adapters.postgres.data_kinds import Erasure
from adapters.postgres.data_map import DESERTED, EXPERTS
from calendarsync.v1 import account_pb2
from calendarsync.v1.calendar_pb2 import Calendar
from calendarsync.v1.session_pb2 import WRITE_STATUS_WRITTEN, Session, WriteHindrance, WriteStatus
from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as as authorize_at_google
from sandbox.identity.shortcut import authorize_as
from sandbox.world.model import Event
from sandbox.world.zones import find_zone
from server.runtime.process import Running
from server.runtime.settings import Settings
from tests.server.served import Failure, Logs, failure_of
from tests.support.calls import EXPERT, SESSION, Calls, parameters
from tests.support.password_page import PasswordPage

Answer = TypeVar("Answer")


async def until(
    ask: Callable[[], Awaitable[Answer]], holds: Callable[[Answer], object], *, within: float = 15
) -> Answer:
    """Ask again and again; the first answer that holds. Fails with the last one after `within` seconds."""
    clock = asyncio.get_running_loop().time
    end = clock() + within
    while not holds(answer := await ask()):
        assert clock() < end, f"not within {within} s; the last answer was: {answer}"
        await asyncio.sleep(0.02)
    return answer


async def failure_or_none(call: Coroutine[Any, Any, object]) -> Failure | None:
    """How the call fails; None when it succeeds."""
    made = asyncio.create_task(call)
    await asyncio.wait([made])
    return None if made.exception() is None else await failure_of(made)


async def outcome(call: Coroutine[Any, Any, object]) -> str:
    """The reason why the call fails; empty when it succeeds."""
    failure = await failure_or_none(call)
    return "" if failure is None else failure.reason


def start_of(event: Event) -> datetime:
    """When it begins, whatever zone it is kept in."""
    return event.start.replace(tzinfo=find_zone(event.zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a browser got, without following a redirect."""

    status: int
    location: str
    text: str
    headers: dict[str, str]

    @property
    def outcome(self) -> dict[str, str]:
        """The query of the place it is sent to."""
        return parameters(self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Calls):
    """A started process and everybody around it."""

    sandbox: Sandbox
    process: Running
    settings: Settings
    http: aiohttp.ClientSession
    database: AsyncConnection[DictRow]
    logs: Logs

    def now(self) -> datetime:
        """By the clock that its answers go by: this machine's may be some milliseconds apart."""
        return self.process.container.clock().now()

    async def alarms(self) -> list[str]:
        """The names of the alarms that the operations door shows; the process is alive all the same."""
        page = await self.operations("/healthz")
        assert page.status == HTTPStatus.OK
        return list(json.loads(page.text)["alarms"])

    async def operations(self, path: str) -> Page:
        """What the operations door says."""
        return await self.open(f"http://127.0.0.1:{self.process.operations_port}{path}")

    async def sign_in(
        self,
        authorization_url: str,
        person: str,
        *,
        decision: Literal["accept", "cancel", "admin"] = "accept",
        grant: Sequence[str] | None = None,
    ) -> str:
        """Walk the provider's pages as this person, leaving only `grant` ticked; where their browser is sent then."""
        world = self.sandbox.world
        if authorization_url.startswith(self.process.public_url):
            assert decision != "admin", "at Apple nobody can ask an administrator"
            walk = PasswordPage(http=self.http, base=self.process.public_url, world=world)
            return await walk(authorization_url, person, cancels=decision == "cancel")
        if authorization_url.startswith(self.sandbox.google_authorization_url):
            assert decision != "admin", "at Google nobody can ask an administrator"
            return authorize_at_google(world, authorization_url, person, decision=decision, grant=grant).url
        return authorize_as(world, authorization_url, person, decision=decision, grant=grant).url

    def provider_of(self, person: str) -> account_pb2.Provider.ValueType:
        """Where this person's account is."""
        who = self.sandbox.world.people.get(person)
        if who.icloud is not None:
            return account_pb2.PROVIDER_APPLE
        return account_pb2.PROVIDER_MICROSOFT if who.google is None else account_pb2.PROVIDER_GOOGLE

    def withdraw(self, person: str) -> None:
        """The person takes our access away: all tokens of it, or the password, are refused from now on."""
        world = self.sandbox.world
        match self.provider_of(person):
            case account_pb2.PROVIDER_APPLE:
                world.icloud.passwords.revoke_all(person)
            case account_pb2.PROVIDER_GOOGLE:
                world.google.grants.end_consent(person)
            case _:
                world.grants.revoke(person, access_tokens=True)

    def expire_access_tokens(self, person: str) -> None:
        """The provider refuses the present ones; what renews them stays good."""
        world = self.sandbox.world
        assert world.people.get(person).icloud is None, "there are no tokens at Apple"
        if world.people.get(person).google is None:
            world.grants.expire_access_tokens(person)
        else:
            world.google.grants.expire_access_tokens(person)

    async def open(self, url: str) -> Page:
        """Open a page of the service as a browser would, but stay with it; a path is one of its own."""
        address = url if "://" in url else self.process.public_url + url
        async with self.http.get(address, allow_redirects=False) as answer:
            if answer.status == HTTPStatus.SEE_OTHER:
                return await self.open(answer.headers["Location"])
            return Page(
                status=answer.status,
                location=answer.headers.get("Location", ""),
                text=await answer.text(),
                headers=dict(answer.headers),
            )

    async def arrive(self, way_back: str, *, expert_id: str = EXPERT) -> dict[str, str]:
        """Come back to the service and on to the caller's page, which confirms; how it ended, as that page knows then.

        `outcome` is connected, reconnected or failed; with `account_id` or `reason`.
        """
        landed = (await self.open(way_back)).outcome
        if landed.get("outcome") != "pending":
            return landed
        others = {name: value for name, value in landed.items() if name not in {"outcome", "token"}}
        confirming = asyncio.create_task(self.confirm(landed["token"], expert_id=expert_id))
        await asyncio.wait([confirming])
        if confirming.exception() is not None:
            return others | {"outcome": "failed", "reason": (await failure_of(confirming)).reason}
        confirmed = confirming.result()
        ended = "reconnected" if confirmed.reconnected else "connected"
        return others | {"outcome": ended, "account_id": confirmed.account.account_id}

    async def finish(
        self, person: str, *, expert_id: str = EXPERT, account_id: str = "", **how: Any
    ) -> dict[str, str]:
        """A whole sign-in through the service's own redirect and the caller's page; how it ended, as in `arrive`."""
        started = await self.start(expert_id, provider=self.provider_of(person), account_id=account_id)
        way_back = await self.sign_in(started.authorization_url, person, **how)
        return await self.arrive(way_back, expert_id=expert_id)

    async def connect(self, person: str, *, expert_id: str = EXPERT) -> str:
        """Connect this person's account; its id."""
        landed = await self.finish(person, expert_id=expert_id)
        assert landed.get("outcome") == "connected", landed
        await self.settled()
        return landed["account_id"]

    def events(self, person: str, calendar: str | None = None) -> list[Event]:
        """What we wrote into a calendar of this person's, the default one if none is named."""
        found = self.sandbox.world.events.all(person, calendar)
        return [one for one in found if one.transaction_id or one.google_id or one.icloud_name]

    async def calendar_id(self, person: str, key: str) -> str:
        """Our id of a calendar of the sandbox's; its names are unique in each mailbox.

        Google shows a primary calendar under its owner's address, and so under no name of the sandbox's.
        """
        name = self.sandbox.world.calendars.get(person, key).name
        listed = await self.list_calendars(page_size=200)
        named = [one for one in listed if one.name == name]
        return (named or await self._primary(person))[0].calendar_id

    async def _primary(self, person: str) -> list[Calendar]:
        email = self.sandbox.world.people.get(person).email
        accounts = {one.account_id for one in await self.list_accounts() if one.email == email}
        return [one for one in await self.list_calendars() if one.primary and one.account_id in accounts]

    async def written(self, session_id: str = SESSION, *, revision: int | None = None) -> Session:
        """The session, once its newest revision (or this very one) is in the calendar."""

        def holds(session: Session) -> bool:
            done = session.event.status == WRITE_STATUS_WRITTEN
            return done and revision in (None, session.event.written_revision)

        return await until(lambda: self.session(session_id), holds)

    async def waits(self, hindrance: str, session_id: str = SESSION) -> Session:
        """The session, once it waits for this."""

        def holds(session: Session) -> bool:
            status = WriteStatus.Name(session.event.status)
            why = WriteHindrance.Name(session.event.hindrance)
            return (status, why) == ("WRITE_STATUS_WAITING", f"WRITE_HINDRANCE_{hindrance}")

        return await until(lambda: self.session(session_id), holds)

    async def rows(self, query: LiteralString, **arguments: object) -> list[DictRow]:
        return await (await self.database.execute(query, arguments)).fetchall()

    async def tables(self) -> dict[str, int]:
        """How many rows each table has that is not empty, of those whose rows go with an expert."""
        names = [name for name, table in EXPERTS.items() if table.erased_by is not Erasure.KEPT]
        counts: dict[str, int] = {}
        for name in sorted({*names, *DESERTED}):
            cursor = await self.database.execute(f'SELECT count(*) AS number FROM "{name}"'.encode())
            row = await cursor.fetchone()
            assert row is not None
            counts[name] = row["number"]
        return {name: number for name, number in counts.items() if number}

    async def hurry(self) -> None:
        """As if much time had passed, but for reminders: what is due later is overdue, and every claim has run out."""
        for statement in (
            b"UPDATE session SET due_at = now() - interval '1 hour' WHERE due_at IS NOT NULL",
            b"UPDATE session SET claimed_until = now() - interval '1 hour' WHERE claimed_until IS NOT NULL",
            b"UPDATE incident SET mail_due_at = now() - interval '1 hour' "
            b"WHERE mail_due_at IS NOT NULL AND notices = 0",
            b"UPDATE incident SET claimed_until = now() - interval '1 hour' WHERE claimed_until IS NOT NULL",
            b"UPDATE calendar SET refused_at = now() - interval '2 days' WHERE refused_at IS NOT NULL",
        ):
            await self.database.execute(statement)

    async def let_refusals_count(self) -> None:
        """As if the last refusal of each account, and what worked before, had been so long ago that another counts."""
        await self.database.execute("UPDATE account SET doubt_at = doubt_at - interval '8 minutes'")
        await self.database.execute("UPDATE reading_schedule SET read_at = read_at - interval '8 minutes'")

    async def idle(self) -> None:
        """Until nothing that was asked for is left to do now, and nothing is under way (leases take two minutes).

        The times are those of the process, which may be some milliseconds ahead of the database: hence a second more.
        """

        async def under_way() -> list[DictRow]:
            return await self.rows(
                """
                SELECT kind || ' ' || id AS work FROM wish
                UNION ALL SELECT 'read ' || calendar_id FROM reading_schedule
                    WHERE readable
                        AND (begun_at IS NOT NULL OR (marks > seen_marks AND due_at <= now() + interval '1 second'))
                UNION ALL SELECT 'keep ' || calendar_id FROM subscription
                    WHERE readable AND due_at > now() AND due_at <= now() + interval '121 seconds'
                UNION ALL SELECT 'list ' || account_id FROM account
                    WHERE status = 'ACTIVE' AND list_due_at <= now() + interval '121 seconds'
                UNION ALL SELECT 'end ' || remote_id FROM ended_subscription
                UNION ALL SELECT 'write ' || session_id FROM session WHERE due_at <= now()
                UNION ALL SELECT 'notify ' || incident_id FROM incident WHERE closed_at IS NULL AND mail_due_at <= now()
                """
            )

        await until(under_way, lambda work: not work)

    async def settled(self) -> None:
        """Until the worker, where there is one, has dealt with every calendar that is due, and no job is left."""
        if self.process.worker is None:
            return

        async def due() -> list[DictRow]:
            return await self.rows(
                """
                SELECT calendar_id, reading_schedule.due_at, subscription.due_at AS subscription_due_at, list_due_at
                FROM account JOIN calendar ON calendar.account_id = account.account_id
                    LEFT JOIN reading_schedule USING (calendar_id) LEFT JOIN subscription USING (calendar_id)
                WHERE status = 'ACTIVE' AND NOT missing
                    AND least(reading_schedule.due_at, subscription.due_at, list_due_at) <= now()
                """
            )

        await until(due, lambda rows: not rows)
        await self.idle()
