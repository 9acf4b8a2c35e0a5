"""When a promise of notifications is renewed."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.subscription import renewal_due
from tests.builders import NOW, a_subscription, after


@settings(deadline=None)
@given(st.timedeltas(timedelta(minutes=1), timedelta(days=7)), st.floats(0, 1))
def test_is_renewed_after_half_to_two_thirds_of_the_life_that_was_granted(
    life: timedelta, jitter: float
) -> None:
    waits = renewal_due(NOW, NOW + life, jitter=jitter) - NOW
    rounding = timedelta(microseconds=1)
    assert life / 2 - rounding <= waits <= life * 2 / 3 + rounding


def test_is_renewed_at_another_moment_than_its_neighbours() -> None:
    assert len({renewal_due(NOW, after(days=6), jitter=number / 10) for number in range(11)}) == 11


def test_the_providers_id_is_not_shown() -> None:
    assert "remote-7" not in repr(a_subscription(remote_id="remote-7"))
