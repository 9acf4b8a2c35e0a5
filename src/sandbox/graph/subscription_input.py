"""Reads what clients want to subscribe to, refusing what Graph refuses."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

from sandbox.graph.call import Call
from sandbox.graph.errors import invalid_subscription, lifetime_too_long, malformed_id, not_found
from sandbox.world.events import Change
from sandbox.world.ids import is_well_formed
from sandbox.world.model import Calendar

_RESOURCE = re.compile(r"/?me/(?:calendars/(?P<calendar>[^/?]+)/)?events", re.IGNORECASE)
_SHORTEST = timedelta(minutes=45)
_LONGEST_CLIENT_STATE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a subscription is to be; `calendar` None for all of `/me/events`."""

    resource: str
    calendar: Calendar | None
    changes: frozenset[Change]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None = field(repr=False)
    expires: datetime


def read_wanted(call: Call) -> Wanted:
    """The subscription a body describes; raises Graph's errors."""
    resource = _text(call, "resource")
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        raise invalid_subscription("The resource is not one that the sandbox can subscribe to.")
    lifecycle_url = _optional(call, "lifecycleNotificationUrl")
    state = _optional(call, "clientState")
    if state is not None and len(state) > _LONGEST_CLIENT_STATE:
        raise invalid_subscription(f"clientState must not exceed {_LONGEST_CLIENT_STATE} characters.")
    return Wanted(
        resource=resource,
        calendar=None if match["calendar"] is None else _calendar(call, unquote(match["calendar"])),
        changes=_changes(_text(call, "changeType")),
        notification_url=_address(_text(call, "notificationUrl")),
        lifecycle_url=None if lifecycle_url is None else _address(lifecycle_url),
        client_state=state,
        expires=granted_expiry(call),
    )


def granted_expiry(call: Call) -> datetime:
    """When what the body asks for will end: neither too soon nor later than the settings grant."""
    text, settings, now = _text(call, "expirationDateTime"), call.world.settings, call.world.clock.now()
    try:
        wanted = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_subscription("The expirationDateTime can't be read.") from None
    wanted = wanted.astimezone(UTC) if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    if wanted <= now:
        raise invalid_subscription("The expirationDateTime must be in the future.")
    if wanted - now > timedelta(minutes=settings.longest_subscription_minutes):
        raise lifetime_too_long(settings.longest_subscription_minutes)
    wanted = max(wanted, now + _SHORTEST)
    if settings.granted_subscription_minutes is not None:
        wanted = min(wanted, now + timedelta(minutes=settings.granted_subscription_minutes))
    return wanted


def _calendar(call: Call, calendar_id: str) -> Calendar:
    if not is_well_formed(calendar_id):
        raise malformed_id()
    for calendar in call.world.calendars.of(call.person):
        if calendar.id == calendar_id:
            return calendar
    raise not_found()


def _changes(text: str) -> frozenset[Change]:
    asked = {name.strip() for name in text.split(",")}
    known: frozenset[Change] = frozenset(kind for kind in get_args(Change) if kind in asked)
    if asked - known:
        raise invalid_subscription("The changeType is made of created, updated and deleted.")
    return known


def _address(url: str) -> str:
    """Microsoft wants https; on one machine, where nobody has certificates, http will do."""
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        return url
    raise invalid_subscription("Notification endpoints must be https addresses.")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _text(call: Call, name: str) -> str:
    value = _optional(call, name)
    if not value:
        raise invalid_subscription(f"{name} is a required property for subscription creation.")
    return value


def _optional(call: Call, name: str) -> str | None:
    body: Any = call.body
    if not isinstance(body, dict) or not isinstance(body.get(name), str | None):
        raise invalid_subscription("Unable to read JSON request payload.")
    value: str | None = body.get(name)
    return value
