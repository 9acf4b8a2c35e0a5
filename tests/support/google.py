"""Google's adapter on a running sandbox: its client, the grants of people who signed in, and a way to open it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.google.client import GoogleClient
from adapters.google.settings import LEAST_SCOPES, GoogleSettings
from adapters.web.access_tokens import Access, AccessToken, AccessTokens, AccountAccess, RefreshRefused
from adapters.web.connections import open_http
from application.ports.clock import Clock
from application.ports.grant_vault import StoredGrant
from application.ports.meters import Unmeasured
from domain.access import LossCause
from domain.grant import Grant
from domain.ids import AccountId
from sandbox import Sandbox
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.store import FakeStore
from tests.support.microsoft import SandboxClock

SIGNED_IN = ("openid", "https://www.googleapis.com/auth/userinfo.email")


@dataclass(slots=True)
class Counted(Unmeasured):
    """A meter that keeps what it was told."""

    requests: list[tuple[str, str]] = field(default_factory=list)
    """Kind and outcome of each."""
    pauses: list[timedelta] = field(default_factory=list)

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        self.requests.append((kind, outcome))

    def told_to_wait(self, pause: timedelta) -> None:
        self.pauses.append(pause)


@dataclass(frozen=True, slots=True)
class SandboxGrants:
    """Grants as the sandbox gives them, without its token endpoint: a secret is whose they are and the newest token."""

    sandbox: Sandbox

    def grant(self, person: str, scopes: tuple[str, ...]) -> Grant:
        """After this person signed in, with these boxes ticked."""
        granted = frozenset((*SIGNED_IN, *scopes))
        grants, account = self.sandbox.world.google.grants, self.sandbox.world.people.get(person)
        consent = grants.consent(person, granted)
        lasts = timedelta(seconds=self.sandbox.world.google.settings.access_token_seconds)
        secret = {
            "person": person,
            "sub": account.google_account.sub,
            "email": account.email,
            "value": grants.issue_access_token(consent, granted),
            "expires_at": (self.sandbox.world.clock.now() + lasts).isoformat(),
            "scopes": sorted(granted),
        }
        return Grant(scopes=tuple(sorted(granted)), secret=json.dumps(secret).encode())

    def access_token(self, grant: Grant) -> AccessToken:
        held = json.loads(grant.secret)
        return AccessToken(
            value=held["value"],
            mailbox=held["sub"],
            username=held["email"],
            scopes=tuple(held["scopes"]),
            expires_at=datetime.fromisoformat(held["expires_at"]),
        )

    async def refresh(self, grant: Grant, claims: str | None) -> Grant:
        person = json.loads(grant.secret)["person"]
        if not self.sandbox.world.google.grants.consented(person):
            raise RefreshRefused(means=LossCause.SIGN_IN_REQUIRED, outcome="refused", code="invalid_grant")
        return self.grant(person, grant.scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGoogle:
    """What the adapter's ports are made of, on the sandbox, with the stored grants of a fake store."""

    sandbox: Sandbox
    settings: GoogleSettings
    client: GoogleClient
    tokens: AccessTokens
    grants: SandboxGrants
    store: FakeStore
    alarms: RecordingAlarms
    meter: Counted

    def connect(
        self, person: str = "gina", account_id: str = "", *, scopes: tuple[str, ...] = LEAST_SCOPES
    ) -> AccountId:
        """Sign in and store the grant; a second time for the same account id counts as a reconnect."""
        account = AccountId(account_id or f"account-of-{person}")
        kept = self.store.tables.grants
        version = kept[account].grant_version + 1 if account in kept else 1
        kept[account] = StoredGrant(
            grant=self.grants.grant(person, scopes), grant_version=version, rotation=0
        )
        return account

    def access(self, person: str = "gina", **how: Any) -> Access:
        """Signed in just now."""
        return AccountAccess(tokens=self.tokens, account_id=self.connect(person, **how))

    def requests(self, person: str | None = None) -> int:
        """How many have reached the Calendar API."""
        return sum(
            one.surface == "google" and person in (None, one.person)
            for one in self.sandbox.world.traffic.requests
        )


async def list_pages(client: GoogleClient, access: Access) -> list[list[dict[str, Any]]]:
    """The pages of somebody's list of calendars: a request that any test may make."""
    asked = (("fields", "kind,nextPageToken,items(id,hidden)"), ("showHidden", "true"))
    return [page async for page in client.pages(access, "/users/me/calendarList", asked)]


def settings_for(sandbox: Sandbox, **changes: Any) -> GoogleSettings:
    of_sandbox = GoogleSettings(
        client_id=sandbox.google_client_id,
        client_secret=sandbox.google_client_secret,
        authorization_url=sandbox.google_authorization_url,
        token_url=sandbox.google_token_url,
        revocation_url=sandbox.google_revocation_url,
        keys_url=sandbox.google_keys_url,
        calendar_url=sandbox.google_calendar_url,
        ca_file=sandbox.ca_file,
        retry_pauses=(timedelta(milliseconds=1), timedelta(milliseconds=2)),
    )
    return replace(of_sandbox, **changes)


@asynccontextmanager
async def google_on(
    sandbox: Sandbox, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[OpenGoogle]:
    """With some settings other than the sandbox's own, and its clock unless another is given."""
    settings, store, alarms, meter = (
        settings_for(sandbox, **changes),
        FakeStore(),
        RecordingAlarms(),
        Counted(),
    )
    clock, grants = clock or SandboxClock(sandbox), SandboxGrants(sandbox)
    async with open_http(ca_file=settings.ca_file, connect_timeout=settings.connect_timeout) as http:
        tokens = AccessTokens(store.vault, grants, clock, meter)
        try:
            yield OpenGoogle(
                sandbox=sandbox,
                settings=settings,
                client=GoogleClient(http, settings, clock, alarms, meter),
                tokens=tokens,
                grants=grants,
                store=store,
                alarms=alarms,
                meter=meter,
            )
        finally:
            await tokens.close()
