"""The paths of the HTTP side, and the links that lead to them from outside."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

CALLBACK_PATH: Final = "/oauth/microsoft/callback"
RECONNECT_PATH: Final = "/reconnect/"


def callback_url(public_url: str) -> str:
    """The redirect URI of the sign-ins that the service finishes itself."""
    return public_url + CALLBACK_PATH


@dataclass(frozen=True, slots=True)
class ReconnectLinks:
    """Makes the link of an "Action required" mail from an incident's token."""

    public_url: str

    def __call__(self, token: str) -> str:
        return self.public_url + RECONNECT_PATH + quote(token, safe="")
