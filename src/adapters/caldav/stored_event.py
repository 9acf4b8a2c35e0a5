"""The file of an event as a GET brings it: its text, and the version that it is of."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from adapters.web.metered_http import Answer
from domain.access import InvalidAnswer

AS_STORED: Final = {"Accept": "text/calendar", "Accept-Encoding": "identity"}
"""What to ask for: whoever compresses an answer on the way may give it a version by which nothing can be changed."""
_LONGEST_ETAG: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    etag: str = field(repr=False)
    text: bytes = field(repr=False)


def stored_event(answer: Answer) -> StoredEvent:
    """Raises InvalidAnswer for anything but a calendar with a version: a change without one could bring a deleted event
    back."""
    kind, etag = answer.headers.get("Content-Type", ""), answer.headers.get("ETag", "").strip()
    if answer.status != HTTPStatus.OK or not kind.casefold().startswith("text/calendar"):
        raise InvalidAnswer(what=f"status {answer.status}")
    strong = etag.removeprefix("W/")  # weakened on the way: by that form nothing can be changed
    if not strong.isprintable() or not 0 < len(strong) <= _LONGEST_ETAG:
        raise InvalidAnswer(what="an event without a version")
    return StoredEvent(etag=strong, text=answer.body)
