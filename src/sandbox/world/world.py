"""The sandbox's whole mutable state in one place; what the control API drives and tests may touch."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.world.calendars import Calendars
from sandbox.world.events import Events
from sandbox.world.faults import Faults
from sandbox.world.grants import Grants
from sandbox.world.people import People
from sandbox.world.personas import populate
from sandbox.world.settings import Settings
from sandbox.world.signing_keys import SigningKeys
from sandbox.world.subscriptions import Notice, Subscriptions
from sandbox.world.traffic import Traffic


@dataclass(slots=True, kw_only=True)
class App:
    """The one registered application. An empty `redirect_prefixes` allows https and any loopback address.

    `other_secrets` are accepted beside the client secret, as at Microsoft, where an app may have several.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_prefixes: tuple[str, ...] = ()
    other_secrets: list[str] = field(default_factory=list, repr=False)
    certificates: list[bytes] = field(default_factory=list, repr=False)

    def rotate_secret(self, secret: str | None = None) -> str:
        """Replace the client secret, so that the old one is refused; returns the new one."""
        self.client_secret = secret or secrets.token_urlsafe(24)
        return self.client_secret

    def add_secret(self, secret: str | None = None) -> str:
        """Accept one more client secret; returns it."""
        self.other_secrets.append(secret or secrets.token_urlsafe(24))
        return self.other_secrets[-1]

    def drop_secret(self, secret: str) -> None:
        """Refuse this secret from now on, as if it had expired. Raises ValueError where it is none, or the last one."""
        if secret != self.client_secret:
            self.other_secrets.remove(secret)
        elif self.other_secrets:
            self.client_secret = self.other_secrets.pop(0)
        else:
            raise ValueError("it is the only client secret: rotate it instead")

    def accepts(self, secret: str) -> bool:
        valid = (self.client_secret, *self.other_secrets)
        return any(hmac.compare_digest(secret.encode(), one.encode()) for one in valid)


class World:
    """People, calendars, events, subscriptions, grants, faults, records and settings, each with its methods.

    `send` gets the notifications for subscribers; it outlives a reset.
    """

    app: App
    clock: Clock
    people: People
    calendars: Calendars
    events: Events
    subscriptions: Subscriptions
    grants: Grants
    signing_keys: SigningKeys
    faults: Faults
    traffic: Traffic
    settings: Settings

    def __init__(self, app: App) -> None:
        self.send: Callable[[Notice], None] | None = None
        self._first_app = (app.client_id, app.client_secret, app.redirect_prefixes)
        self.reset()

    def reset(self) -> None:
        """Back to the starting personas: tokens, consents, faults, records, settings and clock as new."""
        client_id, client_secret, prefixes = self._first_app
        self.app = App(client_id=client_id, client_secret=client_secret, redirect_prefixes=prefixes)
        self.clock = Clock()
        self.people = People()
        self.calendars = Calendars(self.people)
        self.settings = Settings()
        self.events = Events(self.people, self.calendars, self.clock)
        self.subscriptions = Subscriptions(self.people, self.events, self.clock, self.settings, self._pass_on)
        self.events.watch = self.subscriptions.event_changed
        self.grants = Grants(self.people, self.clock)
        self.signing_keys = SigningKeys()
        self.faults = Faults()
        self.traffic = Traffic()
        populate(self.people, self.calendars, self.events, self.clock)

    def _pass_on(self, notice: Notice) -> None:
        if self.send is not None:
            self.send(notice)
