"""What the database says of the service itself."""

from datetime import timedelta

from adapters.postgres.migrate import needed_version
from application.ports.census import DueWork
from domain.access import LossCause
from domain.ids import WorkerId
from domain.session import Hindrance, WriteStatus
from tests.builders import (
    NOW,
    a_grant,
    a_hold,
    a_reading,
    a_session,
    a_subscription,
    after,
    an_account,
    an_incident,
    an_interval,
)
from tests.support.kept_readings import begin_reading, store_reading
from tests.support.stores import Kept, put_conflict_calendars, put_expert

ALIVE = timedelta(seconds=30)
BOUND = timedelta(minutes=15)
KINDS = {
    "write_session",
    "notify_expert",
    "read_calendar",
    "keep_subscription",
    "end_subscription",
    "refresh_calendars",
}


async def due(kept: Kept, *, minutes: float = 0) -> dict[str, DueWork]:
    """Those of which there are any."""
    work = await kept.census.work(after(minutes=minutes), alive_within=ALIVE)
    assert {one.kind for one in work.due} == KINDS
    return {one.kind: one for one in work.due if one.rows}


async def test_tells_the_version_of_its_schema(kept: Kept) -> None:
    assert await kept.census.schema_version() == needed_version()


async def test_where_nothing_is_there_is_nothing_to_do(kept: Kept) -> None:
    work = await kept.census.work(NOW, alive_within=ALIVE)

    assert await due(kept) == {}
    assert (work.workers, work.holds, dict(work.sessions), dict(work.incidents)) == (0, 0, {}, {})


async def test_counts_what_is_due_and_says_since_when(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        for number, minutes in enumerate((-3, -5, 2)):
            await tx.sessions.add(a_session(f"session-{number}", due_at=after(minutes=minutes)))

    assert await due(kept) == {
        "write_session": DueWork(kind="write_session", rows=2, oldest_due_at=after(minutes=-5))
    }
    assert (await due(kept, minutes=2))["write_session"].rows == 3


async def test_what_was_due_from_the_beginning_is_late_since_nobody_knows_when(kept: Kept) -> None:
    await put_conflict_calendars(kept)

    found = await due(kept)

    assert set(found) == {"read_calendar", "keep_subscription", "refresh_calendars"}
    assert {(one.rows, one.oldest_due_at) for one in found.values()} == {(1, None)}


async def test_counts_mails_that_are_due_and_incidents_by_cause(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        for number in (1, 2, 3):
            await tx.accounts.add(an_account(f"account-{number}"), a_grant())
        causes = (LossCause.SIGN_IN_REQUIRED, LossCause.ACCOUNT_CLOSED, LossCause.ACCOUNT_CLOSED)
        for number, cause in enumerate(causes, start=1):
            closed_at = NOW if number == 3 else None
            await tx.incidents.add(
                an_incident(
                    f"incident-{number}",
                    account_id=f"account-{number}",
                    cause=cause,
                    closed_at=closed_at,
                    mail_due_at=after(minutes=-1) if number == 1 else None,
                )
            )

    work = await kept.census.work(NOW, alive_within=ALIVE)
    assert dict(work.incidents) == {"SIGN_IN_REQUIRED": 1, "ACCOUNT_CLOSED": 1}
    assert (await due(kept))["notify_expert"] == DueWork(
        kind="notify_expert", rows=1, oldest_due_at=after(minutes=-1)
    )


async def test_counts_sessions_that_are_not_written_by_what_they_wait_for(kept: Kept) -> None:
    await put_expert(kept)
    waiting = {"status": WriteStatus.WAITING, "due_at": after(hours=1)}
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session("new", due_at=NOW))
        for number, hindrance in enumerate(
            (Hindrance.RECONNECT_REQUIRED, Hindrance.PROVIDER_UNAVAILABLE) * 2
        ):
            await tx.sessions.add(a_session(f"waits-{number}", hindrance=hindrance, **waiting))  # type: ignore[arg-type]
        await tx.sessions.add(a_session("written", status=WriteStatus.WRITTEN, due_at=None))

    assert dict((await kept.census.work(NOW, alive_within=ALIVE)).sessions) == {
        ("PENDING", ""): 1,
        ("WAITING", "RECONNECT_REQUIRED"): 2,
        ("WAITING", "PROVIDER_UNAVAILABLE"): 2,
    }


async def test_counts_workers_that_live_and_holds_that_stand(kept: Kept) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.workers.show_life(WorkerId("lives"), after(seconds=-10))
        await tx.workers.show_life(WorkerId("died"), after(seconds=-40))
        await tx.reserved.hold(a_hold("stands", expires_at=after(minutes=1)), now=NOW)
        await tx.reserved.hold(
            a_hold("ends", interval=an_interval(starts=48), expires_at=NOW), now=after(minutes=-1)
        )

    work = await kept.census.work(NOW, alive_within=ALIVE)

    assert (work.workers, work.holds) == (1, 1)


async def test_tells_how_old_the_readings_are(kept: Kept) -> None:
    calendars = ["one", "two", "three", "never"]
    await put_conflict_calendars(kept, *calendars)
    for calendar, minutes in zip(calendars, (1, 14, 16), strict=False):
        reading = a_reading(calendar, read_at=after(minutes=-minutes))
        assert await store_reading(kept, await begin_reading(kept, calendar), reading)  # type: ignore[arg-type]

    found = await kept.census.readings(NOW, bound=BOUND)

    assert (found.calendars, found.unread, found.too_old) == (4, 1, 1)
    assert found.ages == {0.5: 14 * 60, 0.9: 16 * 60, 0.99: 16 * 60, 1.0: 16 * 60}


async def test_readings_of_calendars_that_can_not_be_read_are_not_counted(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        (account,) = await tx.accounts.of_expert(an_account().expert_id)
        await tx.accounts.save(account.lost(LossCause.SIGN_IN_REQUIRED))

    found = await kept.census.readings(NOW, bound=BOUND)

    assert (found.calendars, found.unread, found.too_old, dict(found.ages)) == (0, 0, 0, {})


async def test_counts_subscriptions_that_live(kept: Kept) -> None:
    await put_conflict_calendars(kept, "one", "two", "three")
    for calendar, expires_at in (("one", after(days=1)), ("two", NOW)):
        async with kept.transaction() as tx:
            await tx.subscriptions.save(
                a_subscription(calendar_id=calendar, remote_id=f"of-{calendar}", expires_at=expires_at),
                instead_of=None,
                secret="secret",
                renew_at=after(hours=1),
            )

    assert (await kept.census.readings(NOW, bound=BOUND)).subscriptions == 1
