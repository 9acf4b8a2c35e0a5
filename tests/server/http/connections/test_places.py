"""Who may be connected, and who makes room."""

from collections.abc import Callable

import pytest

from server.http.connections.cut_offs import CutOffs, Why
from server.http.connections.limits import HttpLimits, connections_within
from server.http.connections.peers import TrustedProxies
from server.http.connections.places import Place, Places

LIMITS = HttpLimits(connections=4, connections_per_address=2, proxies=TrustedProxies.parse(["10.0.0.1"]))


class Door:
    """Places, and who had to give theirs up."""

    def __init__(self) -> None:
        self.cut_offs = CutOffs()
        self.places = Places(LIMITS, self.cut_offs)
        self.left: list[str] = []

    def come(self, peer: str, name: str = "") -> Place | None:
        """Somebody who waits, and is called like this."""
        place = self.places.take((peer, 4711))
        if place is not None:
            place.give_up = self._leaves(name or peer)
            self.places.waits(place)
        return place

    def at_work(self, peer: str) -> Place:
        place = self.come(peer)
        assert place is not None
        self.places.works(place)
        return place

    def _leaves(self, name: str) -> Callable[[], None]:
        return lambda: self.left.append(name)


@pytest.fixture
def door() -> Door:
    return Door()


def test_who_waited_longest_of_an_address_makes_room_for_the_next_of_it(door: Door) -> None:
    for name in "abc":
        door.come("192.0.2.1", name)
    assert door.left == ["a"]
    assert len(door.places) == 2


def test_who_waited_longest_of_all_makes_room_when_all_places_are_taken(door: Door) -> None:
    for number in range(1, 6):
        door.come(f"192.0.2.{number}")
    assert door.left == ["192.0.2.1"]
    assert len(door.places) == 4


def test_who_was_served_meanwhile_waits_anew(door: Door) -> None:
    first = door.come("192.0.2.1")
    assert first is not None
    for number in range(2, 5):
        door.come(f"192.0.2.{number}")
    door.places.works(first)
    door.places.waits(first)

    door.come("192.0.2.5")

    assert door.left == ["192.0.2.2"]


def test_nobody_makes_room_whose_request_is_being_answered(door: Door) -> None:
    for number in range(1, 5):
        door.at_work(f"192.0.2.{number}")

    assert door.come("192.0.2.5") is None

    assert door.left == []
    assert door.cut_offs.totals == {Why.REFUSED: 1}


def test_an_address_at_work_keeps_no_other_out(door: Door) -> None:
    door.at_work("192.0.2.1")
    door.at_work("192.0.2.1")

    assert door.come("192.0.2.1") is None
    assert door.come("192.0.2.2") is not None


@pytest.mark.parametrize("repeats", [1, 2])
def test_a_place_that_is_free_again_is_given_to_others(door: Door, repeats: int) -> None:
    places = [door.at_work("192.0.2.1"), door.at_work("192.0.2.1")]
    for _ in range(repeats):
        door.places.free(places[0])

    assert door.come("192.0.2.1") is not None
    assert len(door.places) == 2


def test_six_count_by_their_64_and_proxies_by_nothing_but_all(door: Door) -> None:
    for number in range(3):
        door.come(f"2001:db8::{number}", f"six-{number}")
    for number in range(3):
        door.come("10.0.0.1", f"proxy-{number}")
    assert door.left == ["six-0", "six-1"]


def test_a_peer_without_an_address_counts_among_all(door: Door) -> None:
    for _ in range(LIMITS.connections):
        place = door.places.take("")
        assert place is not None
    assert door.places.take("") is None


@pytest.mark.parametrize(
    ("wanted", "files", "connections"), [(1_000, 65_536, 1_000), (1_000, 1_024, 256), (1_000, 20, 16)]
)
def test_connections_leave_three_quarters_of_the_files_to_others(
    wanted: int, files: int, connections: int
) -> None:
    assert connections_within(wanted, files) == connections
