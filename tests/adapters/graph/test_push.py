"""Subscribing to changes of calendars, on the sandbox."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from aiohttp import web

from adapters.graph.notifications import notifications_from
from adapters.graph.push import LONGEST_LIFETIME
from adapters.graph.settings import NotificationUrls
from application.ports.push import (
    AddressNotReached,
    Push,
    PushRefused,
    RemoteSubscription,
    SubscriptionExists,
    SubscriptionGone,
)
from domain.access import AccessLost, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.connection import MailboxNotServed
from sandbox import Sandbox
from sandbox.world.subscriptions import Subscription
from tests.support.microsoft import Connected, connected_to
from tests.support.receiver import Receiver, receiving

SECRET = "x" * 128


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def connected(sandbox: Sandbox, receiver: Receiver) -> AsyncIterator[Connected]:
    """With an address that Graph reaches."""
    urls = NotificationUrls(changes=receiver.url, lifecycle=receiver.url + "/lifecycle")
    async with connected_to(sandbox, notification_urls=urls) as connected:
        yield connected


def _push(connected: Connected) -> Push:
    assert connected.microsoft.push is not None
    return connected.microsoft.push


def _in(connected: Connected, **length: float) -> datetime:
    return connected.sandbox.world.clock.now() + timedelta(**length)


async def _subscribe(
    connected: Connected,
    *,
    person: str = "anna",
    calendar: str | None = None,
    secret: str = SECRET,
    expires_at: datetime | None = None,
) -> RemoteSubscription:
    account, remote_id = await connected.connect(person), connected.calendar_id(person, calendar)
    until = expires_at or _in(connected, days=6)
    return await _push(connected).subscribe(account, remote_id, secret=secret, expires_at=until)


async def _renew(connected: Connected, remote_id: str, **length: float) -> RemoteSubscription:
    """One of anna's, on her primary calendar."""
    return await _push(connected).renew(
        await connected.connect("anna"),
        connected.calendar_id("anna", None),
        remote_id,
        secret="not needed",
        expires_at=_in(connected, **length),
    )


def _only(connected: Connected) -> Subscription:
    (subscription,) = connected.sandbox.world.subscriptions.all()
    return subscription


async def test_there_is_no_push_without_an_address(sandbox: Sandbox) -> None:
    async with connected_to(sandbox) as connected:
        assert connected.microsoft.push is None


async def test_changes_of_the_calendar_arrive_with_the_secret(
    connected: Connected, receiver: Receiver
) -> None:
    granted = await _subscribe(connected, calendar="team")
    events = connected.sandbox.world.events
    event = events.add("anna", "2031-05-05", calendar="team", subject="Layoff planning")
    events.add("anna", "2031-05-05", calendar="primary")
    events.change(event, show_as="oof")
    events.delete("anna", event)
    await connected.sandbox.delivery.idle()
    assert sorted(receiver.kinds) == ["created", "deleted", "updated"]
    (received,) = {one for body in receiver.raw for one in notifications_from(body)}
    assert (received.remote_id, received.secret, received.lifecycle) == (granted.remote_id, SECRET, None)


async def test_both_addresses_are_proven_first(connected: Connected, receiver: Receiver) -> None:
    await _subscribe(connected)
    assert len(receiver.tokens) == 2


async def test_lifecycle_events_arrive_at_an_address_of_their_own(
    connected: Connected, receiver: Receiver
) -> None:
    granted = await _subscribe(connected)
    for event in ("missed", "reauthorizationRequired", "subscriptionRemoved"):
        connected.sandbox.world.subscriptions.lifecycle(granted.remote_id, event)
    await connected.sandbox.delivery.idle()
    received = [one for body in receiver.raw for one in notifications_from(body)]
    assert {one.lifecycle for one in received} == {"missed", "reauthorizationRequired", "subscriptionRemoved"}
    assert {(one.remote_id, one.secret) for one in received} == {(granted.remote_id, SECRET)}
    assert set(receiver.paths) == {"/notify/lifecycle"}


async def test_what_was_granted_counts_not_what_was_asked(connected: Connected) -> None:
    connected.sandbox.world.settings.granted_subscription_minutes = 60
    granted = await _subscribe(connected)
    assert granted.expires_at == _only(connected).expires <= _in(connected, hours=1)
    renewed = await _renew(connected, granted.remote_id, days=6)
    assert renewed.expires_at <= _in(connected, hours=1)


async def test_no_more_is_asked_than_graph_may_grant(connected: Connected) -> None:
    granted = await _subscribe(connected, expires_at=_in(connected, days=365))
    assert _in(connected, days=6, hours=22) < granted.expires_at <= _in(connected) + LONGEST_LIFETIME
    renewed = await _renew(connected, granted.remote_id, days=365)
    assert renewed.expires_at >= granted.expires_at


@pytest.mark.parametrize("end", ["soon", "", None, 7, "9999-12-31T23:59:59-14:00"])
async def test_refuses_an_answer_without_a_usable_end(connected: Connected, end: object) -> None:
    body = {"id": "7f105c7d", "expirationDateTime": end}
    connected.sandbox.world.faults.add(path="^/subscriptions", status=201, body=body)
    with pytest.raises(InvalidAnswer):
        await _subscribe(connected)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2031-05-05T18:23:45.9356913Z", "2031-05-05T18:23:45.935691+00:00"),
        ("2031-05-05T20:23:45+02:00", "2031-05-05T18:23:45+00:00"),
        ("2031-05-05T18:23:45", "2031-05-05T18:23:45+00:00"),
    ],
)
async def test_reads_every_spelling_of_the_end(connected: Connected, text: str, end: str) -> None:
    body = {"id": "7f105c7d", "expirationDateTime": text}
    connected.sandbox.world.faults.add(path="^/subscriptions", status=201, body=body)
    granted = await _subscribe(connected)
    assert granted == RemoteSubscription(remote_id="7f105c7d", expires_at=datetime.fromisoformat(end))


async def test_refuses_an_answer_without_an_id(connected: Connected) -> None:
    body = {"expirationDateTime": "2031-05-05T18:23:45Z"}
    connected.sandbox.world.faults.add(path="^/subscriptions", status=201, body=body)
    with pytest.raises(InvalidAnswer):
        await _subscribe(connected)


async def test_one_whose_making_was_never_answered_is_told_of_and_makes_room(
    connected: Connected, receiver: Receiver
) -> None:
    connected.sandbox.world.faults.add(kind="cut", method="POST", path="^/subscriptions", perform=True)
    with pytest.raises(ProviderUnavailable) as caught:
        await _subscribe(connected, secret="lost")
    assert caught.value.outcome_unknown
    with pytest.raises(SubscriptionExists) as existing:
        await _subscribe(connected)
    assert _only(connected).id == existing.value.remote_id
    await _push(connected).unsubscribe(await connected.connect("anna"), existing.value.remote_id)
    await _subscribe(connected)
    await connected.sandbox.delivery.idle()
    connected.sandbox.world.events.add("anna", "2031-05-05")
    await connected.sandbox.delivery.idle()
    assert [item["clientState"] for item in receiver.items] == [SECRET]


async def test_that_of_another_account_of_the_same_person_is_left_alone(connected: Connected) -> None:
    first = await _subscribe(connected)
    other = await connected.connect("anna", "account-of-another-expert")
    with pytest.raises(SubscriptionExists) as existing:
        await _push(connected).subscribe(
            other, connected.calendar_id("anna"), secret="other", expires_at=_in(connected, days=6)
        )
    assert existing.value.remote_id == _only(connected).id == first.remote_id
    assert _only(connected).client_state == SECRET
    assert first.remote_id not in repr(existing.value)


@pytest.mark.parametrize("spelling", ["/me/calendars/{quoted}/events", "me/calendars/{plain}/events"])
async def test_is_found_among_others_whatever_the_spelling(connected: Connected, spelling: str) -> None:
    await _subscribe(connected, person="ben")
    await _subscribe(connected, calendar="team")
    plain = connected.calendar_id("anna")
    made = await _subscribe(connected)
    _find(connected, made.remote_id).resource = spelling.format(quoted=quote(plain, safe=""), plain=plain)
    with pytest.raises(SubscriptionExists) as existing:
        await _subscribe(connected)
    assert existing.value.remote_id == made.remote_id


async def test_one_that_exists_and_is_not_listed_is_an_outage(connected: Connected) -> None:
    connected.sandbox.world.faults.answer(
        409, code="ObjectIdentifierInUse", method="POST", path="^/subscriptions"
    )
    with pytest.raises(ProviderUnavailable):
        await _subscribe(connected)
    assert connected.sandbox.world.subscriptions.all() == []


async def test_a_fault_inside_graph_while_it_is_looked_for_proves_nothing_about_the_calendar(
    connected: Connected,
) -> None:
    faults = connected.sandbox.world.faults
    faults.answer(409, code="ObjectIdentifierInUse", method="POST", path="^/subscriptions")
    faults.answer(404, code="ExtensionError", method="GET", path="^/subscriptions", times=None)
    with pytest.raises(PushRefused):
        await _subscribe(connected)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "ExtensionError"),
        (403, "ExtensionError"),
        (403, "ErrorAccessDenied"),
        (404, "ExtensionError"),
        (501, "NotImplemented"),
    ],
)
async def test_tells_what_graph_will_not_do(connected: Connected, status: int, code: str) -> None:
    connected.sandbox.world.faults.answer(status, code=code, path="^/subscriptions")
    with pytest.raises(PushRefused) as caught:
        await _subscribe(connected)
    assert caught.value.code == code


async def test_tells_when_graph_could_not_reach_us(connected: Connected, receiver: Receiver) -> None:
    receiver.validation = web.Response(status=500)
    with pytest.raises(AddressNotReached) as caught:
        await _subscribe(connected)
    assert caught.value.code == "ValidationError"
    connected.sandbox.world.settings.validation_seconds = 0.05
    receiver.silent = True
    with pytest.raises(AddressNotReached) as caught:
        await _subscribe(connected)
    assert caught.value.code == "InvalidRequest"


async def test_tells_when_graph_could_not_reach_us_to_renew(connected: Connected, receiver: Receiver) -> None:
    granted = await _subscribe(connected)
    connected.sandbox.world.settings.validate_renewals = True
    receiver.validation = web.Response(status=500)
    with pytest.raises(AddressNotReached):
        await _renew(connected, granted.remote_id, days=1)
    assert _only(connected).id == granted.remote_id


async def test_tells_when_the_mailbox_has_too_many(connected: Connected) -> None:
    connected.sandbox.world.settings.subscription_limit = 0
    with pytest.raises(PushRefused) as caught:
        await _subscribe(connected)
    assert caught.value.code == "ExtensionError"


async def test_a_calendar_of_somebody_else_has_no_notifications(connected: Connected) -> None:
    with pytest.raises(PushRefused):
        await _subscribe(connected, person="dora", calendar="ben-readonly")


@pytest.mark.parametrize("remote_id", [None, "no/such+id=", "../../events", "ü&$top=1#", "%2e%2e", " "])
async def test_a_calendar_that_is_gone_is_gone(connected: Connected, remote_id: str | None) -> None:
    account, known = await connected.connect("anna"), connected.calendar_id("anna", "team")
    connected.sandbox.world.calendars.remove("anna", "team")
    with pytest.raises(CalendarGone):
        await _push(connected).subscribe(
            account, remote_id or known, secret=SECRET, expires_at=_in(connected, days=1)
        )


@pytest.mark.parametrize(("status", "code"), [(500, "ExtensionError"), (503, ""), (429, "TooManyRequests")])
async def test_an_outage_is_an_outage(connected: Connected, status: int, code: str) -> None:
    connected.sandbox.world.faults.answer(status, code=code, path="^/subscriptions")
    with pytest.raises(ProviderUnavailable):
        await _subscribe(connected)


async def test_a_mailbox_that_was_taken_away_has_no_subscriptions(connected: Connected) -> None:
    account = await connected.connect("anna")
    granted = await _subscribe(connected)
    connected.sandbox.world.people.change("anna", mailbox="unlicensed")
    with pytest.raises(MailboxNotServed):
        await _subscribe(connected, calendar="team")
    with pytest.raises(MailboxNotServed):
        await _renew(connected, granted.remote_id, days=1)
    await _push(connected).unsubscribe(account, granted.remote_id)


async def test_lost_access_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    with pytest.raises(AccessLost):
        await _push(connected).unsubscribe(account, "any")


async def test_renewing_confirms_access_and_moves_the_end(connected: Connected, receiver: Receiver) -> None:
    granted = await _subscribe(connected, expires_at=_in(connected, days=1))
    connected.sandbox.world.subscriptions.lifecycle(granted.remote_id, "reauthorizationRequired")
    connected.sandbox.world.events.add("anna", "2031-05-05")
    renewed = await _renew(connected, granted.remote_id, days=3)
    assert renewed.remote_id == granted.remote_id
    assert renewed.expires_at > _in(connected, days=2)
    await connected.sandbox.delivery.idle()
    assert sorted(receiver.kinds) == ["created", "reauthorizationRequired"]


@pytest.mark.parametrize("code", ["ResourceNotFound", "ExtensionError", "ErrorItemNotFound"])
async def test_renewing_what_graph_has_no_more_tells_so(connected: Connected, code: str) -> None:
    connected.sandbox.world.faults.answer(404, code=code, method="PATCH", path="^/subscriptions")
    for _ in range(2):
        with pytest.raises(SubscriptionGone):
            await _renew(connected, "gone", days=1)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("code", ["ResourceNotFound", "ExtensionError", "ErrorItemNotFound", "", "NeverSeen"])
async def test_one_said_to_be_gone_and_listed_is_an_outage(
    connected: Connected, status: int, code: str
) -> None:
    account, granted = await connected.connect("anna"), await _subscribe(connected)
    connected.sandbox.world.faults.answer(status, code=code, path="^/subscriptions/", times=2)
    with pytest.raises(ProviderUnavailable):
        await _renew(connected, granted.remote_id, days=1)
    with pytest.raises(ProviderUnavailable):
        await _push(connected).unsubscribe(account, granted.remote_id)
    assert _only(connected).id == granted.remote_id
    await _push(connected).unsubscribe(account, granted.remote_id)
    assert connected.sandbox.world.subscriptions.all() == []


async def test_nothing_is_said_of_one_while_the_list_is_not_found_either(connected: Connected) -> None:
    granted = await _subscribe(connected)
    connected.sandbox.world.faults.answer(404, code="UnknownError", path="^/subscriptions", times=None)
    with pytest.raises(ProviderUnavailable):
        await _renew(connected, granted.remote_id, days=1)


async def test_a_calendar_said_to_be_gone_and_listed_is_an_outage(connected: Connected) -> None:
    connected.sandbox.world.faults.answer(
        404, code="ErrorItemNotFound", method="POST", path="^/subscriptions"
    )
    with pytest.raises(ProviderUnavailable):
        await _subscribe(connected)


@pytest.mark.parametrize(("status", "code"), [(400, "ExtensionError"), (403, "ExtensionError")])
async def test_a_renewal_may_be_refused(connected: Connected, status: int, code: str) -> None:
    granted = await _subscribe(connected)
    connected.sandbox.world.faults.answer(status, code=code, method="PATCH")
    with pytest.raises(PushRefused) as caught:
        await _renew(connected, granted.remote_id, days=1)
    assert caught.value.code == code


async def test_unsubscribing_twice_is_fine(connected: Connected) -> None:
    account, granted = await connected.connect("anna"), await _subscribe(connected)
    for _ in range(2):
        await _push(connected).unsubscribe(account, granted.remote_id)
    assert connected.sandbox.world.subscriptions.all() == []


async def test_unsubscribing_in_an_outage_fails(connected: Connected) -> None:
    account, granted = await connected.connect("anna"), await _subscribe(connected)
    connected.sandbox.world.faults.answer(503, code="UnknownError", method="DELETE")
    with pytest.raises(ProviderUnavailable):
        await _push(connected).unsubscribe(account, granted.remote_id)
    assert len(connected.sandbox.world.subscriptions.all()) == 1


async def test_neither_secret_nor_ids_are_logged_or_printed(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    granted = await _subscribe(connected, secret="s3cret-of-anna")
    connected.sandbox.world.faults.answer(403, code="ExtensionError", path="^/subscriptions")
    with caplog.at_level("DEBUG"), pytest.raises(PushRefused) as caught:
        await _subscribe(connected, calendar="team", secret="s3cret-of-anna")
    told = [str(record.__dict__) for record in caplog.records]
    for private in ("s3cret-of-anna", granted.remote_id, connected.calendar_id("anna", "team")):
        assert not any(private in text for text in [*told, repr(caught.value), repr(granted)])


def _find(connected: Connected, remote_id: str) -> Subscription:
    return connected.sandbox.world.subscriptions.get(remote_id)
