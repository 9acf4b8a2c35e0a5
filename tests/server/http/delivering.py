"""Notifications as providers deliver them, of a calendar that is subscribed to."""

from typing import Any

from adapters.google.channels import ChannelIds
from domain.account import Provider
from domain.ids import AccountId, CalendarId
from server.http.links import notifications_path
from tests.server.http.browser import Answer, Browser
from tests.support.paths import NOTIFICATIONS_PATH

CALENDAR = CalendarId("calendar-1")


async def subscribe(browser: Browser, provider: Provider = Provider.MICROSOFT) -> None:
    """An account whose primary calendar is subscribed to; nobody was woken since."""
    world = browser.world
    await browser.connect(world.fakes[provider].add_person())
    await world.container.keep_subscription()(CALENDAR)
    await world.container.reads().join(CALENDAR, not_before=world.clock.now())
    world.store.take_woken()
    assert len(world.pushes[provider].kept) == 1
    assert AccountId("account-1") in world.store.tables.accounts


def item_of(browser: Browser, **changes: Any) -> dict[str, Any]:
    """One notification as Graph sends it."""
    (subscription,) = browser.world.push.kept.values()
    item = {
        "subscriptionId": subscription.remote_id,
        "clientState": subscription.secret,
        "subscriptionExpirationDateTime": "2026-12-01T00:00:00.0000000Z",
        "changeType": "updated",
        "resource": "Users/someone/Events/event-7",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "event-7"},
        "tenantId": "tenant-1",
    }
    return item | changes


async def deliver(
    browser: Browser, *items: dict[str, Any], path: str = NOTIFICATIONS_PATH, **how: Any
) -> Answer:
    return await browser.get(path, "POST", json={"value": items}, **how)


def headers_of(browser: Browser, **changes: str | None) -> dict[str, str]:
    """One notification as Google sends it; `changes` name headers without their prefix, None leaves one out."""
    (subscription,) = browser.world.pushes[Provider.GOOGLE].kept.values()
    ids = ChannelIds.parse(subscription.remote_id)
    assert ids is not None
    told: dict[str, str | None] = {
        "Channel-ID": ids.channel_id,
        "Channel-Token": subscription.secret,
        "Channel-Expiration": "Mon, 07 Dec 2026 00:00:00 GMT",
        "Resource-ID": ids.resource_id,
        "Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/maria%40gmail.example/events?alt=json",
        "Resource-State": "exists",
        "Message-Number": "2",
    }
    told |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {f"X-Goog-{name}": value for name, value in told.items() if value is not None}


async def ring(browser: Browser, headers: dict[str, str], **how: Any) -> Answer:
    return await browser.get(notifications_path(Provider.GOOGLE), "POST", headers=headers, **how)
