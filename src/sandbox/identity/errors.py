"""Refusals of the identity platform: OAuth errors with AADSTS numbers.

Numbers and their meaning: Microsoft's page "reference-error-codes" of the identity platform, as of August 2026.
"""

import uuid
from datetime import datetime
from typing import Any

from sandbox.answers import Answer


class OAuthError(Exception):
    """An error of the token endpoint, or one to be sent back with the redirect."""

    def __init__(
        self, error: str, number: int, text: str, *, suberror: str | None = None, status: int = 400
    ) -> None:
        super().__init__(error)
        self.error = error
        self.number = number
        self.text = text
        self.suberror = suberror
        self.status = status

    @property
    def description(self) -> str:
        """The first line of `error_description`."""
        return f"AADSTS{self.number}: {self.text}"


class SignInRefused(Exception):
    """A sign-in request that can't be sent back, because its redirect URI can't be trusted; shown as a page."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"AADSTS{number}")
        self.description = f"AADSTS{number}: {text}"


def token_refusal(error: OAuthError, now: datetime, correlation_id: str | None) -> Answer:
    """The error as the token endpoint words it."""
    trace, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
    stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
    body: dict[str, Any] = {
        "error": error.error,
        "error_description": f"{error.description} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [error.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={error.number}",
    }
    if error.suberror is not None:
        body["suberror"] = error.suberror
    return Answer(status=error.status, body=body, headers={"Cache-Control": "no-store"})
