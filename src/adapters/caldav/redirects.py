"""Redirects, followed by hand: the password goes with them, so where they lead is looked at first."""

from http import HTTPStatus
from typing import Final

from yarl import URL

from adapters.caldav.settings import AppleSettings
from adapters.web.metered_http import Answer
from domain.access import InvalidAnswer

MOST_REDIRECTS: Final = 2

_KEEPING_THE_METHOD: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
"""A 303 asks for a GET, and there is nothing here that one could bring."""


def is_redirect(status: int) -> bool:
    return 300 <= status < 400


def target_of(answer: Answer, asked: URL, settings: AppleSettings) -> URL:
    """Where the same request is sent next. Raises InvalidAnswer where our password has no business."""
    location = answer.headers.get("Location", "")
    if answer.status not in _KEEPING_THE_METHOD or not location:
        raise InvalidAnswer(what=f"status {answer.status}")
    try:
        target = asked.join(URL(location, encoded=True))
    except ValueError:
        raise InvalidAnswer(what="a redirect to no URL") from None
    if not settings.trusts(target):
        raise InvalidAnswer(what="a redirect to a foreign host")
    return target
