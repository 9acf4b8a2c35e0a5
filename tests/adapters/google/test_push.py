"""Channels to changes of calendars, on the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.google.address_trials import APART
from adapters.google.channels import ChannelIds
from adapters.google.notifications import ReceivedNotification, notification_from
from adapters.google.push import LONGEST_LIFE, SHORTEST_LIFE, UNTOLD_LIFE, GooglePush, new_channel_id
from application.ports.push import AddressNotReached, PushRefused, RemoteSubscription
from domain.access import AccessLost, CalendarGone, InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider
from domain.connection import MailboxNotServed
from sandbox.world.google.channels import Channel
from tests.support.google import OpenGoogle, push_to
from tests.support.receiver import Receiver, receiving

SECRET = "x" * 128
WATCH, STOP = "/watch$", "^/channels/stop"
UNAUTHORIZED = "push.webhookUrlUnauthorized"
CHANNEL = {
    "kind": "api#channel",
    "resourceId": "o3hg",
    "resourceUri": "https://www.googleapis.com/calendar/v3/x",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The port under test on an adapter that is open, and who gets the notifications."""

    google: OpenGoogle
    push: GooglePush
    receiver: Receiver
    asked_ids: list[str] = field(default_factory=list)

    @property
    def world(self) -> Any:
        return self.google.sandbox.world

    @property
    def channels(self) -> list[Channel]:
        """Those that are open at Google."""
        open_ones: list[Channel] = self.world.google.channels.all()
        return open_ones

    @property
    def received(self) -> list[ReceivedNotification]:
        return [one for one in map(notification_from, self.receiver.headers) if one is not None]

    @property
    def changes(self) -> list[ReceivedNotification]:
        return [one for one in self.received if not one.opens]

    def ends(self, **length: float) -> datetime:
        now: datetime = self.world.clock.now()
        return now + timedelta(**length)

    def calendar_id(self, person: str = "gina", key: str | None = None) -> str:
        remote_id: str = self.world.calendars.get(person, key).folder.address
        return remote_id

    async def subscribe(
        self, person: str = "gina", key: str | None = None, *, secret: str = SECRET, days: float = 6
    ) -> RemoteSubscription:
        account, calendar = self.google.connect(person), self.calendar_id(person, key)
        return await self.push.subscribe(account, calendar, secret=secret, expires_at=self.ends(days=days))

    async def renew(self, remote_id: str, *, secret: str = SECRET) -> RemoteSubscription:
        account, calendar = self.google.connect("gina"), self.calendar_id()
        return await self.push.renew(
            account, calendar, remote_id, secret=secret, expires_at=self.ends(days=6)
        )

    async def unsubscribe(self, remote_id: str, person: str = "gina") -> None:
        await self.push.unsubscribe(self.google.connect(person), remote_id)

    async def change(self, person: str = "gina", key: str = "primary") -> None:
        self.world.events.add(person, "2031-05-05", calendar=key, subject="Layoff planning")
        await self.google.sandbox.delivery.idle()

    def requests(self, path: str) -> int:
        return sum(one.surface == "google" and one.path == path for one in self.world.traffic.requests)


@pytest.fixture
async def pushed(google: OpenGoogle) -> AsyncIterator[Pushed]:
    asked_ids = list[str]()

    def new_id() -> str:
        asked_ids.append(new_channel_id())
        return asked_ids[-1]

    async with receiving() as receiver:
        push = push_to(receiver.url, google, new_id=new_id)
        yield Pushed(google=google, push=push, receiver=receiver, asked_ids=asked_ids)


async def test_changes_of_the_calendar_arrive_with_the_secret(pushed: Pushed) -> None:
    granted = await pushed.subscribe(key="family")
    await pushed.change(key="family")
    await pushed.change(key="primary")
    assert pushed.received == [
        ReceivedNotification(remote_id=granted.remote_id, secret=SECRET, opens=True),
        ReceivedNotification(remote_id=granted.remote_id, secret=SECRET, opens=False),
    ]
    assert set(pushed.receiver.raw) == {b""}


async def test_the_first_one_is_here_before_we_know_what_to_call_the_channel(pushed: Pushed) -> None:
    granted = await pushed.subscribe()
    (first,) = pushed.received
    assert (first.remote_id, first.opens) == (granted.remote_id, True)


async def test_a_renewal_is_another_channel_beside_the_first(pushed: Pushed) -> None:
    first = await pushed.subscribe(secret="first")
    second = await pushed.renew(first.remote_id, secret="second")
    assert second.remote_id != first.remote_id
    await pushed.change()
    assert {(one.remote_id, one.secret) for one in pushed.changes} == {
        (first.remote_id, "first"),
        (second.remote_id, "second"),
    }
    await pushed.unsubscribe(first.remote_id)
    await pushed.change()
    assert pushed.changes[-1].remote_id == second.remote_id
    assert len(pushed.changes) == 3


async def test_two_accounts_of_one_person_have_channels_of_their_own(pushed: Pushed) -> None:
    first = await pushed.subscribe()
    other = pushed.google.connect("gina", "account-of-another-expert")
    second = await pushed.push.subscribe(
        other, pushed.calendar_id(), secret="other", expires_at=pushed.ends(days=1)
    )
    await pushed.unsubscribe(first.remote_id)
    assert [one.id for one in pushed.channels] == [second.remote_id.split("/")[0]]


async def test_stopping_names_both_ids(pushed: Pushed) -> None:
    granted = await pushed.subscribe()
    (channel,) = pushed.channels
    assert granted.remote_id == f"{channel.id}/{channel.resource_id}"
    await pushed.unsubscribe(f"{channel.id}/another-resource")
    assert pushed.channels == [channel]
    await pushed.unsubscribe(granted.remote_id)
    assert pushed.channels == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, "notFound"), (404, ""), (410, "deleted"), (410, ""), (403, "notACalendarUser")],
)
async def test_one_that_is_gone_already_counts_as_stopped(pushed: Pushed, status: int, reason: str) -> None:
    granted = await pushed.subscribe()
    pushed.world.faults.google_error(status, reason, path=STOP, times=None)
    await pushed.unsubscribe(granted.remote_id)


async def test_a_stop_that_no_token_is_good_for_is_done(pushed: Pushed) -> None:
    granted = await pushed.subscribe()
    refusal = pushed.world.faults.google_error(401, "authError", path=STOP, times=None)
    await pushed.unsubscribe(granted.remote_id)
    assert refusal.hits == 2


@pytest.mark.parametrize(
    ("status", "reason"), [(503, "backendError"), (403, "rateLimitExceeded"), (403, "new")]
)
async def test_a_stop_that_did_not_work_is_told(pushed: Pushed, status: int, reason: str) -> None:
    granted = await pushed.subscribe()
    pushed.world.faults.google_error(status, reason, path=STOP)
    with pytest.raises(ProviderUnavailable):
        await pushed.unsubscribe(granted.remote_id)


async def test_what_names_no_channel_is_not_asked_about(pushed: Pushed) -> None:
    await pushed.unsubscribe("7f105c7d-2dc5-4530-97cd-4e7ae6534c07")
    assert pushed.requests("/channels/stop") == 0


async def test_without_access_nothing_can_be_stopped(pushed: Pushed) -> None:
    account = pushed.google.connect("gina")
    granted = await pushed.subscribe()
    pushed.world.google.grants.end_consent("gina")
    with pytest.raises(AccessLost):
        await pushed.push.unsubscribe(account, granted.remote_id)


async def test_what_was_granted_counts_not_what_was_asked(pushed: Pushed) -> None:
    pushed.world.google.settings.granted_channel_seconds = 3600
    granted = await pushed.subscribe()
    (channel,) = pushed.channels
    assert granted.expires_at == channel.expires <= pushed.ends(hours=1)


async def test_no_more_is_asked_than_google_grants(pushed: Pushed) -> None:
    granted = await pushed.subscribe(days=365)
    assert pushed.ends(days=6, hours=23) < granted.expires_at <= pushed.ends() + LONGEST_LIFE


@pytest.mark.parametrize("form", ["string", "number"])
async def test_reads_the_end_as_text_and_as_a_number(pushed: Pushed, form: str) -> None:
    pushed.world.google.settings.expiration_form = form
    granted = await pushed.subscribe(days=1)
    (channel,) = pushed.channels
    assert granted.expires_at == channel.expires


@pytest.mark.parametrize("told", [None, "", "soon", True, [1], "9" * 40, 1e300, float("inf"), "nan"])
async def test_a_channel_whose_end_is_not_told_is_believed_in_for_a_day(pushed: Pushed, told: Any) -> None:
    began = pushed.ends()
    _answer(pushed, **({} if told is None else {"expiration": told}))
    granted = await pushed.subscribe()
    assert began + UNTOLD_LIFE <= granted.expires_at <= pushed.ends() + UNTOLD_LIFE


async def test_no_channel_is_believed_in_for_longer_than_was_asked(pushed: Pushed) -> None:
    _answer(pushed, expiration=str(int(pushed.ends(days=300).timestamp() * 1000)))
    assert (await pushed.subscribe(days=2)).expires_at <= pushed.ends(days=2)
    _answer(pushed, expiration=str(int(pushed.ends(days=300).timestamp() * 1000)))
    assert (await pushed.subscribe(days=300)).expires_at <= pushed.ends() + LONGEST_LIFE
    _answer(pushed)
    assert (await pushed.subscribe(days=0.1)).expires_at <= pushed.ends(days=0.1)


@pytest.mark.parametrize("seconds", [60, SHORTEST_LIFE.total_seconds() - 5])
async def test_channels_that_hardly_last_are_given_up_for_polling(pushed: Pushed, seconds: float) -> None:
    pushed.world.google.settings.granted_channel_seconds = int(seconds)
    with pytest.raises(PushRefused) as refused:
        await pushed.subscribe()
    assert refused.value.code == "tooShort"
    assert pushed.channels == []
    pushed.world.faults.google_error(503, "backendError", path=STOP)
    with pytest.raises(PushRefused):
        await pushed.subscribe()


async def test_a_channel_that_has_ended_already_is_given_up_for_polling(pushed: Pushed) -> None:
    _answer(pushed, expiration=str(int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)))
    with pytest.raises(PushRefused):
        await pushed.subscribe()


@pytest.mark.parametrize(
    "changes",
    [{"resourceId": None}, {"resourceId": 7}, {"resourceId": "x" * 300}, {"id": "another"}],
    ids=str,
)
async def test_an_answer_about_no_channel_of_ours_is_none(pushed: Pushed, changes: dict[str, Any]) -> None:
    _answer(pushed, **changes)
    with pytest.raises(InvalidAnswer):
        await pushed.subscribe()


async def test_an_id_that_is_spent_is_replaced(pushed: Pushed) -> None:
    pushed.world.faults.google_error(400, "channelIdNotUnique", path=WATCH, perform=True)
    granted = await pushed.subscribe()
    assert len(set(pushed.asked_ids)) == 2
    assert granted.remote_id.startswith(pushed.asked_ids[-1])


async def test_ids_that_are_all_spent_are_not_tried_for_ever(pushed: Pushed) -> None:
    refusal = pushed.world.faults.google_error(400, "channelIdNotUnique", path=WATCH, times=None)
    with pytest.raises(PushRefused):
        await pushed.subscribe()
    assert refusal.hits == 3


async def test_an_answer_that_got_lost_leaves_a_channel_and_the_next_is_another(pushed: Pushed) -> None:
    pushed.world.faults.add(surface="google", kind="cut", path=WATCH, perform=True)
    with pytest.raises(ProviderUnavailable) as caught:
        await pushed.subscribe(secret="lost")
    assert caught.value.outcome_unknown
    granted = await pushed.subscribe()
    await pushed.change()
    assert {(one.remote_id, one.secret) for one in pushed.changes} >= {(granted.remote_id, SECRET)}
    assert len(set(pushed.asked_ids)) == 2


@pytest.mark.parametrize("status", [400, 403])
async def test_a_kind_of_calendar_without_notifications_is_refused(pushed: Pushed, status: int) -> None:
    pushed.world.google.settings.watch_refusal_status = status
    with pytest.raises(PushRefused) as refused:
        await pushed.subscribe("walter", "holidays")
    assert refused.value.code == "pushNotSupportedForRequestedResource"
    assert pushed.google.alarms.silent == {}


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "badRequest"), (403, "forbidden"), (403, "requiredAccessLevel"), (403, "insufficientPermissions")],
)
async def test_a_calendar_that_may_not_be_watched_is_refused(
    pushed: Pushed, status: int, reason: str
) -> None:
    pushed.world.faults.google_error(status, reason, path=WATCH)
    with pytest.raises(PushRefused) as refused:
        await pushed.subscribe()
    assert refused.value.code == reason


@pytest.mark.parametrize("key", ["freeBusyReader", "reader", "writer", "hidden"])
async def test_calendars_that_others_own_are_watched_where_google_allows_it(pushed: Pushed, key: str) -> None:
    await pushed.subscribe("walter", key)
    assert len(pushed.channels) == 1


@pytest.mark.parametrize("status", [400, 401])
async def test_an_address_that_is_not_verified_is_told_to_the_operator(pushed: Pushed, status: int) -> None:
    settings = pushed.world.google.settings
    settings.watch_refusal, settings.watch_refusal_status = UNAUTHORIZED, status
    with pytest.raises(AddressNotReached) as refused:
        await pushed.subscribe()
    assert refused.value.code == UNAUTHORIZED
    assert pushed.google.alarms.silent == {Provider.GOOGLE: [UNAUTHORIZED]}
    assert pushed.google.alarms.refusing == set()
    assert pushed.requests("/calendars/{calendarId}/events/watch") == 1


async def test_that_is_told_once_and_asked_rarely_however_many_calendars_there_are(pushed: Pushed) -> None:
    settings = pushed.world.google.settings
    settings.watch_refusal = UNAUTHORIZED
    for _ in range(3):
        for person, key in (("gina", "primary"), ("gina", "family"), ("walter", "own")):
            with pytest.raises(AddressNotReached) as refused:
                await pushed.subscribe(person, key)
            assert refused.value.code == UNAUTHORIZED
    assert pushed.google.alarms.silent == {Provider.GOOGLE: [UNAUTHORIZED]}
    pushed.world.clock.advance(APART.total_seconds())
    at_once = await asyncio.gather(*(pushed.subscribe() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in at_once] == [AddressNotReached] * 3
    assert pushed.requests("/calendars/{calendarId}/events/watch") == 2


async def test_after_the_operator_has_acted_all_goes_on(pushed: Pushed) -> None:
    pushed.world.google.settings.watch_refusal = UNAUTHORIZED
    with pytest.raises(AddressNotReached):
        await pushed.subscribe()
    pushed.world.google.settings.watch_refusal = "nothing"
    pushed.world.clock.advance(APART.total_seconds())
    await pushed.subscribe()
    await pushed.subscribe(key="family")
    assert pushed.google.alarms.silent == {}
    assert len(pushed.channels) == 2


async def test_a_calendar_that_is_gone_is_gone(pushed: Pushed) -> None:
    account, known = pushed.google.connect("gina"), pushed.calendar_id("gina", "family")
    pushed.world.calendars.remove("gina", "family")
    for remote_id in (known, "no/such#id", "../../events", "%2e%2e", " "):
        with pytest.raises(CalendarGone):
            await pushed.push.subscribe(account, remote_id, secret=SECRET, expires_at=pushed.ends(days=1))


@pytest.mark.parametrize(("status", "reason"), [(404, "notFound"), (410, "deleted")])
async def test_one_that_is_not_found_and_is_listed_is_polled(
    pushed: Pushed, status: int, reason: str
) -> None:
    pushed.world.faults.google_error(status, reason, path=WATCH)
    with pytest.raises(PushRefused):
        await pushed.subscribe()


async def test_while_the_list_is_not_found_either_nothing_is_gone(pushed: Pushed) -> None:
    pushed.world.faults.google_error(404, "notFound", times=None)
    with pytest.raises(ProviderUnavailable):
        await pushed.subscribe()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(404, ""), (500, "internalError"), (503, ""), (429, "rateLimitExceeded"), (403, "new")],
)
async def test_an_outage_is_an_outage(pushed: Pushed, status: int, reason: str) -> None:
    pushed.world.faults.google_error(status, reason, path=WATCH)
    with pytest.raises(ProviderUnavailable):
        await pushed.subscribe()


async def test_who_is_to_blame_is_told_apart(pushed: Pushed) -> None:
    pushed.world.faults.google_error(403, "accessNotConfigured", path=WATCH)
    with pytest.raises(ProviderMisconfigured):
        await pushed.subscribe()
    pushed.world.faults.google_error(403, "notACalendarUser", path=WATCH)
    with pytest.raises(MailboxNotServed):
        await pushed.subscribe()


async def test_lost_access_is_lost_access(pushed: Pushed) -> None:
    account = pushed.google.connect("gina")
    pushed.world.google.grants.end_consent("gina")
    with pytest.raises(AccessLost):
        await pushed.push.subscribe(
            account, pushed.calendar_id(), secret=SECRET, expires_at=pushed.ends(days=1)
        )


async def test_nothing_names_a_channel_or_its_secret_by_accident(pushed: Pushed) -> None:
    granted = await pushed.subscribe()
    ids = ChannelIds.parse(granted.remote_id)
    assert ids is not None
    assert not [one for one in (ids.channel_id, ids.resource_id) if one in f"{granted!r} {ids!r}"]


def _answer(pushed: Pushed, **changes: Any) -> None:
    """What the next request for a channel is answered, whose id is ours unless the changes name another."""
    body = {name: value for name, value in {**CHANNEL, **changes}.items() if value is not None}
    pushed.world.faults.add(surface="google", path=WATCH, status=200, body=body)
