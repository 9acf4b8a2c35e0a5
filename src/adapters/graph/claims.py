"""Claims challenges: how Graph says which proof a token lacks (Microsoft's "Claims challenges, claims requests")."""

import base64
import json
import re
from collections.abc import Iterable

_CHALLENGE = re.compile(r'claims="([A-Za-z0-9+/=_-]+)"')


def claims_in(challenges: Iterable[str]) -> str | None:
    """The claims of the `insufficient_claims` challenge among some WWW-Authenticate headers.

    They are the JSON text MSAL takes. None where there is none, or none that can be read.
    """
    for challenge in challenges:
        if "insufficient_claims" not in challenge:
            continue
        if (match := _CHALLENGE.search(challenge)) and (claims := _decoded(match.group(1))):
            return claims
    return None


def _decoded(encoded: str) -> str | None:
    standard = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
        return text if isinstance(json.loads(text), dict) else None
    except (ValueError, RecursionError):
        return None
