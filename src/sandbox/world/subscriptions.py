"""Subscriptions to change notifications: who is notified of what, and what nobody is notified of."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sandbox.clock import Clock
from sandbox.world.events import Change, Events
from sandbox.world.ids import change_key
from sandbox.world.model import Event, Folder, Person
from sandbox.world.people import People, UnknownName
from sandbox.world.settings import Settings

LifecycleEvent = Literal["reauthorizationRequired", "subscriptionRemoved", "missed"]

# How long Microsoft keeps what it could not send because the access behind a subscription had lapsed.
_HELD_FOR = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One item for one address, as it is to be sent."""

    url: str
    kind: Literal["change", "lifecycle"]
    person: str
    item: dict[str, Any]


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription:
    """One subscription. `calendar_id` None stands for `/me/events`, which fires for the default calendar only.

    While `paused`, notices are held back: its access must be confirmed first by a renewal.
    """

    id: str
    person: Person
    resource: str
    calendar_id: str | None
    changes: frozenset[Change]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None = field(repr=False)
    immutable_ids: bool
    expires: datetime
    paused: datetime | None = None
    held: list[Notice] = field(default_factory=list)

    @property
    def change_type(self) -> str:
        """The kinds of changes as Graph spells them."""
        return ",".join(kind for kind in get_args(Change) if kind in self.changes)

    def covers(self, folder: Folder) -> bool:
        """Whether it is for the events of this folder, by the ids its mailbox's calendars have now."""
        return any(
            calendar.folder is folder
            and (calendar.is_default if self.calendar_id is None else calendar.id == self.calendar_id)
            for calendar in self.person.calendars
        )


class Subscriptions:
    """The subscriptions in force; each ends by the sandbox's clock. `send` gets every notice that is to leave."""

    def __init__(
        self,
        people: People,
        events: Events,
        clock: Clock,
        settings: Settings,
        send: Callable[[Notice], None],
    ) -> None:
        self._people = people
        self._events = events
        self._clock = clock
        self._settings = settings
        self._send = send
        self._subscriptions: dict[str, Subscription] = {}

    def all(self, who: str | Person | None = None) -> list[Subscription]:
        """Those that have not ended, of one person or of everybody, the oldest first."""
        person = None if who is None else self._people.get(who)
        now = self._clock.now()
        for ended in [one for one in self._subscriptions.values() if one.expires <= now]:
            del self._subscriptions[ended.id]
        return [one for one in self._subscriptions.values() if person in (None, one.person)]

    def get(self, subscription_id: str) -> Subscription:
        """The subscription of an id; raises UnknownName for one that has ended or never was."""
        for subscription in self.all():
            if subscription.id == subscription_id:
                return subscription
        raise UnknownName("subscription")

    def add(self, **details: Any) -> Subscription:
        """A new subscription; `details` are the fields of `Subscription` but its id."""
        subscription = Subscription(id=str(uuid.uuid4()), **details)
        self._subscriptions[subscription.id] = subscription
        return subscription

    def renew(self, subscription: Subscription, expires: datetime) -> None:
        """Another end; what was held back goes out, unless it was held too long."""
        now = self._clock.now()
        held, since = subscription.held, subscription.paused
        subscription.expires, subscription.held, subscription.paused = expires, [], None
        if since is not None and now - since <= _HELD_FOR:
            for notice in held:
                self._send(notice)

    def remove(self, subscription_id: str) -> None:
        """End a subscription without telling anybody; raises UnknownName."""
        del self._subscriptions[self.get(subscription_id).id]

    def lifecycle(self, subscription_id: str, event: LifecycleEvent) -> None:
        """Send a lifecycle event, where an address for it was given, and let it be true.

        A removed subscription ends; one to be reauthorised holds its notices back until it is renewed; what is
        said to be missed is up to the caller. Raises UnknownName, and ValueError for another event.
        """
        if event not in get_args(LifecycleEvent):
            raise ValueError(f"event is one of {', '.join(get_args(LifecycleEvent))}")
        subscription = self.get(subscription_id)
        if event == "subscriptionRemoved":
            del self._subscriptions[subscription.id]
        elif event == "reauthorizationRequired":
            subscription.paused = self._clock.now()
        if url := subscription.lifecycle_url:
            item = self._envelope(subscription) | {"lifecycleEvent": event}
            self._send(Notice(url=url, kind="lifecycle", person=subscription.person.key, item=item))

    def event_changed(self, change: Change, folder: Folder, event: Event) -> None:
        """Tell everybody who subscribed to it of one change of one event."""
        for subscription in self.all():
            if change in subscription.changes and subscription.covers(folder) and self._is_told():
                self._tell(subscription, self._change_item(subscription, change, event))

    def _is_told(self) -> bool:
        settings = self._settings
        if settings.notifications == "silent":
            return False
        if settings.lost_notifications > 0:
            settings.lost_notifications -= 1
            return False
        return True

    def _tell(self, subscription: Subscription, item: dict[str, Any]) -> None:
        url, person = subscription.notification_url, subscription.person.key
        notice = Notice(url=url, kind="change", person=person, item=item)
        if subscription.paused is None:
            self._send(notice)
        else:
            subscription.held.append(notice)

    def _change_item(self, subscription: Subscription, change: Change, event: Event) -> dict[str, Any]:
        person = subscription.person
        item_id = self._events.id_of(person, event, immutable=subscription.immutable_ids)
        resource = f"Users/{person.oid}/Events/{item_id}"
        return self._envelope(subscription) | {
            "changeType": change,
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": resource,
                "@odata.etag": f'W/"{change_key(event.uid, str(event.changes))}"',
                "id": item_id,
            },
        }

    def _envelope(self, subscription: Subscription) -> dict[str, Any]:
        ordered = self._settings.notification_client_state
        state = subscription.client_state if ordered is None else ordered
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": subscription.expires.isoformat(),
            "tenantId": subscription.person.tenant.id,
            **({"clientState": state} if state else {}),
        }
