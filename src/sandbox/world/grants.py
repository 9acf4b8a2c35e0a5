"""What the identity platform remembers: consents, codes, tokens, and how each of them ends."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.world.model import Person, Tenant
from sandbox.world.people import People

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_TOKEN_LIFETIME = timedelta(days=90)


@dataclass(slots=True, kw_only=True, eq=False)
class Code:
    """An authorization code: single use, ten minutes, bound to its redirect URI and PKCE challenge."""

    person: Person
    tenant: Tenant
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    challenge: str | None
    challenge_method: str
    expires: datetime
    redeemed: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class RefreshToken:
    """A refresh token: rotated at each use without ending the old one, revoked with the person's grant."""

    person: Person
    tenant: Tenant
    client_id: str
    scopes: frozenset[str]
    expires: datetime
    revoked: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class AccessToken:
    """An opaque access token and what it allows."""

    person: Person
    tenant: Tenant
    scopes: frozenset[str]
    expires: datetime


class Grants:
    """Issues and ends consents and tokens. Scopes are canonical bare names (`Calendars.ReadWrite`)."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock
        self._consents: dict[str, set[str]] = {}
        self.approval_requests: list[dict[str, str]] = []
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}

    def consented(self, who: str | Person) -> frozenset[str]:
        """What a person has granted to the app so far."""
        return frozenset(self._consents.get(self._people.get(who).key, ()))

    def consent(self, who: str | Person, asked: frozenset[str], granted: frozenset[str]) -> None:
        """Record a person's answer to a consent page: of what was asked, only the ticked stays granted."""
        remembered = self._consents.setdefault(self._people.get(who).key, set())
        remembered -= asked - granted
        remembered |= granted

    def remove_consent(self, who: str | Person) -> None:
        """Take the app off the person's list of apps: the next refresh answers AADSTS65001."""
        self._consents.pop(self._people.get(who).key, None)

    def request_approval(self, who: str | Person) -> None:
        """Note that a person asked their administrator to approve the app."""
        person = self._people.get(who)
        self.approval_requests.append({"person": person.key, "tenant": person.tenant.domain})

    def revoke(self, who: str | Person, *, access_tokens: bool = False) -> None:
        """End the person's refresh tokens, as an administrator or a stolen-account reset would.

        Access tokens live on until they expire unless `access_tokens` is set.
        """
        person = self._people.get(who)
        for token in self.refresh_tokens.values():
            if token.person is person:
                token.revoked = True
        if access_tokens:
            self.expire_access_tokens(person)

    def expire_access_tokens(self, who: str | Person | None = None) -> None:
        """Make the access tokens of one person, or of everybody, unusable at once."""
        person = None if who is None else self._people.get(who)
        for key, token in list(self.access_tokens.items()):
            if person is None or token.person is person:
                del self.access_tokens[key]

    def issue_code(self, **details: object) -> str:
        """A new authorization code; `details` are the fields of `Code` but its expiry."""
        code = secrets.token_urlsafe(32)
        self.codes[code] = Code(**details, expires=self._clock.now() + CODE_LIFETIME)  # type: ignore[arg-type]
        return code

    def issue_refresh_token(
        self, person: Person, tenant: Tenant, client_id: str, scopes: frozenset[str]
    ) -> str:
        """A new refresh token for what was consented."""
        token = secrets.token_urlsafe(48)
        self.refresh_tokens[token] = RefreshToken(
            person=person,
            tenant=tenant,
            client_id=client_id,
            scopes=scopes,
            expires=self._clock.now() + REFRESH_TOKEN_LIFETIME,
        )
        return token

    def issue_access_token(
        self, person: Person, tenant: Tenant, scopes: frozenset[str], lifetime_seconds: float
    ) -> str:
        """A new opaque access token for Graph."""
        token = secrets.token_urlsafe(40)
        expires = self._clock.now() + timedelta(seconds=lifetime_seconds)
        self.access_tokens[token] = AccessToken(person=person, tenant=tenant, scopes=scopes, expires=expires)
        return token

    def find_access_token(self, token: str) -> AccessToken | None:
        """The access token if it is known and has not expired."""
        found = self.access_tokens.get(token)
        return found if found is not None and found.expires > self._clock.now() else None
