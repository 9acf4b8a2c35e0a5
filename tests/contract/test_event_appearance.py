"""Who sees what an event says, its category and its colour: what every writer of events keeps to."""

from dataclasses import replace

import pytest

from domain.access import EventMissing
from domain.event_digest import APPEARANCE, EventPart
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.builders import some_details
from tests.support.bookings import SLOT, Booked, book, copy_for
from tests.support.providers import ProviderHarness, WrittenEvent

pytest_plugins = ["tests.support.provider_fixtures"]
ALSO = ("apple_otherwise", "radicale")

PLAIN = some_details()
DRESSED = some_details(visibility=Visibility.PRIVATE, category="Übung: \\ 1", color=EventColor.MAUVE)


def looks(event: WrittenEvent) -> tuple[object, ...]:
    return event.visibility, event.category, event.color


def expected(provider: ProviderHarness, details: SessionDetails) -> tuple[object, ...]:
    has = provider.appearance
    return (
        details.visibility if EventPart.VISIBILITY in has else None,
        details.category if EventPart.CATEGORY in has else "",
        details.color if EventPart.COLOR in has else None,
    )


@pytest.mark.parametrize("details", [PLAIN, DRESSED], ids=["plain", "dressed"])
async def test_a_new_event_looks_as_its_session_says(
    provider: ProviderHarness, details: SessionDetails
) -> None:
    booked = await book(provider, details=details)
    assert looks(booked.written) == expected(provider, details)


@pytest.mark.parametrize("color", EventColor)
async def test_every_colour_is_one_of_the_provider(provider: ProviderHarness, color: EventColor) -> None:
    details = replace(PLAIN, color=color)
    booked = await book(provider, details=details)
    assert looks(booked.written) == expected(provider, details)


@pytest.mark.parametrize(("before", "after"), [(PLAIN, DRESSED), (DRESSED, PLAIN)])
async def test_what_changes_is_how_it_looks(
    provider: ProviderHarness, before: SessionDetails, after: SessionDetails
) -> None:
    booked = await book(provider, details=before)
    was = booked.written
    await booked.update(SLOT, after, parts=APPEARANCE)
    assert looks(booked.written) == expected(provider, after)
    visibility, category, color = looks(was)
    assert replace(booked.written, visibility=visibility, category=category, color=color) == was  # type: ignore[arg-type]


@pytest.mark.parametrize("part", sorted(APPEARANCE, key=str))
async def test_an_event_that_is_gone_is_missed_whatever_was_to_change(
    provider: ProviderHarness, part: EventPart
) -> None:
    """Also where the provider has nothing that could be changed."""
    booked = await book(provider)
    provider.delete_by_hand(booked.event)
    with pytest.raises(EventMissing):
        await booked.update(SLOT, DRESSED, parts={part})


async def test_a_repeat_leaves_it_as_it_looks(provider: ProviderHarness) -> None:
    booked = Booked(provider, copy_for(provider, await provider.connect()))
    assert await booked.create(DRESSED) == await booked.create(DRESSED)
    assert looks(booked.written) == expected(provider, DRESSED)
