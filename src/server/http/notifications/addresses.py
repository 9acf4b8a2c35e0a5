"""At which addresses providers report, and who answers there."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from domain.account import Provider
from server.http.links import LIFECYCLE_PATH, notifications_path
from server.http.notifications.google import GoogleNotifications
from server.http.notifications.intake import Intake
from server.http.notifications.microsoft import MicrosoftNotifications

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    intake: Intake

    def of(self, provider: Provider) -> Mapping[str, Handler]:
        """By path; none of a provider that sends no notifications."""
        path = notifications_path(provider)
        match provider:
            case Provider.MICROSOFT:
                microsoft = MicrosoftNotifications(intake=self.intake)
                # It may send either kind to either address.
                return {path: microsoft.post, LIFECYCLE_PATH: microsoft.post}
            case Provider.GOOGLE:
                return {path: GoogleNotifications(intake=self.intake).post}
            case _:
                return {}
