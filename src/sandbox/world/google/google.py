"""The state of the sandbox's Google in one place."""

from collections.abc import Callable

from sandbox.clock import Clock
from sandbox.world.app import App
from sandbox.world.google.channels import Channels, Ring
from sandbox.world.google.grants import GoogleGrants
from sandbox.world.google.settings import GoogleSettings
from sandbox.world.google.usage import Usage
from sandbox.world.people import People
from sandbox.world.signing_keys import SigningKeys

_FIRST_KEY = 1000
"""Far from Microsoft's, so that no two providers ever sign with one key."""
_PUBLISHED_KEYS = 2


class Google:
    """The app as registered at Google, its settings, grants, channels, usage and signing keys."""

    def __init__(self, app: App, people: People, clock: Clock, send: Callable[[Ring], None]) -> None:
        self.app = app
        self.settings = GoogleSettings()
        self.grants = GoogleGrants(people, clock, self.settings)
        self.channels = Channels(clock, self.settings, send)
        self.usage = Usage(clock, self.settings)
        self.signing_keys = SigningKeys(first=_FIRST_KEY, published=_PUBLISHED_KEYS)
