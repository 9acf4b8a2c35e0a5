"""POST, GET, PATCH and DELETE of subscriptions to change notifications."""

import uuid
from datetime import datetime
from typing import Any

from sandbox.answers import Answer
from sandbox.graph.call import Call
from sandbox.graph.errors import (
    access_denied,
    address_not_proven,
    already_subscribed,
    no_subscription,
    too_many_subscriptions,
)
from sandbox.graph.odata import page
from sandbox.graph.subscription_input import Wanted, granted_expiry, read_wanted
from sandbox.world.people import UnknownName
from sandbox.world.subscriptions import Subscription


async def create_subscription(call: Call) -> Answer:
    """A new subscription, 201, after its addresses have proven themselves."""
    # Kept in hand: a reset while the addresses are tested must not bring the subscription into the world after it.
    subscriptions = call.world.subscriptions
    wanted = read_wanted(call)
    _require_allowed(call, wanted)
    await _test(call, wanted.notification_url, wanted.lifecycle_url)
    _require_allowed(call, wanted)
    subscription = subscriptions.add(
        person=call.person,
        resource=wanted.resource,
        calendar_id=None if wanted.calendar is None else wanted.calendar.id,
        changes=wanted.changes,
        notification_url=wanted.notification_url,
        lifecycle_url=wanted.lifecycle_url,
        client_state=wanted.client_state,
        immutable_ids=call.immutable_ids,
        expires=wanted.expires,
    )
    return Answer(status=201, body=_printed(call, subscription, with_state=True))


def list_subscriptions(call: Call) -> Answer:
    """This app's subscriptions for the signed-in person."""
    part = page(call, call.world.subscriptions.all(call.person), default=100)
    body: dict[str, Any] = {
        "@odata.context": f"{call.graph_url}/$metadata#subscriptions",
        "value": [_members(call, subscription) for subscription in part.items],
    }
    return Answer(body=body | ({"@odata.nextLink": part.next_link} if part.next_link else {}))


def get_subscription(call: Call) -> Answer:
    """One subscription."""
    return Answer(body=_printed(call, _found(call)))


async def renew_subscription(call: Call) -> Answer:
    """Another end, which also confirms its access; the addresses are tested again where the settings say so."""
    subscription, expires = _found(call), granted_expiry(call)
    if call.world.settings.validate_renewals:
        await _test(call, subscription.notification_url, subscription.lifecycle_url)
        subscription = _found(call)
    call.world.subscriptions.renew(subscription, expires)
    return Answer(body=_printed(call, subscription, with_state=True))


def delete_subscription(call: Call) -> Answer:
    """End a subscription, 204."""
    call.world.subscriptions.remove(_found(call).id)
    return Answer(status=204)


def _found(call: Call) -> Subscription:
    try:
        subscription = call.world.subscriptions.get(call.ids["subscription"])
    except UnknownName:
        raise no_subscription() from None
    if subscription.person is not call.person:
        raise no_subscription()
    return subscription


def _require_allowed(call: Call, wanted: Wanted) -> None:
    """A calendar of the person's own, which isn't subscribed to already, in a mailbox with room for one more."""
    settings, existing = call.world.settings, call.world.subscriptions.all(call.person)
    if wanted.calendar is not None and not (wanted.calendar.can_share or settings.shared_subscriptions):
        raise access_denied()
    calendar_id = None if wanted.calendar is None else wanted.calendar.id
    for subscription in existing:
        if (subscription.changes, subscription.calendar_id) == (wanted.changes, calendar_id):
            raise already_subscribed(subscription.id)
    if len(existing) >= settings.subscription_limit:
        raise too_many_subscriptions()


async def _test(call: Call, *urls: str | None) -> None:
    ordered = call.world.settings.validation_token
    for url in filter(None, urls):
        token = (
            f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()}"
        )
        if fault := await call.delivery.validate(url, token if ordered is None else ordered):
            raise address_not_proven(fault)


def _printed(call: Call, subscription: Subscription, *, with_state: bool = False) -> dict[str, Any]:
    """One subscription; only whoever has just written it gets its clientState back."""
    body = {"@odata.context": f"{call.graph_url}/$metadata#subscriptions/$entity"} | _members(
        call, subscription
    )
    return body | ({"clientState": subscription.client_state} if with_state else {})


def _members(call: Call, subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": call.world.app.client_id,
        "changeType": subscription.change_type,
        "clientState": None,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": _stamp(subscription.expires),
        "creatorId": subscription.person.oid,
        "includeResourceData": None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _stamp(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond:06}0Z"
