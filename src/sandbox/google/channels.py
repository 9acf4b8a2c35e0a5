"""Watching a calendar's events, and stopping that."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from sandbox.answers import Answer
from sandbox.google.call import Call
from sandbox.google.errors import GoogleError, invalid, required
from sandbox.google.events import sight_of
from sandbox.world.google.channels import Channel

_ID: Final = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
_LONGEST_TOKEN: Final = 256
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


async def watch_events(call: Call) -> Answer:
    """events.watch. The first message may arrive before the answer does."""
    listed, body, settings = call.listed(), call.body, call.settings
    sight_of(call, listed)
    _require_good(call)
    if settings.watch_refusal != "nothing":
        raise _refused(settings.watch_refusal, settings.watch_refusal_status)
    if not listed.calendar.google.watchable:
        raise _refused("pushNotSupportedForRequestedResource", settings.watch_refusal_status)
    calendar = quote(listed.id, safe="")
    channel = call.world.google.channels.open(
        id=body["id"],
        person=call.person,
        folder=listed.calendar.folder,
        resource_uri=f"https://www.googleapis.com/calendar/v3/calendars/{calendar}/events?alt=json",
        address=body["address"],
        token=body.get("token"),
        expires=_expires(call),
    )
    ring = call.world.google.channels.ring(channel, "sync")
    if settings.sync_before_answer:
        await call.delivery.ring_once(ring)
    else:
        call.delivery.ring(ring)
    return Answer(body=_printed(call, channel))


def stop_channel(call: Call) -> Answer:
    """channels.stop: both ids are needed."""
    for name in ("id", "resourceId"):
        if not call.body.get(name):
            raise required(name)
    if not call.world.google.channels.stop(call.person, call.body["id"], call.body["resourceId"]):
        raise GoogleError(404, "notFound", "Channel not found for project.")
    return Answer(status=204)


def _require_good(call: Call) -> None:
    body = call.body
    for name in ("id", "type", "address"):
        if not body.get(name):
            raise required(name)
    if _ID.fullmatch(body["id"]) is None:
        raise invalid("id")
    if call.world.google.channels.is_used(body["id"]):
        raise GoogleError(400, "channelIdNotUnique", "Channel id not unique", domain="push")
    if body["type"] not in ("web_hook", "webhook"):
        raise GoogleError(400, "channelUnknown", "Unknown channel type", domain="push")
    if len(body.get("token", "")) > _LONGEST_TOKEN:
        raise invalid("token")
    target = urlsplit(body["address"])
    if target.scheme != "https" and target.hostname not in _LOOPBACK:
        raise _refused("push.webhookUrlNotHttps", 400)


def _expires(call: Call) -> datetime:
    """What was asked for, if it isn't too long or the settings don't grant less."""
    settings, now, body = call.settings, call.world.clock.now(), call.body
    seconds = settings.longest_channel_seconds
    ttl = body.get("params", {}).get("ttl")
    if ttl is not None:
        if not ttl.isdigit():
            raise invalid("params.ttl")
        seconds = min(seconds, int(ttl))
    if settings.granted_channel_seconds is not None:
        seconds = min(seconds, settings.granted_channel_seconds)
    ends = now + timedelta(seconds=seconds)
    if "expiration" in body:
        ends = min(ends, datetime.fromtimestamp(int(body["expiration"]) / 1000, UTC))
    if ends <= now:
        raise invalid("expiration")
    return ends.replace(microsecond=0)


def _printed(call: Call, channel: Channel) -> dict[str, Any]:
    expiration = int(channel.expires.timestamp() * 1000)
    return {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        **({"token": channel.token} if channel.token else {}),
        "expiration": str(expiration) if call.settings.expiration_form == "string" else expiration,
    }


def _refused(reason: str, status: int) -> GoogleError:
    return GoogleError(status, reason, "The channel can't be opened.", domain="push")
