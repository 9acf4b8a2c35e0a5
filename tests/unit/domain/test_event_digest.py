"""Which parts of an event a change has to send."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_digest import EVERY_PART, EventDigest, EventPart
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.builders import a_session, an_interval, some_details

BEFORE = a_session()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"title": "Another"}, EventPart.TITLE),
        ({"text": ""}, EventPart.BODY),
        ({"join_url": ""}, EventPart.BODY),
        ({"place": "Garden"}, EventPart.PLACE),
        ({"reminder_minutes": None}, EventPart.REMINDER),
        ({"reminder_minutes": 0}, EventPart.REMINDER),
        ({"visibility": Visibility.PRIVATE}, EventPart.VISIBILITY),
        ({"category": "Coaching"}, EventPart.CATEGORY),
        ({"color": EventColor.RED}, EventPart.COLOR),
    ],
)
def test_a_change_of_one_detail_sends_its_part_only(change: dict[str, Any], part: EventPart) -> None:
    after = replace(BEFORE, details=replace(BEFORE.details, **change))
    assert after.digest.changed_since(BEFORE.digest) == {part}


@pytest.mark.parametrize("interval", [an_interval(starts=25), an_interval(hours=2)])
def test_another_start_or_end_sends_the_time_only(interval: Any) -> None:
    assert replace(BEFORE, interval=interval).digest.changed_since(BEFORE.digest) == {EventPart.TIME}


def test_nothing_is_sent_where_nothing_changed() -> None:
    assert a_session(revision=9).digest.changed_since(BEFORE.digest) == frozenset()


def test_everything_is_sent_where_nothing_is_known() -> None:
    assert BEFORE.digest.changed_since(EventDigest()) == EVERY_PART


def test_a_text_is_no_link() -> None:
    text, link = some_details(text="x", join_url=""), some_details(text="", join_url="x")
    assert a_session(details=text).digest != a_session(details=link).digest


def test_what_may_have_become_either_is_known_where_both_agree() -> None:
    after = replace(BEFORE, details=some_details("Another"))
    known = BEFORE.digest.agreeing_with(after.digest)
    assert BEFORE.digest.changed_since(known) == after.digest.changed_since(known) == {EventPart.TITLE}


def test_the_digest_stays_the_same_in_every_process_and_every_release() -> None:
    assert dict(BEFORE.digest.parts) == {
        EventPart.BODY: "d4d76a79acf3b964",
        EventPart.CATEGORY: "d3a4100522cbe10d",
        EventPart.COLOR: "f44b6948edc20e6f",
        EventPart.PLACE: "33692793ce113171",
        EventPart.REMINDER: "d5672ac93b997916",
        EventPart.TIME: "d45e85b1de02b181",
        EventPart.TITLE: "723d278eca019377",
        EventPart.VISIBILITY: "f44b6948edc20e6f",
    }


_details = st.builds(
    SessionDetails,
    title=st.sampled_from(["A", "B"]),
    text=st.sampled_from(["", "A"]),
    place=st.text(max_size=2),
    join_url=st.sampled_from(["", "A"]),
    reminder_minutes=st.sampled_from([None, 0, 15]),
    visibility=st.sampled_from([None, Visibility.PRIVATE]),
    category=st.sampled_from(["", "A"]),
    color=st.sampled_from([None, EventColor.RED]),
)


@given(_details, _details)
def test_sending_the_parts_that_changed_says_all_that_must_be_said(
    before: SessionDetails, after: SessionDetails
) -> None:
    was, wanted = a_session(details=before).digest, a_session(details=after).digest
    sent = wanted.changed_since(was)
    says = {part: value for part, value in was.parts if part not in sent}
    says |= {part: value for part, value in wanted.parts if part in sent}
    assert EventDigest(frozenset(says.items())) == wanted
    assert bool(sent) is (before != after)


def test_what_a_digest_says_nothing_of_stays_as_the_older_one_says() -> None:
    after = replace(BEFORE, details=some_details("Another", reminder_minutes=5)).digest

    merged = after.without(EventPart.REMINDER).over(BEFORE.digest)

    assert BEFORE.digest.changed_since(merged) == {EventPart.TITLE}
    assert after.changed_since(merged) == {EventPart.REMINDER}
    assert after.over(EventDigest()) == after
