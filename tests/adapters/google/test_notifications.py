"""What is read of a notification's headers, and the one text that names a channel."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.google.channels import LONGEST_CHANNEL_ID, LONGEST_RESOURCE_ID, ChannelIds
from adapters.google.notifications import LONGEST_TOKEN, ReceivedNotification, notification_from

HEADERS = {
    "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
    "X-Goog-Channel-ID": "9a0c-uuid",
    "X-Goog-Channel-Token": "secret",
    "X-Goog-Channel-Expiration": "Fri, 01 Jan 2027 00:00:00 GMT",
    "X-Goog-Resource-ID": "o3hg/-_+=",
    "X-Goog-Resource-URI": "https://www.googleapis.com/calendar/v3/calendars/gina%40gmail.example/events",
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "2",
}
plain = string.ascii_letters + string.digits + string.punctuation + " "


def test_a_change_is_told_by_both_ids_and_the_token() -> None:
    assert notification_from(HEADERS) == ReceivedNotification(
        remote_id="9a0c-uuid/o3hg/-_+=", secret="secret", opens=False
    )


@pytest.mark.parametrize(
    ("state", "opens"), [("sync", True), ("Sync", True), ("not_exists", False), ("", False)]
)
def test_only_sync_opens_a_channel(state: str, *, opens: bool) -> None:
    received = notification_from({**HEADERS, "X-Goog-Resource-State": state})
    assert received is not None
    assert received.opens is opens


@pytest.mark.parametrize("name", ["X-Goog-Channel-ID", "X-Goog-Resource-ID"])
@pytest.mark.parametrize("value", [None, "", "ü", "nul\0nul", "x" * 257])
def test_headers_without_a_channel_of_ours_are_no_notification(name: str, value: str | None) -> None:
    headers = {key: one for key, one in HEADERS.items() if key != name} | (
        {} if value is None else {name: value}
    )
    assert notification_from(headers) is None


@pytest.mark.parametrize("token", [None, "", "ü", "nul\0nul", "x" * (LONGEST_TOKEN + 1)])
def test_what_can_be_no_secret_of_ours_is_none(token: str | None) -> None:
    headers = {key: one for key, one in HEADERS.items() if key != "X-Goog-Channel-Token"}
    received = notification_from(headers | ({} if token is None else {"X-Goog-Channel-Token": token}))
    assert received is not None
    assert received.secret == ""


def test_neither_ids_nor_token_are_in_its_repr() -> None:
    received = notification_from(HEADERS)
    assert not [one for one in ("9a0c", "o3hg", "secret") if one in repr(received)]
    assert "9a0c" not in repr(ChannelIds.parse("9a0c/o3hg"))


@given(
    st.text(plain.replace("/", ""), min_size=1, max_size=LONGEST_CHANNEL_ID),
    st.text(plain, min_size=1, max_size=LONGEST_RESOURCE_ID),
)
def test_the_text_that_names_a_channel_is_read_as_it_was_written(channel_id: str, resource_id: str) -> None:
    ids = ChannelIds.from_outside(channel_id, resource_id)
    assert ids is not None
    assert (ids.channel_id, ids.resource_id) == (channel_id, resource_id)
    assert ChannelIds.parse(str(ids)) == ids


@pytest.mark.parametrize("remote_id", ["", "/", "one", "one/", "/other", "ü/other", "x" * 65 + "/other"])
def test_what_names_no_channel_is_none(remote_id: str) -> None:
    assert ChannelIds.parse(remote_id) is None


@pytest.mark.parametrize("value", [None, 7, ["one"], {}])
def test_what_is_no_text_is_no_id(value: object) -> None:
    assert ChannelIds.from_outside("one", value) is None
    assert ChannelIds.from_outside(value, "other") is None
