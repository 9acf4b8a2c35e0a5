"""Losing access where one refusal proves nothing: three that count, minutes apart, with nothing that worked between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.account import Account
from domain.doubt import APART, OVER, REFUSALS, Doubt
from tests.builders import NOW, an_account

MINUTE = timedelta(minutes=1)


class What(Enum):
    """What the provider did to a request of the account."""

    REFUSES = auto()
    WORKS = auto()
    SAYS_NOTHING = auto()
    """A time-out, a 5xx, a 429."""
    RECONNECTED = auto()
    """The person typed another password."""


R, W, N, C = What.REFUSES, What.WORKS, What.SAYS_NOTHING, What.RECONNECTED


@dataclass(slots=True)
class Story:
    """An account, as it is told what happens."""

    account: Account
    worked_at: datetime | None = None

    def goes_on(self, at: datetime, what: What) -> None:
        match what:
            case What.REFUSES:
                self.account = self.account.doubted(worked_at=self.worked_at, now=at)
            case What.WORKS:
                self.worked_at = at
            case What.RECONNECTED:
                self.account = self.account.reconnected(email="anna@example.com", display_name="Anna")

    @property
    def proven(self) -> bool:
        return self.account.doubt is not None and self.account.doubt.proven


def told(*steps: tuple[float, What]) -> Story:
    story = Story(an_account())
    for minutes, what in steps:
        story.goes_on(NOW + minutes * MINUTE, what)
    return story


@pytest.mark.parametrize(
    ("steps", "proven"),
    [
        ([(0, R)], False),
        ([(0, R), (15, R)], False),
        ([(0, R), (7.5, R), (15, R)], True),
        ([(0, R), (7, R), (14, R)], False),
        ([(0, R), (7, R), (14, R), (22, R)], True),
        ([(0, R), (60, R), (600, R)], True),
        ([(0, R), (0.1, R), (0.2, R), (0.3, R), (14.9, R)], False),
        ([(minute, R) for minute in range(17)], True),
        ([(0, R), (8, N), (16, R)], False),
        ([(0, R), (4, N), (8, R), (12, N), (16, R)], True),
        ([(0, R), (8, R), (15, W), (16, R)], False),
        ([(0, R), (8, R), (15, W), (16, R), (24, R)], False),
        ([(0, R), (8, R), (15, W), (16, R), (24, R), (32, R)], True),
        ([(0, R), (1, W), (8, R), (16, R)], False),
        ([(0, R), (8, R), (16, C)], False),
        ([(0, R), (8, R), (15, C), (16, R), (24, R)], False),
        ([(0, W), (1, R), (9, R), (17, R)], True),
    ],
)
def test_three_that_count_are_proof(steps: Sequence[tuple[float, What]], *, proven: bool) -> None:
    assert told(*steps).proven is proven


def test_the_next_one_counts_once_half_the_time_has_passed() -> None:
    account = told((0, R), (7.5, R)).account
    counts_at = account.next_refusal_counts_at(worked_at=None, now=NOW + 8 * MINUTE)
    assert counts_at == NOW + 15 * MINUTE
    assert counts_at + APART == NOW + 22.5 * MINUTE


@pytest.mark.parametrize(
    ("worked_at", "now"),
    [(None, NOW + APART), (NOW + MINUTE, NOW + 2 * MINUTE), (None, NOW - timedelta(hours=1))],
    ids=["long ago", "worked since", "dated by a wrong clock"],
)
def test_one_that_counts_counts_at_once(worked_at: datetime | None, now: datetime) -> None:
    account = told((0, R)).account
    assert account.next_refusal_counts_at(worked_at=worked_at, now=now) == now


def test_without_a_doubt_the_first_one_counts() -> None:
    assert an_account().next_refusal_counts_at(worked_at=NOW, now=NOW) == NOW


def test_a_doubt_about_an_older_grant_is_none() -> None:
    doubt = Doubt(grant_version=1, refusals=2, last_at=NOW)
    account = an_account(grant_version=2, doubt=doubt)
    now = NOW + APART
    assert account.next_refusal_counts_at(worked_at=None, now=NOW) == NOW
    assert account.doubted(worked_at=None, now=now).doubt == Doubt(grant_version=2, refusals=1, last_at=now)


@pytest.mark.parametrize("change", ["lost", "restored", "trusted", "reconnected"])
def test_what_settles_the_question_ends_the_doubt(change: str) -> None:
    account = told((0, R)).account
    given_names = {"email": "", "display_name": ""} if change == "reconnected" else {}
    assert getattr(account, change)(**given_names).doubt is None


stories = st.lists(
    st.tuples(st.integers(min_value=1, max_value=int(OVER.total_seconds())), st.sampled_from(What)),
    max_size=14,
)


@given(stories)
def test_any_story_ends_as_all_of_it_says(pauses: list[tuple[int, What]]) -> None:
    story, now = Story(an_account()), NOW
    history: list[tuple[datetime, What]] = []
    for seconds, what in pauses:
        now += timedelta(seconds=seconds)
        history.append((now, what))
        story.goes_on(now, what)
        if what is What.REFUSES:
            assert story.proven is proven_by(history)


def proven_by(history: Sequence[tuple[datetime, What]]) -> bool:
    """By trying all sets of three, with nothing in between that ends a doubt."""
    ends = [number for number, (_, what) in enumerate(history) if what in {What.WORKS, What.RECONNECTED}]
    since = history[ends[-1] + 1 :] if ends else history
    refusals = [at for at, what in since if what is What.REFUSES]
    return any(
        all(later - earlier >= APART for earlier, later in pairwise(chosen))
        for chosen in combinations(refusals, REFUSALS)
    )


def test_how_far_apart_refusals_must_be_is_the_operators_to_say() -> None:
    apart, account = timedelta(seconds=1), an_account()
    for now in (NOW, NOW + apart / 2, NOW + apart, NOW + 2 * apart):
        account = account.doubted(worked_at=None, now=now, apart=apart)
        assert account.next_refusal_counts_at(worked_at=None, now=now, apart=apart) > now
    assert account.doubt == Doubt(grant_version=1, refusals=3, last_at=NOW + 2 * apart)
