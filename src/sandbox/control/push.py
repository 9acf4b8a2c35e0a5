"""Orders about subscriptions and their notifications."""

from typing import Any

from sandbox.control.order import Order
from sandbox.world.subscriptions import Subscription


def subscriptions(order: Order) -> Any:
    """The subscriptions in force."""
    return [_subscription(subscription) for subscription in order.world.subscriptions.all()]


def remove_subscription(order: Order) -> Any:
    """End a subscription without telling anybody."""
    order.world.subscriptions.remove(order.names["subscription"])
    return {}


def send_lifecycle_event(order: Order) -> Any:
    """Send the lifecycle event `event` of a subscription, and let it be true."""
    order.world.subscriptions.lifecycle(order.names["subscription"], order.body["event"])
    return {}


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "person": subscription.person.key,
        "resource": subscription.resource,
        "change_type": subscription.change_type,
        "notification_url": subscription.notification_url,
        "lifecycle_url": subscription.lifecycle_url,
        "expires": subscription.expires.isoformat(),
        "paused": subscription.paused is not None,
        "held": len(subscription.held),
    }
