"""The list of an account's calendars is looked at by the clock: what comes, goes, comes back, or is not believed."""

import pytest

from calendarsync.v1.calendar_pb2 import Calendar
from tests.support.calls import NOW, SOON, at, busy_hours, hours, sources, unread
from tests.support.cast import AT_MICROSOFT, Cast
from tests.support.readings import subscriptions
from tests.support.service import Service, start_of, until

SOON_ALL_DAY = hours(0, 24, day=SOON)


@pytest.fixture
async def connected(service: Service) -> Service:
    """Anna's primary and team calendars are conflict calendars."""
    return await connect(service, AT_MICROSOFT)


async def connect(service: Service, cast: Cast) -> Service:
    """Their primary and their further calendar are conflict calendars."""
    await service.connect(cast.main)
    chosen = [await service.calendar_id(cast.main, key) for key in (cast.primary, cast.further)]
    await service.choose(conflict_calendar_ids=chosen)
    await service.settled()
    return service


async def rediscover(service: Service) -> None:
    """The time for the next look at the lists has come, and they were looked at."""
    await service.settled()  # the end of a look under way would put off the next
    await service.database.execute("UPDATE account SET list_due_at = now() - interval '1 second'")
    await service.settled()


async def known(service: Service) -> dict[str, Calendar]:
    """The calendars by name, as they are known without a look at the provider."""
    return {one.name: one for one in await service.list_calendars(page_size=200)}


async def test_a_new_calendar_appears_and_is_not_checked_until_it_is_chosen(
    service: Service, cast: Cast
) -> None:
    connected = await connect(service, cast)
    before = await connected.calendar_settings()
    connected.sandbox.world.calendars.add(cast.main, "club", "Chess club")
    assert "Chess club" not in await known(connected)
    await rediscover(connected)
    assert not (await known(connected))["Chess club"].missing
    assert await connected.calendar_settings() == before


async def test_a_calendar_that_vanished_comes_back_with_its_choices(service: Service, cast: Cast) -> None:
    connected, main = await connect(service, cast), cast.main
    world = connected.sandbox.world
    team = await connected.calendar_id(main, cast.further)
    name = world.calendars.get(main, cast.further).name
    await connected.choose(write_calendar_id=team)
    before = await connected.calendar_settings()
    world.calendars.remove(main, cast.further)
    await rediscover(connected)
    assert (await known(connected))[name].missing
    assert unread(await connected.busy(SOON_ALL_DAY)) == ["CALENDAR_MISSING"]
    after = await connected.calendar_settings()
    assert after.conflict_calendar_ids == before.conflict_calendar_ids
    await connected.put_session(day=SOON)
    await connected.waits("CALENDAR_MISSING")

    world.calendars.add(main, "team-again", name)
    world.events.add(main, at(14, day=SOON), at(15, day=SOON), calendar="team-again")
    await rediscover(connected)
    back = (await known(connected))[name]
    assert (back.calendar_id, back.missing) == (team, False)
    assert await connected.calendar_settings() == before
    answer = await connected.busy(hours(12, 24, day=SOON))
    assert (answer.complete, busy_hours(answer, day=SOON)) == (True, [(14, 15)])
    await connected.written()
    assert [start_of(one) for one in connected.events(main, "team-again")] == [at(10, day=SOON)]


async def test_an_empty_list_is_not_believed(connected: Service) -> None:
    before = await known(connected), await connected.calendar_settings()
    connected.sandbox.world.people.change("anna", calendar_list="empty")
    await rediscover(connected)
    assert (await known(connected), await connected.calendar_settings()) == before
    answer = await connected.busy(SOON_ALL_DAY)
    assert (answer.complete, sources(answer)) == (True, {"STORED"})
    (row,) = await connected.rows("SELECT list_due_at - now() AS pause FROM account")
    assert row["pause"].total_seconds() < 3600, "looked at again soon"


async def test_a_calendar_under_a_new_id_is_known_by_its_name_and_read_and_told_of_again(
    connected: Service,
) -> None:
    world = connected.sandbox.world
    primary = await connected.calendar_id("anna", "primary")
    before = await connected.calendar_settings()
    world.calendars.change_id("anna", "primary")
    await rediscover(connected)
    assert await connected.calendar_id("anna", "primary") == primary
    assert await connected.calendar_settings() == before
    covered = {one.calendar_id for one in subscriptions(connected)}
    assert world.calendars.get("anna", "primary").id in covered
    world.events.add("anna", at(14, day=SOON), at(15, day=SOON))

    async def stored() -> list[tuple[float, float]]:
        answer = await connected.busy(hours(12, 24, day=SOON))
        assert sources(answer) == {"STORED"}
        return busy_hours(answer, day=SOON)

    await until(stored, lambda found: found == [(14, 15)], within=2)


async def test_a_calendar_that_is_gone_when_it_is_read_has_the_list_looked_at(connected: Service) -> None:
    world = connected.sandbox.world
    team = await connected.calendar_id("anna", "team")
    world.calendars.change_id("anna", "team")
    answer = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert unread(answer) == ["CALENDAR_MISSING"]
    await connected.settled()
    assert await connected.calendar_id("anna", "team") == team
    assert (await connected.busy(SOON_ALL_DAY, max_age=NOW)).complete
