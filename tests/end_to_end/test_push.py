"""What changes in a calendar is seen at once where its provider tells of it, and within the bound where it doesn't."""

from datetime import timedelta

import pytest

from sandbox import Sandbox
from sandbox.world.settings import Settings as SandboxSettings
from server.runtime.settings import Push
from tests.server.served import Logs
from tests.support.calls import SOON, at, busy_hours, hours, sources
from tests.support.cast import AT_GOOGLE, NOT_AT_APPLE, Cast
from tests.support.readings import (
    asked,
    channels,
    make_due,
    make_subscriptions_due,
    pass_time,
    read_again,
    read_at,
    subscriptions,
)
from tests.support.running_service import open_service
from tests.support.service import Service, until

SOON_ALL_DAY = hours(0, 24, day=SOON)
HEARD_WITHIN = 2.0


@pytest.fixture
async def connected(service: Service) -> Service:
    """Anna's primary calendar is a conflict calendar, with a subscription to its changes."""
    await service.connect("anna")
    assert len(subscriptions(service)) == 1
    return service


async def stored_hours(service: Service) -> list[tuple[float, float]]:
    """What is stored of SOON, without a look at Microsoft."""
    answer = await service.busy(SOON_ALL_DAY)
    assert (answer.complete, sources(answer)) == (True, {"STORED"})
    return busy_hours(answer, day=SOON)


async def hears(service: Service, *busy: tuple[float, float], within: float = HEARD_WITHIN) -> None:
    await until(lambda: stored_hours(service), lambda found: found == list(busy), within=within)


@NOT_AT_APPLE
async def test_an_event_that_is_added_moved_or_deleted_is_seen_within_two_seconds(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    events = service.sandbox.world.events
    event = events.add(cast.main, at(9, day=SOON), at(10, day=SOON))
    await hears(service, (9, 10))
    events.change(event, start=at(14, day=SOON), end=at(16, day=SOON))
    await hears(service, (14, 16))
    events.change(event, show_as="free")
    await hears(service)
    events.change(event, show_as="busy")
    await hears(service, (14, 16))
    events.move(cast.main, event, cast.further)
    await hears(service)
    events.move(cast.main, event, "primary")
    await hears(service, (14, 16))
    events.delete(cast.main, event)
    await hears(service)


async def test_what_changes_while_a_calendar_is_being_read_is_seen_by_a_later_look(
    connected: Service,
) -> None:
    world = connected.sandbox.world
    world.faults.add(kind="hang", seconds=60, path="calendarView", perform=True)
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await connected.sandbox.hangs.reached()
    world.events.add("anna", at(14, day=SOON), at(15, day=SOON))
    await connected.sandbox.delivery.idle()
    connected.sandbox.hangs.release()
    await hears(connected, (9, 10), (14, 15))


@pytest.mark.parametrize(
    "how",
    [
        {"notification_copies": 3},
        {"notification_batch": 10, "notification_delay_seconds": 0.05},
        {"notification_batch": 3, "notification_copies": 2},
        {"notification_delay_seconds": 0.5},
    ],
    ids=["tripled", "batched", "batched and doubled", "late"],
)
async def test_hears_of_changes_however_they_are_delivered(connected: Service, how: dict[str, float]) -> None:
    primary, team = [await connected.calendar_id("anna", key) for key in ("primary", "team")]
    await connected.choose(conflict_calendar_ids=[primary, team])
    await connected.settled()
    set_on(connected.sandbox.world.settings, how)
    add = connected.sandbox.world.events.add
    for hour in (10, 13, 16):
        add("anna", at(hour, day=SOON), at(hour + 1, day=SOON))
        add("anna", at(hour + 1, day=SOON), at(hour + 2, day=SOON), calendar="team")
    afternoon = hours(9, 24, day=SOON)  # the team meets before nine on some days

    async def stored() -> list[tuple[float, float]]:
        return busy_hours(await connected.busy(afternoon), day=SOON)

    await until(stored, lambda found: found == [(10, 12), (13, 15), (16, 18)], within=HEARD_WITHIN)
    await connected.sandbox.delivery.idle()
    await connected.idle()
    assert await stored() == [(10, 12), (13, 15), (16, 18)]
    assert sources(await connected.busy(afternoon)) == {"STORED"}


def set_on(settings: SandboxSettings, how: dict[str, float]) -> None:
    for name, value in how.items():
        setattr(settings, name, value)


async def test_what_was_never_told_is_found_by_polling(connected: Service) -> None:
    world = connected.sandbox.world
    world.settings.lost_notifications = 1
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await connected.sandbox.delivery.idle()
    await connected.idle()
    assert await stored_hours(connected) == []
    await make_due(connected)
    await hears(connected, (9, 10))


async def test_after_a_day_of_silence_no_answer_is_older_than_its_bound(connected: Service) -> None:
    world = connected.sandbox.world
    world.settings.notifications = "silent"
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await pass_time(connected, timedelta(hours=24), read_again=False)
    answer = await connected.busy(SOON_ALL_DAY)
    assert (sources(answer), busy_hours(answer, day=SOON)) == ({"LIVE"}, [(9, 10)])


@NOT_AT_APPLE
async def test_a_forged_notification_changes_nothing(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    world = service.sandbox.world
    world.settings.notification_client_state = world.google.settings.push_token = "forged"

    def looks() -> int:
        return asked(service) + asked(service, path="/events", surface="google")

    looked = looks()
    world.events.add(cast.main, at(9, day=SOON), at(10, day=SOON))
    await service.sandbox.delivery.idle()
    await service.idle()
    taken = service.logs.of("notifications")
    assert [(one["items"], one["taken"]) for one in taken] == [(1, 0)]
    assert looks() == looked
    assert await stored_hours(service) == []
    delivered = [one for one in world.traffic.requests if one.path in {"(change)", "(google-exists)"}]
    assert [one.status for one in delivered] == [202], "a sender learns nothing from the answer"


async def test_a_channel_is_replaced_by_another_and_stopped_when_nobody_needs_it(service: Service) -> None:
    await service.connect(AT_GOOGLE.main)
    (first,) = channels(service)
    first.expires -= timedelta(days=2)  # so that both are told apart by their ends, too
    await make_subscriptions_due(service)
    await service.settled()
    (second,) = channels(service)
    assert (second.id != first.id, second.token != first.token) == (True, True)
    (row,) = await service.rows("SELECT remote_id, expires_at FROM subscription")
    assert (row["remote_id"], row["expires_at"]) == (f"{second.id}/{second.resource_id}", second.expires)
    (schedule,) = await service.rows("SELECT due_at - read_at AS pause FROM reading_schedule")
    assert timedelta(minutes=11) < schedule["pause"] <= timedelta(minutes=13), "it is polled rarely meanwhile"
    service.sandbox.world.events.add(AT_GOOGLE.main, at(9, day=SOON), at(10, day=SOON))
    await hears(service, (9, 10))
    assert not [one for one in service.logs.of("notifications") if not one["taken"]], "`sync` is not forged"
    (account,) = await service.list_accounts()
    await service.disconnect(account.account_id)
    assert not channels(service)


async def test_where_google_takes_our_address_for_anothers_there_is_one_alarm_and_polling(
    service: Service,
) -> None:
    google = service.sandbox.world.google.settings
    google.watch_refusal, google.watch_refusal_status = "push.webhookUrlUnauthorized", 401
    await service.connect(AT_GOOGLE.main)
    both = [one.calendar_id for one in await service.list_calendars()]
    await service.choose(conflict_calendar_ids=both)
    await service.settled()
    assert await service.alarms() == ["GOOGLE_NOTIFICATIONS_REFUSED"]
    assert len(service.logs.of("the provider brings no notifications to our address")) == 1
    assert asked(service, method="POST", path="/watch", surface="google") == 1
    assert asked(service, method="POST", path="/token", surface="google-token") == 1, (
        "no token is renewed for it"
    )
    rows = await service.rows("SELECT due_at - read_at AS pause FROM reading_schedule")
    assert [row["pause"] <= timedelta(minutes=5) for row in rows] == [True, True]


async def test_a_subscription_that_microsoft_removed_is_made_anew(connected: Service) -> None:
    world = connected.sandbox.world
    (first,) = subscriptions(connected)
    world.settings.notifications = "silent"
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    world.settings.notifications = "sent"
    world.subscriptions.lifecycle(first.id, "subscriptionRemoved")
    await hears(connected, (9, 10))
    await connected.settled()
    (second,) = subscriptions(connected)
    assert second.id != first.id
    world.events.add("anna", at(12, day=SOON), at(13, day=SOON))
    await hears(connected, (9, 10), (12, 13))


async def test_a_subscription_that_vanished_without_a_word_is_made_anew(connected: Service) -> None:
    world = connected.sandbox.world
    (first,) = subscriptions(connected)
    world.subscriptions.remove(first.id)
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await make_subscriptions_due(connected)
    await hears(connected, (9, 10))
    await connected.settled()
    assert [one.id for one in subscriptions(connected)] != [first.id]


async def test_missed_notifications_are_made_up_for(connected: Service) -> None:
    world = connected.sandbox.world
    (subscription,) = subscriptions(connected)
    world.settings.lost_notifications = 1
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    world.subscriptions.lifecycle(subscription.id, "missed")
    await hears(connected, (9, 10))
    assert [one.id for one in subscriptions(connected)] == [subscription.id]


async def test_a_subscription_to_be_reauthorised_is_renewed_at_once(connected: Service) -> None:
    world = connected.sandbox.world
    (subscription,) = subscriptions(connected)
    expires = subscription.expires
    world.subscriptions.lifecycle(subscription.id, "reauthorizationRequired")
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await hears(connected, (9, 10))
    (renewed,) = subscriptions(connected)
    assert (renewed.id, renewed.paused) == (subscription.id, None)
    assert renewed.expires > expires


async def test_an_expired_subscription_is_made_anew_and_what_it_missed_is_read(connected: Service) -> None:
    world = connected.sandbox.world
    (first,) = subscriptions(connected)
    first.expires = world.clock.now()
    assert not subscriptions(connected)
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await connected.database.execute(
        "UPDATE subscription SET expires_at = now() - interval '1 day', due_at = now() - interval '1 day'"
    )
    await hears(connected, (9, 10))
    await connected.settled()
    assert [one.id for one in subscriptions(connected)] != [first.id]


async def test_renews_from_what_was_granted_not_from_what_was_asked_for(service: Service) -> None:
    service.sandbox.world.settings.granted_subscription_minutes = 60
    await service.connect("anna")
    (row,) = await service.rows(
        "SELECT expires_at - now() AS life, due_at - now() AS renewed_in FROM subscription"
    )
    assert timedelta(minutes=58) < row["life"] <= timedelta(minutes=60)
    assert timedelta(minutes=25) < row["renewed_in"] < timedelta(minutes=45)


async def test_of_two_experts_with_one_microsoft_account_none_takes_the_others_subscription(
    connected: Service,
) -> None:
    (first,) = subscriptions(connected)
    await connected.put_expert("expert-2")
    await connected.connect("anna", expert_id="expert-2")
    await connected.settled()
    assert subscriptions(connected) == [first]
    (polled,) = await connected.rows(
        "SELECT due_at - now() AS again_in FROM subscription WHERE remote_id IS NULL"
    )
    assert timedelta(hours=5) < polled["again_in"] <= timedelta(hours=6)
    await make_subscriptions_due(connected)
    await connected.settled()
    assert subscriptions(connected) == [first]
    connected.sandbox.world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await hears(connected, (9, 10))


async def test_the_other_expert_is_told_once_the_first_has_left(connected: Service) -> None:
    (first,) = subscriptions(connected)
    await connected.put_expert("expert-2")
    await connected.connect("anna", expert_id="expert-2")
    await connected.settled()
    (account,) = await connected.list_accounts()
    await connected.disconnect(account.account_id)
    await make_subscriptions_due(connected)
    await connected.settled()
    (second,) = subscriptions(connected)
    assert second.id != first.id
    assert await connected.rows("SELECT remote_id FROM subscription") == [{"remote_id": second.id}]


async def test_polls_often_where_a_subscription_is_refused(service: Service) -> None:
    service.sandbox.world.settings.subscription_limit = 0
    await service.connect("anna")
    assert not subscriptions(service)
    await make_due(service)
    await service.settled()
    (row,) = await service.rows("SELECT due_at - read_at AS pause FROM reading_schedule")
    assert row["pause"] <= timedelta(minutes=5)


async def test_with_push_off_polling_keeps_every_answer_within_the_bound(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs, push=Push.OFF) as service:
        await service.put_expert()
        await service.connect("anna")
        assert not asked(service, method="POST", path="/subscriptions")
        (row,) = await service.rows("SELECT due_at - read_at AS pause FROM reading_schedule")
        assert row["pause"] <= timedelta(minutes=5)
        sandbox.world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
        await pass_time(service, row["pause"])
        await hears(service, (9, 10))


async def test_polls_by_the_clock(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    async with open_service(
        sandbox,
        dsn,
        logs=logs,
        push=Push.OFF,
        poll_seconds=1,
        poll_with_push_seconds=1,
        default_max_age_seconds=5,
    ) as service:
        await service.put_expert()
        await service.connect("anna")
        primary = await service.calendar_id("anna", "primary")
        first = await read_at(service, primary)
        sandbox.world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
        await hears(service, (9, 10), within=4)
        await read_again(service, primary, after=first)


async def test_a_disconnected_account_is_told_of_no_more(connected: Service) -> None:
    (account,) = await connected.list_accounts()
    await connected.disconnect(account.account_id)
    assert not subscriptions(connected)
    assert not {"reading", "subscription"} & set(await connected.tables())


async def test_a_reconnected_account_is_read_and_told_of_again(connected: Service) -> None:
    world = connected.sandbox.world
    (account,) = await connected.list_accounts()
    world.grants.revoke("anna", access_tokens=True)
    world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    await until(lambda: connected.rows("SELECT incident_id FROM incident"), bool)
    answer = await connected.busy(SOON_ALL_DAY)
    assert not answer.complete, "what was known no longer counts"
    await connected.finish("anna", account_id=account.account_id)
    await hears(connected, (9, 10), within=5)
    world.events.add("anna", at(12, day=SOON), at(13, day=SOON))
    await hears(connected, (9, 10), (12, 13))
