"""How many events are asked for at once."""

from datetime import timedelta

from adapters.web.page_sizes import FEWEST, MOST_REMEMBERED, REMEMBERED, PageSizes
from tests.fakes.clock import MovableClock


def test_what_was_too_many_is_halved_for_a_while_and_down_to_fifty() -> None:
    clock = MovableClock()
    sizes = PageSizes(clock=clock, most=180)
    assert sizes.halved("calendar", sizes.of("calendar"))
    assert (sizes.of("calendar"), sizes.of("another")) == (90, 180)
    assert sizes.halved("calendar", 90)
    assert sizes.of("calendar") == FEWEST
    assert not sizes.halved("calendar", FEWEST)
    clock.advance(REMEMBERED - timedelta(seconds=1))
    assert sizes.of("calendar") == FEWEST
    clock.advance(timedelta(seconds=1))
    assert sizes.of("calendar") == 180


def test_of_very_many_calendars_the_oldest_are_forgotten() -> None:
    sizes = PageSizes(clock=MovableClock(), most=1000)
    for number in range(MOST_REMEMBERED + 1):
        assert sizes.halved(f"calendar-{number}", 1000)
    assert (sizes.of("calendar-0"), sizes.of("calendar-1")) == (1000, 500)


def test_pages_smaller_than_the_least_are_left_as_they_are_set() -> None:
    sizes = PageSizes(clock=MovableClock(), most=3)
    assert not sizes.halved("calendar", 3)
    assert sizes.of("calendar") == 3
