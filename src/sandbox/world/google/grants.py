"""What Google remembers of its people's consents: codes, tokens, and how each of them ends."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.world.google.settings import GoogleSettings
from sandbox.world.model import Person
from sandbox.world.people import People

CODE_LIFETIME = timedelta(minutes=10)
IDLE_LIFETIME = timedelta(days=182)
TESTING_LIFETIME = timedelta(days=7)


@dataclass(slots=True, kw_only=True, eq=False)
class Consent:
    """What one person has granted to the app, over all their sign-ins. Every token of it ends with it."""

    person: Person
    scopes: frozenset[str] = frozenset()
    ends: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Code:
    """An authorization code: single use, ten minutes, bound to its redirect URI and PKCE challenge."""

    consent: Consent
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    challenge: str | None
    challenge_method: str
    offline: bool
    expires: datetime
    redeemed: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class RefreshToken:
    """A refresh token: the same at every use, until its consent ends or it has gone unused for too long.

    `ends` is when it dies however much it is used, None for never.
    """

    consent: Consent
    scopes: frozenset[str]
    used: datetime
    ends: datetime | None = None
    dropped: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class AccessToken:
    """An opaque access token and what it allows."""

    consent: Consent
    scopes: frozenset[str]
    expires: datetime

    @property
    def person(self) -> Person:
        """Whose it is."""
        return self.consent.person


class GoogleGrants:
    """Issues and ends consents and tokens. Scopes are spelled as URIs but for `openid`, `email` and `profile`."""

    def __init__(self, people: People, clock: Clock, settings: GoogleSettings) -> None:
        self._people = people
        self._clock = clock
        self._settings = settings
        self._consents: dict[str, Consent] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}

    def consented(self, who: str | Person) -> frozenset[str]:
        """What a person has granted to the app so far."""
        consent = self._consents.get(self._people.get(who).key)
        return consent.scopes if consent else frozenset()

    def consent(self, who: str | Person, granted: frozenset[str]) -> Consent:
        """Record what a person has granted now, beside what they granted before."""
        person = self._people.get(who)
        consent = self._consents.setdefault(person.key, Consent(person=person))
        consent.scopes |= granted
        return consent

    def end_consent(self, who: str | Person) -> None:
        """Take the app off the person's list: every token ends, after the delay of the settings."""
        consent = self._consents.pop(self._people.get(who).key, None)
        if consent is not None:
            consent.ends = self._clock.now() + timedelta(seconds=self._settings.revocation_delay_seconds)

    def revoke(self, token: str) -> bool:
        """End the whole consent that an access or refresh token belongs to; False for a dead or unknown token."""
        found = self.find_refresh_token(token) or self.find_access_token(token)
        if found is None:
            return False
        # A token that is still honoured for the delay may belong to a consent that a new sign-in has replaced.
        if self._consents.get(found.consent.person.key) is found.consent:
            self.end_consent(found.consent.person)
        return True

    def expire_access_tokens(self, who: str | Person | None = None) -> None:
        """Make the access tokens of one person, or of everybody, unusable at once."""
        person = None if who is None else self._people.get(who)
        for key, token in list(self.access_tokens.items()):
            if person is None or token.person is person:
                del self.access_tokens[key]

    def issue_code(self, **details: object) -> str:
        """A new authorization code; `details` are the fields of `Code` but its expiry."""
        code = f"4/0A{secrets.token_urlsafe(48)}"
        self.codes[code] = Code(**details, expires=self._clock.now() + CODE_LIFETIME)  # type: ignore[arg-type]
        return code

    def issue_refresh_token(self, consent: Consent, scopes: frozenset[str]) -> tuple[str, int | None]:
        """A new refresh token, and in how many seconds it ends if the person's access is for a time."""
        now, account = self._clock.now(), consent.person.google_account
        ends = now + TESTING_LIFETIME if self._settings.in_testing else None
        seconds = account.access_ends_in_seconds
        if seconds is not None:
            ends = min(ends or datetime.max.replace(tzinfo=now.tzinfo), now + timedelta(seconds=seconds))
        self._make_room(consent.person)
        token = f"1//0{secrets.token_urlsafe(64)}"
        self.refresh_tokens[token] = RefreshToken(consent=consent, scopes=scopes, used=now, ends=ends)
        return token, seconds

    def issue_access_token(self, consent: Consent, scopes: frozenset[str]) -> str:
        """A new opaque access token."""
        token = f"ya29.a0{secrets.token_urlsafe(64)}"
        expires = self._clock.now() + timedelta(seconds=self._settings.access_token_seconds)
        self.access_tokens[token] = AccessToken(consent=consent, scopes=scopes, expires=expires)
        return token

    def find_refresh_token(self, token: str) -> RefreshToken | None:
        """The refresh token while it lives."""
        found, now = self.refresh_tokens.get(token), self._clock.now()
        if found is None or found.dropped or now - found.used >= IDLE_LIFETIME:
            return None
        return found if self._stands(found.consent) and (found.ends is None or now < found.ends) else None

    def find_access_token(self, token: str) -> AccessToken | None:
        """The access token while it lives."""
        found = self.access_tokens.get(token)
        lives = found is not None and found.expires > self._clock.now() and self._stands(found.consent)
        return found if lives else None

    def _stands(self, consent: Consent) -> bool:
        return consent.ends is None or self._clock.now() < consent.ends

    def _make_room(self, person: Person) -> None:
        """One more than the limit ends the oldest, and nobody is told."""
        living = [
            found
            for token, found in self.refresh_tokens.items()
            if found.consent.person is person and self.find_refresh_token(token)
        ]
        for oldest in living[: len(living) + 1 - self._settings.refresh_token_limit]:
            oldest.dropped = True
