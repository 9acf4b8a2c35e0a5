"""What every writer of events keeps to; what it says when something stands in the way has a file of its own."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.access import EventDeleted, EventMissing, ProviderUnavailable
from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.event_digest import APPEARANCE, EventPart
from domain.ids import EventMark
from domain.interval import Interval
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.builders import MARK, some_details
from tests.support.bookings import LATER, MOVED, SLOT, Booked, book, copy_for, says
from tests.support.providers import Human, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
ALSO = ("apple_otherwise", "radicale")

OTHER_MARK = EventMark("3f2f6f4e-7d36-5f0c-8a52-1d1a2b3c4d5e")
POSTPONED = Interval(LATER.start + timedelta(days=2), LATER.end + timedelta(days=2))


async def test_an_event_says_what_the_session_says(provider: ProviderHarness) -> None:
    booked = await book(provider)
    written = booked.written
    assert (written.remote_id, written.calendar, written.mark, written.interval) == (
        booked.event,
        provider.primary(),
        MARK,
        SLOT,
    )
    assert says(written, some_details())


async def test_an_event_goes_to_the_calendar_named(provider: ProviderHarness) -> None:
    team = provider.add_calendar("Team")
    assert (await book(provider, calendar=team)).written.calendar == team


async def test_an_event_goes_to_a_shared_calendar_that_may_be_written(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    shared = provider.share(
        provider.primary("jonas"), owner="jonas", reader="maria", title="Jonas", writable=True
    )
    booked = await book(provider, calendar=shared)
    assert await booked.find() == booked.copy.place
    await booked.update(LATER)
    assert [one.interval for one in provider.written()] == [LATER]
    await booked.delete()
    assert provider.written() == ()


async def test_a_session_that_says_nothing_is_an_event_that_says_nothing(
    provider: ProviderHarness,
) -> None:
    copy = copy_for(provider, await provider.connect())
    await provider.writer.create(copy, SLOT, SessionDetails(title=""))
    (written,) = provider.written()
    assert (written.title, written.body.strip(), written.place) == ("", "", "")
    assert written.reminder_minutes is None


async def test_a_repeat_under_the_same_mark_makes_no_second_event(provider: ProviderHarness) -> None:
    booked = await book(provider)
    assert await booked.create() == booked.copy.place
    assert booked.written.remote_id == booked.event


async def test_two_creations_at_once_under_one_mark_make_one_event(provider: ProviderHarness) -> None:
    copy = copy_for(provider, await provider.connect())
    places = await asyncio.gather(*(provider.writer.create(copy, SLOT, some_details()) for _ in range(2)))
    assert [one.address for one in provider.written()] == list(set(places))


async def test_another_mark_is_another_event(provider: ProviderHarness) -> None:
    booked = await book(provider)
    other = await provider.writer.create(replace(booked.copy, mark=OTHER_MARK), SLOT, some_details())
    assert {one.address for one in provider.written()} == {booked.copy.place, other}


async def test_the_same_mark_in_another_mailbox_is_another_event(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    await book(provider)
    copy = copy_for(provider, await provider.connect("jonas"), calendar=provider.primary("jonas"))
    await provider.writer.create(copy, SLOT, some_details())
    assert (len(provider.written("maria")), len(provider.written("jonas"))) == (1, 1)


async def test_an_event_in_a_calendar_that_is_gone_is_no_repeat(provider: ProviderHarness) -> None:
    team = provider.add_calendar("Team")
    booked = await book(provider, calendar=team)
    provider.remove_calendar(team)
    again = await provider.writer.create(
        replace(booked.copy, remote_calendar_id=provider.primary()), SLOT, some_details()
    )
    assert await provider.writer.find(booked.copy) == again


@pytest.mark.parametrize("find_first", [True, False])
async def test_an_event_whose_answer_got_lost_is_there_once(
    provider: ProviderHarness, *, find_first: bool
) -> None:
    copy = copy_for(provider, await provider.connect())
    provider.lose_answer_of("create")
    with pytest.raises(ProviderUnavailable) as caught:
        await provider.writer.create(copy, SLOT, some_details())
    assert caught.value.outcome_unknown
    (written,) = provider.written()
    booked = Booked(provider, copy)
    assert await (booked.find() if find_first else booked.create()) == written.address
    assert len(provider.written()) == 1


@pytest.mark.parametrize("trouble", [Trouble.OUTAGE, Trouble.NONSENSE])
async def test_an_event_that_was_never_made_is_not_found(provider: ProviderHarness, trouble: Trouble) -> None:
    booked = Booked(provider, copy_for(provider, await provider.connect()))
    provider.trouble(trouble)
    with pytest.raises(ProviderUnavailable):
        await booked.create()
    provider.mend()
    assert await booked.find() is None
    assert await booked.create() == booked.written.address


async def test_an_update_brings_the_event_to_the_state_wanted(provider: ProviderHarness) -> None:
    booked = await book(provider)
    await booked.update(LATER, MOVED)
    assert (booked.written.remote_id, booked.written.interval) == (booked.event, LATER)
    assert booked.written.mark == MARK
    assert says(booked.written, MOVED)


async def test_an_update_can_be_repeated(provider: ProviderHarness) -> None:
    booked = await book(provider)
    await booked.update(LATER)
    once = booked.written
    await booked.update(LATER)
    assert booked.written == once


@pytest.mark.parametrize("part", EventPart)
async def test_an_update_of_one_part_leaves_what_the_owner_made_of_the_others(
    provider: ProviderHarness, part: EventPart
) -> None:
    booked = await book(provider)
    provider.reword_by_hand(booked.event, title="Mine", notes="My notes", place="Room 7")
    provider.set_reminder_by_hand(booked.event, 5)
    provider.dress_by_hand(booked.event, visibility=Visibility.PRIVATE, category="Mine", color=EventColor.RED)
    provider.postpone_by_hand(booked.event, POSTPONED)
    before = booked.written
    await booked.update(LATER, MOVED, parts={part})
    ours = {
        EventPart.TIME: replace(before, interval=LATER),
        EventPart.TITLE: replace(before, title=MOVED.title),
        EventPart.BODY: replace(before, body=booked.written.body),
        EventPart.PLACE: replace(before, place=MOVED.place),
        EventPart.REMINDER: replace(before, reminder_minutes=MOVED.reminder_minutes),
        EventPart.VISIBILITY: replace(before, visibility=None),
        EventPart.CATEGORY: replace(before, category=MOVED.category),
        EventPart.COLOR: replace(before, color=MOVED.color),
    }
    has_it = part not in APPEARANCE - provider.appearance
    assert booked.written == (ours[part] if has_it else before)
    assert (MOVED.text in booked.written.body) is (part is EventPart.BODY)
    assert ("My notes" in booked.written.body) is (part is not EventPart.BODY)


@pytest.mark.parametrize("minutes", [45, None])
async def test_an_update_sets_the_reminder_where_it_is_meant_to(
    provider: ProviderHarness, minutes: int | None
) -> None:
    booked = await book(provider)
    provider.set_reminder_by_hand(booked.event, 5)
    await booked.update(details=replace(MOVED, reminder_minutes=minutes))
    assert booked.written.reminder_minutes == minutes


async def test_of_two_updates_at_once_one_is_the_last(provider: ProviderHarness) -> None:
    booked = await book(provider)
    await asyncio.gather(booked.update(SLOT, some_details()), booked.update(LATER, MOVED))
    expected = {SLOT: some_details(), LATER: MOVED}
    assert says(booked.written, expected[booked.written.interval])


async def test_an_update_whose_answer_got_lost_can_be_repeated(provider: ProviderHarness) -> None:
    booked = await book(provider)
    provider.lose_answer_of("update")
    with pytest.raises(ProviderUnavailable):
        await booked.update(LATER)
    assert booked.written.interval == LATER
    await booked.update(LATER)
    assert booked.written.interval == LATER


async def test_an_event_moved_to_another_calendar_is_found_and_still_ours_to_change(
    provider: ProviderHarness,
) -> None:
    booked, team = await book(provider), provider.add_calendar("Team")
    provider.move_by_hand(booked.event, calendar=team)
    for step in (booked.update, booked.delete):
        with pytest.raises(EventMissing):
            await step()
    place = await booked.find()
    assert place == booked.written.address
    moved = Booked(provider, booked.copy.at(place))
    await moved.update(LATER)
    assert (moved.written.calendar, moved.written.interval) == (team, LATER)
    await moved.delete()
    assert provider.written() == ()


async def test_an_event_deleted_by_hand_cannot_be_updated(provider: ProviderHarness) -> None:
    booked = await book(provider)
    provider.delete_by_hand(booked.event)
    with pytest.raises(EventMissing):
        await booked.update()
    assert provider.written() == ()


@pytest.mark.parametrize("event", ["made-up", "../me", "a?b#c"])
async def test_an_event_that_never_was_is_missing(provider: ProviderHarness, event: str) -> None:
    booked = await book(provider)
    other = Booked(provider, replace(booked.copy, remote_id=event))
    for step in (other.update, other.delete):
        with pytest.raises(EventMissing):
            await step()
    assert len(provider.written()) == 1


async def test_an_event_goes_with_its_calendar(provider: ProviderHarness) -> None:
    team = provider.add_calendar("Team")
    booked = await book(provider, calendar=team)
    provider.remove_calendar(team)
    for step in (booked.update, booked.delete):
        with pytest.raises(EventMissing):
            await step()


async def test_an_event_of_another_mailbox_is_out_of_reach(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    booked = await book(provider)
    theirs = Booked(provider, replace(booked.copy, account_id=await provider.connect("jonas")))
    for step in (theirs.update, theirs.delete):
        with pytest.raises(EventMissing):
            await step()
    assert booked.written.interval == SLOT


async def test_a_deleted_event_is_missing_from_then_on(provider: ProviderHarness) -> None:
    booked = await book(provider)
    await booked.delete()
    assert provider.written() == ()
    with pytest.raises(EventMissing):
        await booked.delete()


async def test_of_two_deletions_at_once_one_removes_the_event(provider: ProviderHarness) -> None:
    booked = await book(provider)
    ends = await asyncio.gather(booked.delete(), booked.delete(), return_exceptions=True)
    assert provider.written() == ()
    assert all(end is None or isinstance(end, EventMissing) for end in ends)
    assert None in ends


async def test_a_deletion_whose_answer_got_lost_was_done_all_the_same(provider: ProviderHarness) -> None:
    booked = await book(provider)
    provider.lose_answer_of("delete")
    with pytest.raises(ProviderUnavailable):
        await booked.delete()
    assert provider.written() == ()
    with pytest.raises(EventMissing):
        await booked.delete()


async def test_an_event_is_found_by_its_mark_alone(provider: ProviderHarness) -> None:
    provider.add_entry(CalendarEntry(when=Instants(SLOT.start, SLOT.end), show_as=ShowAs.BUSY))
    provider.add_entry(CalendarEntry(when=Days(date(2031, 5, 6), date(2031, 5, 7)), show_as=ShowAs.FREE))
    booked = await book(provider)
    await provider.writer.create(replace(booked.copy, mark=OTHER_MARK), SLOT, some_details())
    assert await booked.find_by_mark() == booked.copy.place


async def test_a_mark_that_was_never_used_is_not_found(provider: ProviderHarness) -> None:
    provider.add_entry(CalendarEntry(when=Instants(SLOT.start, SLOT.end), show_as=ShowAs.BUSY))
    booked = await book(provider)
    assert await booked.find_by_mark(OTHER_MARK) is None


async def test_a_deleted_event_is_not_found(provider: ProviderHarness) -> None:
    booked = await book(provider)
    await booked.delete()
    for find in (booked.find, booked.find_by_mark):
        if provider.remembers_deleted:
            with pytest.raises(EventDeleted):
                await find()
        else:
            assert await find() is None


@pytest.mark.parametrize("by_hand", [True, False])
async def test_where_the_mark_of_a_deleted_event_is_remembered_no_other_is_made_under_it(
    provider: ProviderHarness, *, by_hand: bool
) -> None:
    booked = await book(provider)
    if by_hand:
        provider.delete_by_hand(booked.event)
    else:
        await booked.delete()
    if provider.remembers_deleted:
        with pytest.raises(EventDeleted):
            await booked.create()
        assert provider.written() == ()
    await provider.writer.create(replace(booked.copy, mark=OTHER_MARK), SLOT, some_details())
    assert [one.mark for one in provider.written()] == [OTHER_MARK]


async def test_an_event_whose_id_is_not_known_yet_is_sought_in_every_calendar(
    provider: ProviderHarness,
) -> None:
    booked, team = await book(provider), provider.add_calendar("Team")
    provider.add_calendar("Holidays", writable=False)
    assert await booked.find_by_mark() == booked.copy.place
    provider.move_by_hand(booked.event, calendar=team)
    assert await booked.find_by_mark() == booked.written.address
    assert booked.written.calendar == team


async def test_an_event_is_found_after_its_mailbox_was_moved(provider: ProviderHarness) -> None:
    booked = await book(provider)
    provider.move_mailbox()
    with pytest.raises(EventMissing):
        await booked.update()
    place = await booked.find()
    assert place == booked.written.address
    assert place != booked.copy.place
    await Booked(provider, booked.copy.at(place)).update(LATER)
    assert booked.written.interval == LATER


async def test_an_event_moved_out_of_a_calendar_that_is_gone_is_found(provider: ProviderHarness) -> None:
    team = provider.add_calendar("Team")
    booked = await book(provider, calendar=team)
    provider.move_by_hand(booked.event, calendar=provider.primary())
    provider.remove_calendar(team)
    assert await booked.find() == booked.written.address


async def test_an_event_postponed_by_hand_is_found(provider: ProviderHarness) -> None:
    booked = await book(provider)
    month = timedelta(days=30)
    provider.postpone_by_hand(booked.event, Interval(SLOT.start + month, SLOT.end + month))
    assert await booked.find() == booked.copy.place
