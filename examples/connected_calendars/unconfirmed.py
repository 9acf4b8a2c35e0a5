"""A sign-in that came back, and could not be confirmed yet: nobody was logged in, the plan was full, or the service was
away. Its token stays good for ten minutes, and is kept in the browser that brought it."""

from typing import Final, NamedTuple

from aiohttp import web

from calendarsync.v1.account_pb2 import Provider
from connected_calendars.cookies import drop, keep, kept

COOKIE: Final = "unconfirmed"
LASTS_SECONDS: Final = 600
LONGEST_TOKEN: Final = 512


class Unconfirmed(NamedTuple):
    """`token` is a secret: it is in no page."""

    provider: Provider.ValueType
    token: str


def keep_sign_in(request: web.Request, sign_in: Unconfirmed) -> None:
    keep(request, COOKIE, sign_in, lasts_seconds=LASTS_SECONDS)


def waiting_sign_in(request: web.Request) -> Unconfirmed | None:
    found = kept(request, COOKIE, lasts_seconds=LASTS_SECONDS)
    return Unconfirmed(*found) if found else None


def drop_sign_in(request: web.Request) -> None:
    drop(request, COOKIE)
