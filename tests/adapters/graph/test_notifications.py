"""What is understood of deliveries to the notification address, and what is kept of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.graph.notifications import ReceivedNotification, notifications_from
from domain.access import InvalidAnswer

SUBSCRIPTION = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"
CHANGE = {
    "subscriptionId": SUBSCRIPTION,
    "subscriptionExpirationDateTime": "2031-03-19T22:11:09.952Z",
    "clientState": "s3cret",
    "changeType": "created",
    "resource": "Users/abc/Events/AAMk=",
    "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
    "resourceData": {"id": "AAMk=", "subject": "Layoff planning"},
}


def _from(*items: Any) -> tuple[ReceivedNotification, ...]:
    return notifications_from(json.dumps({"value": items}).encode())


def _received(secret: str = "s3cret", lifecycle: Any = None) -> ReceivedNotification:
    return ReceivedNotification(remote_id=SUBSCRIPTION, secret=secret, lifecycle=lifecycle)


def test_an_item_is_its_subscription_and_its_secret() -> None:
    assert _from(CHANGE) == (_received(),)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("reauthorizationRequired", "reauthorizationRequired"),
        ("subscriptionRemoved", "subscriptionRemoved"),
        ("missed", "missed"),
        ("ReauthorizationRequired", "reauthorizationRequired"),
        ("somethingNew", "missed"),
        (7, "missed"),
        ("", "missed"),
        (None, None),
    ],
)
def test_a_lifecycle_event_has_its_meaning_and_an_unknown_one_that_of_missed(word: Any, meaning: Any) -> None:
    assert _from(CHANGE | {"lifecycleEvent": word}) == (_received(lifecycle=meaning),)


def test_several_items_keep_their_order() -> None:
    other = CHANGE | {"subscriptionId": "another", "lifecycleEvent": "missed"}
    ids = [one.remote_id for one in _from(CHANGE, other, CHANGE)]
    assert ids == [SUBSCRIPTION, "another", SUBSCRIPTION]


@pytest.mark.parametrize("state", [None, 7, {"a": 1}, "x" * 257, "with\x00nul", "caf\u00e9", "\ud800"])
def test_a_secret_that_is_missing_or_cannot_be_ours_is_empty(state: Any) -> None:
    assert _from(CHANGE | {"clientState": state}) == (_received(secret=""),)
    assert _from({"subscriptionId": SUBSCRIPTION}) == (_received(secret=""),)


@pytest.mark.parametrize("item", [None, "text", 1, [], {}, {"subscriptionId": 7}, {"subscriptionId": "\x00"}])
def test_an_item_without_a_subscription_is_passed_over(item: Any) -> None:
    assert _from(item, CHANGE) == (_received(),)


def test_a_collection_may_be_empty_and_have_other_members() -> None:
    assert notifications_from(b'{"value": [], "validationTokens": ["x"]}') == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"value": null}',
        b'{"value": {}}',
        b'{"value": [',
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"value": [' + b"1" * 10_000 + b"]}",
    ],
)
def test_refuses_what_is_no_collection(body: bytes) -> None:
    with pytest.raises(InvalidAnswer):
        notifications_from(body)


def test_refuses_more_than_a_thousand_items() -> None:
    assert len(_from(*[CHANGE] * 1000)) == 1000
    with pytest.raises(InvalidAnswer):
        _from(*[CHANGE] * 1001)


def test_neither_secret_nor_id_nor_what_changed_is_printed() -> None:
    printed = repr(_from(CHANGE))
    for private in ("s3cret", SUBSCRIPTION, "AAMk", "Layoff"):
        assert private not in printed


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(noise: bytes) -> None:
    try:
        notifications_from(noise)
    except InvalidAnswer as refusal:
        assert refusal.what  # noqa: PT017
