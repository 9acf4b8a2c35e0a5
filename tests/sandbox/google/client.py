"""Signing in at the sandbox's Google as an app would."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

from sandbox import Sandbox
from sandbox.google.scopes import PREFIX
from sandbox.google.shortcut import authorize_as
from tests.sandbox.client import CALLBACK, VERIFIER, Http, Reply, parameters_of

LIST = f"{PREFIX}calendar.calendarlist.readonly"
AVAILABILITY = f"{PREFIX}calendar.events.freebusy"
OWNED = f"{PREFIX}calendar.events.owned"
SCOPES = f"openid email {LIST} {AVAILABILITY} {OWNED}"
URIS = {"openid", f"{PREFIX}userinfo.email", LIST, AVAILABILITY, OWNED}


def authorization_url(sandbox: Sandbox, **changes: str | None) -> str:
    """An authorization URL as an app would build it; a change to None leaves a parameter out."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    parameters: dict[str, str | None] = {
        "client_id": sandbox.google_client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": "the-state",
        "nonce": "the-nonce",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    kept = {name: value for name, value in (parameters | changes).items() if value is not None}
    return f"{sandbox.google_authorization_url}?{urlencode(kept)}"


async def exchange(http: Http, sandbox: Sandbox, code: str, /, **changes: str) -> Reply:
    """A code for tokens."""
    form = {
        "client_id": sandbox.google_client_id,
        "client_secret": sandbox.google_client_secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return await http.request("POST", sandbox.google_token_url, data=form | changes)


async def refresh(http: Http, sandbox: Sandbox, token: str, **changes: str) -> Reply:
    """A new access token for a refresh token."""
    form = {
        "client_id": sandbox.google_client_id,
        "client_secret": sandbox.google_client_secret,
        "grant_type": "refresh_token",
        "refresh_token": token,
    }
    return await http.request("POST", sandbox.google_token_url, data=form | changes)


async def revoke(http: Http, sandbox: Sandbox, token: str) -> Reply:
    """Give a grant back."""
    return await http.request("POST", sandbox.google_revocation_url, data={"token": token})


async def tokens(sandbox: Sandbox, http: Http, person: str = "gina", **changes: str | None) -> dict[str, Any]:
    """The token answer to a sign-in with every box ticked."""
    redirect = authorize_as(sandbox.world, authorization_url(sandbox, **changes), person)
    reply = await exchange(http, sandbox, parameters_of(redirect.url)["code"])
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = reply.json
    return answer


async def who(http: Http, sandbox: Sandbox, token: str) -> Reply:
    """Whose access token it is."""
    return await http.request(
        "GET", sandbox.google_userinfo_url, headers={"Authorization": f"Bearer {token}"}
    )
