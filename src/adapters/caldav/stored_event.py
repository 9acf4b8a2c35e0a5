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
    """Raises InvalidAnswer for anything but a calendar with a version."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status != HTTPStatus.OK or not kind.casefold().startswith("text/calendar"):
        raise InvalidAnswer(what=f"status {answer.status}")
    return StoredEvent(etag=version_from(answer.headers.get("ETag")), text=answer.body)


def version_from(etag: str | None) -> str:
    """What a change can be bound to. Raises InvalidAnswer where there is none: without, it could bring a deleted event
    back."""
    strong = (
        (etag or "").strip().removeprefix("W/")
    )  # weakened on the way: by that form nothing can be changed
    if not strong.isprintable() or not 0 < len(strong) <= _LONGEST_ETAG:
        raise InvalidAnswer(what="an event without a version")
    return strong
