"""The paths of the HTTP side, and the links that lead to them from outside."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from domain.account import Provider

ALIVE_PATH: Final = "/healthz"
READY_PATH: Final = "/readyz"
METRICS_PATH: Final = "/metrics"
HEALTH_PATHS: Final = frozenset({ALIVE_PATH, READY_PATH})
RESULT_PATH: Final = "/oauth/result/"
RECONNECT_PATH: Final = "/reconnect/"
NOTIFICATIONS_ROOT: Final = "/notifications/"
ROBOTS_PATH: Final = "/robots.txt"


def callback_path(provider: Provider) -> str:
    """Where sign-ins at this provider come back to: each has its own path, and what comes there is from no other."""
    return f"/oauth/{provider.value.lower()}/callback"


def sign_in_path(provider: Provider) -> str:
    """Our own page for a provider that has no sign-in pages for us."""
    return f"/sign-in/{provider.value.lower()}"


def notifications_path(provider: Provider) -> str:
    """Where this provider reports changes."""
    return NOTIFICATIONS_ROOT + provider.value.lower()


LIFECYCLE_PATH: Final = notifications_path(Provider.MICROSOFT) + "/lifecycle"
"""Where Microsoft reports what happens to subscriptions."""


@dataclass(frozen=True, slots=True)
class CallbackUrls:
    """Gives the redirect URI of a provider's sign-ins that the service finishes itself."""

    public_url: str

    def __call__(self, provider: Provider) -> str:
        return self.public_url + callback_path(provider)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Gives the address of our own page for a provider's sign-in, by its state."""

    public_url: str
    provider: Provider

    def __call__(self, state: str) -> str:
        return f"{self.public_url}{sign_in_path(self.provider)}?{urlencode({'state': state})}"


def notification_url(public_url: str, provider: Provider) -> str:
    return public_url + notifications_path(provider)


def lifecycle_url(public_url: str) -> str:
    return public_url + LIFECYCLE_PATH


@dataclass(frozen=True, slots=True)
class ReconnectLinks:
    """Makes the link of an "Action required" mail from an incident's token."""

    public_url: str

    def __call__(self, token: str) -> str:
        return self.public_url + RECONNECT_PATH + quote(token, safe="")
