"""Notifications as Graph delivers them, of a calendar that is subscribed to."""

from typing import Any

from domain.ids import AccountId, CalendarId
from server.http.links import NOTIFICATIONS_PATH
from tests.server.http.browser import Answer, Browser

CALENDAR = CalendarId("calendar-1")


async def subscribe(browser: Browser) -> None:
    """An account whose primary calendar is subscribed to; nobody was woken since."""
    world = browser.world
    await browser.connect(world.provider.add_person())
    await world.container.keep_subscription()(CALENDAR)
    await world.container.reads().join(CALENDAR, not_before=world.clock.now())
    world.store.take_woken()
    assert len(world.push.kept) == 1
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
