"""Google's adapter on a running sandbox: its client, the grants of people who signed in, and a way to open it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from adapters.google.address_trials import AddressTrials
from adapters.google.client import GoogleClient
from adapters.google.grants import GoogleGrants, first_grant
from adapters.google.id_token import GoogleIdTokens
from adapters.google.push import GooglePush
from adapters.google.settings import LEAST_SCOPES, GoogleSettings
from adapters.google.sign_in import GoogleSignIn
from adapters.google.token_endpoint import IssuedTokens, TokenEndpoint
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.authority_http import AuthorityHttp
from adapters.web.connections import open_http
from adapters.web.id_token import ProvenPerson
from adapters.web.metered_http import MeteredHttp
from application.ports.clock import Clock
from application.ports.grant_vault import StoredGrant
from application.ports.meters import Unmeasured
from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.account import AccountKind, Identity, Provider
from domain.grant import Grant
from domain.ids import AccountId
from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.store import FakeStore
from tests.support.microsoft import SandboxClock

CALLBACK = "http://localhost:8080/oauth/google/callback"
SIGNED_IN = ("openid", "https://www.googleapis.com/auth/userinfo.email")


@dataclass(slots=True)
class Counted(Unmeasured):
    """A meter that keeps what it was told."""

    requests: list[tuple[str, str]] = field(default_factory=list)
    """Kind and outcome of each."""
    pauses: list[timedelta] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    """How many entries of each reading."""

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        self.requests.append((kind, outcome))

    def told_to_wait(self, pause: timedelta) -> None:
        self.pauses.append(pause)

    def found_odd(self, entries: int) -> None:
        self.odd.append(entries)


@dataclass(frozen=True, slots=True)
class SandboxGrants:
    """Grants as a sign-in brings them, without walking its pages."""

    sandbox: Sandbox

    def grant(self, person: str, scopes: tuple[str, ...]) -> Grant:
        """After this person signed in, with these boxes ticked."""
        granted = frozenset((*SIGNED_IN, *scopes))
        grants, account = self.sandbox.world.google.grants, self.sandbox.world.people.get(person)
        consent = grants.consent(person, granted)
        lasts = timedelta(seconds=self.sandbox.world.google.settings.access_token_seconds)
        issued = IssuedTokens(
            access_token=grants.issue_access_token(consent, granted),
            lasts=lasts,
            refresh_token=grants.issue_refresh_token(consent, granted)[0],
            refreshable_for=None,
            id_token="",
            scopes=scopes,
        )
        proven = ProvenPerson(
            identity=Identity(provider=Provider.GOOGLE, tenant_id="", object_id=account.google_account.sub),
            kind=AccountKind.WORK if account.google_account.hosted_domain else AccountKind.PERSONAL,
            email=account.email,
            display_name=account.email,
        )
        return first_grant(issued, proven, scopes, self.sandbox.world.clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGoogle:
    """What the adapter's ports are made of, on the sandbox, with the stored grants of a fake store."""

    sandbox: Sandbox
    settings: GoogleSettings
    client: GoogleClient
    tokens: AccessTokens
    sign_in: GoogleSignIn
    grants: SandboxGrants
    renewing: GoogleGrants
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

    async def begin(self, **how: Any) -> StartedSignIn:
        return await self.sign_in.begin(redirect_uri=CALLBACK, **how)

    def answer(
        self,
        started: StartedSignIn,
        person: str = "gina",
        *,
        decision: Literal["accept", "cancel"] = "accept",
        grant: tuple[str, ...] | None = None,
    ) -> RedirectAnswer:
        """What the browser brings back after this person walked the sign-in pages; `grant` leaves the rest unticked."""
        world = self.sandbox.world
        way_back = authorize_as(world, started.authorization_url, person, decision=decision, grant=grant)
        query = {name: values[0] for name, values in parse_qs(urlsplit(way_back.url).query).items()}
        known = ("state", "code", "error", "iss")
        return RedirectAnswer(**{name: query[name] for name in known if name in query})

    async def signed_in(self, person: str = "gina", **decision: Any) -> SignedIn:
        started = await self.begin()
        return await self.sign_in.redeem(started.flow, self.answer(started, person, **decision))

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


def push_to(address: str, google: OpenGoogle, **how: Any) -> GooglePush:
    """The port, where notifications are to be brought to this address."""
    clock = SandboxClock(google.sandbox)
    trials = AddressTrials(clock, google.alarms)
    return GooglePush(
        client=google.client, tokens=google.tokens, clock=clock, address=address, trials=trials, **how
    )


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
        authority = AuthorityHttp(
            http=MeteredHttp(http=http, meter=meter), clock=clock, within=settings.request_timeout
        )
        endpoint = TokenEndpoint(settings, authority, alarms, clock)
        renewing = GoogleGrants(endpoint=endpoint, clock=clock)
        tokens = AccessTokens(store.vault, renewing, clock, meter)
        try:
            yield OpenGoogle(
                sandbox=sandbox,
                settings=settings,
                client=GoogleClient(http, settings, clock, alarms, meter),
                tokens=tokens,
                sign_in=GoogleSignIn(
                    settings=settings,
                    endpoint=endpoint,
                    verifier=GoogleIdTokens(client_id=settings.client_id, keys=endpoint.keys, clock=clock),
                    clock=clock,
                ),
                grants=grants,
                renewing=renewing,
                store=store,
                alarms=alarms,
                meter=meter,
            )
        finally:
            await tokens.close()
