"""Reading MSAL's serialized token cache of one account, with our own idea of what time it is.

MSAL's own look-up misses a token whose scopes were granted in another spelling than asked for, and would then go to the
network on every call.
"""

from datetime import UTC, datetime
from typing import Any

import msal

from adapters.graph.settings import PERSONAL_TENANT
from adapters.web.access_tokens import AccessToken


def is_personal(token: AccessToken) -> bool:
    """Whether it is for a personal account: their mailboxes' names end in the one tenant of them all."""
    return token.mailbox.endswith(PERSONAL_TENANT)


def cached_access_token(serialized: bytes) -> AccessToken | None:
    """The access token that lasts longest, expired or not; None where the cache holds none."""
    cache = msal.SerializableTokenCache()
    cache.deserialize(serialized.decode())
    kind = msal.TokenCache.CredentialType
    tokens: list[dict[str, Any]] = list(cache.search(kind.ACCESS_TOKEN))
    if not tokens:
        return None
    newest = max(tokens, key=lambda entry: int(entry["expires_on"]))
    usernames = [
        str(account.get("username") or "")
        for account in cache.search(kind.ACCOUNT, query={"home_account_id": newest.get("home_account_id")})
    ]
    value = str(newest["secret"])
    return AccessToken(
        value=value,
        mailbox=str(newest.get("home_account_id") or value),
        username=usernames[0] if usernames else "",
        scopes=tuple(str(newest.get("target") or "").split()),
        expires_at=datetime.fromtimestamp(int(newest["expires_on"]), UTC),
    )
