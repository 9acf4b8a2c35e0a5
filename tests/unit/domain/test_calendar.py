"""What a fresh list of an account's calendars changes, and what it must not."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, CalendarListNotBelieved, RemoteCalendar, Uncheckable, reconcile
from domain.ids import CalendarId
from tests.builders import ACCOUNT, a_calendar, a_remote_calendar


def _new_ids() -> Callable[[], CalendarId]:
    numbers = count(1)
    return lambda: CalendarId(f"new-{next(numbers)}")


def _reconciled(known: list[Calendar], listed: list[RemoteCalendar]) -> dict[str, Calendar]:
    """The calendars afterwards, by their id."""
    after = reconcile(known, listed, account_id=ACCOUNT, new_id=_new_ids())
    assert len({one.calendar_id for one in after}) == len(after)
    return {one.calendar_id: one for one in after}


def _known(calendar_id: str, remote_id: str, *, name: str = "Calendar", missing: bool = False) -> Calendar:
    return a_calendar(calendar_id, remote=a_remote_calendar(remote_id, name=name), missing=missing)


def test_what_can_not_be_checked_is_known_and_neither_read_nor_written() -> None:
    feed = a_remote_calendar("r1", uncheckable=Uncheckable.SUBSCRIBED)
    (known,) = _reconciled([], [feed]).values()
    assert (known.missing, known.readable, known.writable) == (False, False, False)

    (gone,) = reconcile(
        [known], [a_remote_calendar("r2", name="Yoga")], account_id=ACCOUNT, new_id=_new_ids()
    )[1:]
    assert (gone.missing, gone.remote.uncheckable) == (True, None)

    (back,) = reconcile([known], [replace(feed, uncheckable=None)], account_id=ACCOUNT, new_id=_new_ids())
    assert (back.calendar_id, back.readable, back.writable) == (known.calendar_id, True, True)


def test_a_first_list_adds_every_calendar() -> None:
    first, second = a_remote_calendar("r1"), a_remote_calendar("r2", name="Yoga", writable=False)
    after = _reconciled([], [first, second])
    assert after == {
        "new-1": Calendar(calendar_id=CalendarId("new-1"), account_id=ACCOUNT, remote=first),
        "new-2": Calendar(calendar_id=CalendarId("new-2"), account_id=ACCOUNT, remote=second),
    }


def test_an_account_may_have_no_calendar_at_all() -> None:
    assert _reconciled([], []) == {}


def test_an_empty_list_is_not_believed_where_calendars_are_known() -> None:
    with pytest.raises(CalendarListNotBelieved):
        _reconciled([_known("c1", "r1")], [])


def test_an_empty_list_is_not_believed_where_all_are_missing_already() -> None:
    with pytest.raises(CalendarListNotBelieved):
        _reconciled([_known("c1", "r1", missing=True)], [])


def test_a_listed_calendar_keeps_its_id_and_takes_what_is_new() -> None:
    changed = replace(a_remote_calendar("r1"), name="Renamed", color="#ff0000", writable=False, primary=True)
    assert _reconciled([_known("c1", "r1")], [changed]) == {"c1": a_calendar("c1", remote=changed)}


def test_a_calendar_no_longer_listed_is_missing_and_kept() -> None:
    stays, goes = _known("c1", "r1"), _known("c2", "r2", name="Yoga")
    after = _reconciled([stays, goes], [stays.remote])
    assert after == {"c1": stays, "c2": replace(goes, missing=True)}


def test_a_missing_calendar_that_is_listed_again_is_back() -> None:
    gone = _known("c1", "r1", missing=True)
    assert _reconciled([gone], [gone.remote]) == {"c1": replace(gone, missing=False)}


@pytest.mark.parametrize("missing", [False, True])
def test_a_calendar_under_a_new_remote_id_is_matched_by_name_and_owner(missing: bool) -> None:
    old = _known("c1", "r1", name="Yoga", missing=missing)
    moved = replace(old.remote, remote_id="r9", color="#00ff00")
    assert _reconciled([old, _known("c2", "r2")], [moved, a_remote_calendar("r2")]) == {
        "c1": a_calendar("c1", remote=moved),
        "c2": _known("c2", "r2"),
    }


def test_the_case_of_the_owners_address_does_not_matter() -> None:
    old = a_calendar("c1", remote=a_remote_calendar("r1", owner_email="Maria@Contoso.example"))
    moved = a_remote_calendar("r9", owner_email="maria@contoso.EXAMPLE")
    assert set(_reconciled([old], [moved])) == {"c1"}


def test_the_owners_name_may_change_as_long_as_the_address_stays() -> None:
    old = a_calendar("c1", remote=a_remote_calendar("r1", owner_name="Maria K."))
    assert set(_reconciled([old], [a_remote_calendar("r9", owner_name="Maria L.")])) == {"c1"}


@pytest.mark.parametrize(
    "stranger",
    [
        a_remote_calendar("r9", name="Pilates"),
        a_remote_calendar("r9", name="calendar"),
        a_remote_calendar("r9", owner_email="jonas@contoso.example"),
        a_remote_calendar("r9", owner_email=""),
    ],
    ids=["other name", "name in other case", "other owner", "owner unknown"],
)
def test_another_name_or_owner_is_another_calendar(stranger: RemoteCalendar) -> None:
    old = _known("c1", "r1")
    assert _reconciled([old], [stranger]) == {
        "c1": replace(old, missing=True),
        "new-1": Calendar(calendar_id=CalendarId("new-1"), account_id=ACCOUNT, remote=stranger),
    }


def test_owners_without_an_address_are_told_apart_by_name() -> None:
    old = a_calendar("c1", remote=a_remote_calendar("r1", owner_email="", owner_name="Maria"))
    same = a_remote_calendar("r9", owner_email="", owner_name="Maria")
    other = a_remote_calendar("r9", owner_email="", owner_name="Jonas")
    assert set(_reconciled([old], [same])) == {"c1"}
    assert set(_reconciled([old], [other])) == {"c1", "new-1"}


def test_two_vanished_namesakes_match_nobody() -> None:
    first, second = _known("c1", "r1"), _known("c2", "r2")
    after = _reconciled([first, second], [a_remote_calendar("r9")])
    assert (after["c1"].missing, after["c2"].missing) == (True, True)
    assert after["new-1"].remote.remote_id == "r9"


def test_two_new_namesakes_match_nobody() -> None:
    after = _reconciled([_known("c1", "r1")], [a_remote_calendar("r8"), a_remote_calendar("r9")])
    assert after["c1"].missing
    assert {after["new-1"].remote.remote_id, after["new-2"].remote.remote_id} == {"r8", "r9"}


def test_a_namesake_that_is_still_listed_is_not_taken_for_the_one_that_vanished() -> None:
    stays, goes = _known("c1", "r1"), _known("c2", "r2")
    moved = a_remote_calendar("r9")
    after = _reconciled([stays, goes], [stays.remote, moved])
    assert after == {"c1": stays, "c2": replace(goes, remote=moved)}


def _primary(calendar_id: str, address: str, *, missing: bool = False) -> Calendar:
    """Named and owned by an address, as Google's are."""
    return a_calendar(calendar_id, remote=_remote_primary(address), missing=missing)


def _remote_primary(address: str) -> RemoteCalendar:
    return a_remote_calendar(address, name=address, owner_name="", owner_email=address, primary=True)


@pytest.mark.parametrize("missing", [False, True])
def test_the_primary_calendar_keeps_its_choices_when_its_id_follows_an_address(missing: bool) -> None:
    old, team = _primary("c1", "maria@x", missing=missing), _known("c2", "r2")
    after = _reconciled([old, team], [team.remote, _remote_primary("new@x")])
    assert after == {"c1": a_calendar("c1", remote=_remote_primary("new@x")), "c2": team}


def test_another_calendar_that_became_the_primary_one_stays_itself() -> None:
    old, team = _primary("c1", "maria@x"), _known("c2", "r2")
    promoted = replace(team.remote, primary=True)
    assert _reconciled([old, team], [promoted]) == {
        "c1": replace(old, missing=True),
        "c2": replace(team, remote=promoted),
    }


def test_a_primary_calendar_that_is_still_listed_is_not_taken_for_the_new_one() -> None:
    old, long_gone = _primary("c1", "maria@x"), _primary("c0", "first@x", missing=True)
    demoted = replace(old.remote, primary=False)
    after = _reconciled([long_gone, old], [demoted, _remote_primary("new@x")])
    assert set(after) == {"c0", "c1", "new-1"}
    assert after["c0"].missing


def test_of_two_former_primary_calendars_the_later_one_is_followed() -> None:
    long_gone, last = _primary("c0", "first@x", missing=True), _primary("c1", "maria@x")
    after = _reconciled([long_gone, last], [_remote_primary("new@x")])
    assert (after["c0"].missing, after["c1"].remote) == (True, _remote_primary("new@x"))


def test_two_new_primary_calendars_match_nobody() -> None:
    after = _reconciled([_primary("c1", "maria@x")], [_remote_primary("new@x"), _remote_primary("other@x")])
    assert after["c1"].missing
    assert len(after) == 3


def test_a_new_namesake_does_not_take_the_place_of_the_primary_calendar() -> None:
    old = _primary("c1", "maria@x")
    namesake = replace(old.remote, remote_id="r9", primary=False)
    after = _reconciled([old], [namesake, _remote_primary("new@x")])
    assert (after["c1"].remote, after["new-1"].remote) == (_remote_primary("new@x"), namesake)


def test_a_calendar_listed_twice_is_one_calendar() -> None:
    new, known = a_remote_calendar("r1", name="New"), _known("c2", "r2")
    later_word = replace(new, color="#123456")
    after = _reconciled([known], [new, known.remote, later_word, known.remote])
    assert after == {
        "c2": known,
        "new-1": Calendar(calendar_id=CalendarId("new-1"), account_id=ACCOUNT, remote=later_word),
    }


def test_a_calendar_that_moved_and_is_listed_twice_still_matches() -> None:
    moved = a_remote_calendar("r9")
    assert set(_reconciled([_known("c1", "r1")], [moved, moved])) == {"c1"}


@pytest.mark.parametrize(
    ("writable", "missing", "can_be_written"),
    [(True, False, True), (True, True, False), (False, False, False), (False, True, False)],
)
def test_only_a_present_writable_calendar_can_be_written(
    writable: bool, missing: bool, can_be_written: bool
) -> None:
    assert a_calendar(writable=writable, missing=missing).writable is can_be_written


def test_a_calendar_is_printed_without_names() -> None:
    calendar = a_calendar(remote=a_remote_calendar(name="Therapy", owner_name="Maria"))
    printed = repr(calendar).casefold()
    assert not any(word in printed for word in ("therapy", "maria"))


REMOTES = st.builds(
    a_remote_calendar,
    st.sampled_from([f"r{n}" for n in range(8)]),
    name=st.sampled_from(["Calendar", "Yoga"]),
    owner_email=st.sampled_from(["", "maria@contoso.example", "jonas@contoso.example"]),
    primary=st.booleans(),
)
LISTS = st.lists(REMOTES, max_size=6)
KNOWN = st.lists(st.tuples(REMOTES, st.booleans()), max_size=6, unique_by=lambda one: one[0].remote_id).map(
    lambda ones: [
        a_calendar(f"c{n}", remote=remote, missing=missing) for n, (remote, missing) in enumerate(ones)
    ]
)


@settings(deadline=None)
@given(KNOWN, LISTS.filter(bool))
def test_no_known_id_is_ever_lost_and_every_listed_calendar_is_there_once(
    known: list[Calendar], listed: list[RemoteCalendar]
) -> None:
    after = _reconciled(known, listed)
    assert {one.calendar_id for one in known} <= set(after)
    present = [one.remote.remote_id for one in after.values() if not one.missing]
    assert sorted(present) == sorted({remote.remote_id for remote in listed})
    remote_ids = [one.remote.remote_id for one in after.values()]
    assert len(set(remote_ids)) == len(remote_ids)


@settings(deadline=None)
@given(KNOWN, LISTS.filter(bool))
def test_the_same_list_again_changes_nothing(known: list[Calendar], listed: list[RemoteCalendar]) -> None:
    once = _reconciled(known, listed)
    assert _reconciled(list(once.values()), listed) == once
