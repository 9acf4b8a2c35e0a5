"""Google's channels: who is notified that a calendar has changed, and never of what."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.world.events import Change
from sandbox.world.google.settings import GoogleSettings
from sandbox.world.model import Event, Folder, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One notification for one address: headers without a body."""

    url: str
    person: str
    state: str
    headers: dict[str, str]


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """One channel on one calendar's events. `number` is that of its last message."""

    id: str
    person: Person
    folder: Folder = field(repr=False)
    resource_uri: str
    address: str
    token: str | None = field(repr=False)
    expires: datetime
    number: int = 0

    @property
    def resource_id(self) -> str:
        """What Google calls that which is watched, whatever the channel."""
        watched = f"{self.person.key}/{self.folder.address}"
        return hashlib.sha256(watched.encode()).hexdigest()[:27]


class Channels:
    """The open channels; each ends by the sandbox's clock. `send` gets every notification that is to leave."""

    def __init__(self, clock: Clock, settings: GoogleSettings, send: Callable[[Ring], None]) -> None:
        self._clock = clock
        self._settings = settings
        self._send = send
        self._channels: dict[str, Channel] = {}
        self._used: set[str] = set()

    def all(self) -> list[Channel]:
        """Those that have not ended, the oldest first."""
        now = self._clock.now()
        return [channel for channel in self._channels.values() if channel.expires > now]

    def is_used(self, channel_id: str) -> bool:
        """Whether there is, or ever was, a channel of this id."""
        return channel_id in self._used

    def open(self, **details: Any) -> Channel:
        """A new channel; `details` are the fields of `Channel`."""
        channel = Channel(**details)
        self._channels[channel.id] = channel
        self._used.add(channel.id)
        return channel

    def stop(self, person: Person, channel_id: str, resource_id: str) -> bool:
        """End a channel of this person; False where both ids don't name one."""
        found = self._channels.get(channel_id)
        if found not in self.all() or found is None:
            return False
        if found.person is not person or found.resource_id != resource_id:
            return False
        del self._channels[channel_id]
        return True

    def event_changed(self, change: Change, folder: Folder, event: Event) -> None:
        """Tell every channel on this calendar that there was a change."""
        for channel in self.all():
            if channel.folder is folder and self._is_told():
                self._send(self.ring(channel, self._settings.push_state))

    def ring(self, channel: Channel, state: str) -> Ring:
        """The next message of a channel."""
        settings = self._settings
        # `sync` is number 1; what comes after it rises, with gaps where the settings say so.
        channel.number += 1 if channel.number == 0 else settings.push_number_step
        token = channel.token if settings.push_token is None else settings.push_token
        headers = {
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires, usegmt=True),
            "X-Goog-Message-Number": str(channel.number),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": channel.resource_uri,
        }
        headers |= {"X-Goog-Channel-Token": token} if token else {}
        return Ring(url=channel.address, person=channel.person.key, state=state, headers=headers)

    def _is_told(self) -> bool:
        settings = self._settings
        if settings.pushes == "silent":
            return False
        if settings.lost_pushes > 0:
            settings.lost_pushes -= 1
            return False
        return True
