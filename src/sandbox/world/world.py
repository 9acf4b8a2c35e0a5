"""The sandbox's whole mutable state in one place; what the control API drives and tests may touch."""

from collections.abc import Callable

from sandbox.clock import Clock
from sandbox.world.app import App
from sandbox.world.calendars import Calendars
from sandbox.world.events import Change, Events
from sandbox.world.faults import Faults
from sandbox.world.google.channels import Ring
from sandbox.world.google.google import Google
from sandbox.world.grants import Grants
from sandbox.world.icloud.icloud import ICloud
from sandbox.world.icloud.personas import populate_icloud
from sandbox.world.model import Event, Folder
from sandbox.world.people import People
from sandbox.world.personas import populate
from sandbox.world.settings import Settings
from sandbox.world.signing_keys import SigningKeys
from sandbox.world.subscriptions import Notice, Subscriptions
from sandbox.world.traffic import Traffic


class World:
    """People, calendars, events, subscriptions, grants, faults, records and settings, each with its methods.

    `send` gets the notifications for subscribers, `send_ring` those of Google's; both outlive a reset.
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
    google: Google
    icloud: ICloud

    def __init__(self, app: App, google_app: App) -> None:
        self.send: Callable[[Notice], None] | None = None
        self.send_ring: Callable[[Ring], None] | None = None
        self._first_app = app.as_new()
        self._first_google_app = google_app.as_new()
        self.reset()

    def reset(self) -> None:
        """Back to the starting personas: tokens, consents, faults, records, settings and clock as new."""
        self.app = self._first_app.as_new()
        self.clock = Clock()
        self.people = People()
        self.calendars = Calendars(self.people)
        self.settings = Settings()
        self.events = Events(self.people, self.calendars, self.clock)
        self.subscriptions = Subscriptions(self.people, self.events, self.clock, self.settings, self._pass_on)
        self.events.watch = self._event_changed
        self.grants = Grants(self.people, self.clock)
        self.signing_keys = SigningKeys()
        self.faults = Faults()
        self.traffic = Traffic()
        self.google = Google(self._first_google_app.as_new(), self.people, self.clock, self._pass_ring)
        self.icloud = ICloud(self.people, self.clock)
        populate(self.people, self.calendars, self.events, self.clock)
        populate_icloud(self.people, self.calendars, self.events, self.icloud.passwords, self.clock)

    def _event_changed(self, change: Change, folder: Folder, event: Event) -> None:
        folder.changes += 1
        self.subscriptions.event_changed(change, folder, event)
        self.google.channels.event_changed(change, folder, event)

    def _pass_ring(self, ring: Ring) -> None:
        if self.send_ring is not None:
            self.send_ring(ring)

    def _pass_on(self, notice: Notice) -> None:
        if self.send is not None:
            self.send(notice)
