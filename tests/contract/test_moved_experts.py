"""What is known of those who went to another cell."""

import pytest

from domain.cell import ExpertMoved, ExpertMoving, MovedExpert
from domain.ids import ExpertId
from tests.builders import EXPERT, NOW, after, an_expert
from tests.support.stores import Kept, put_expert

WEST = "https://west.example"


def _moved(expert_id: str = EXPERT, *, arrived: bool = True, hours: float = 0) -> MovedExpert:
    return MovedExpert(
        expert_id=ExpertId(expert_id), cell="west", moved_at=after(hours=hours), arrived=arrived
    )


async def test_those_who_went_are_known_by_value_and_nobody_else(kept: Kept) -> None:
    there, on_the_way = _moved(), _moved("other", arrived=False)
    for one in (there, on_the_way):
        await kept.note_moved(one, address=WEST)
    async with kept.transaction() as tx:
        found = await tx.moved.of([there.expert_id, on_the_way.expert_id, ExpertId("nobody")])
        assert found == {there.expert_id: there, on_the_way.expert_id: on_the_way}
        assert await tx.moved.of([]) == {}
    error = there.error()
    assert isinstance(error, ExpertMoved)
    assert error.cell == "west"
    assert isinstance(on_the_way.error(), ExpertMoving)


@pytest.mark.parametrize("arrived", [True, False])
async def test_nobody_begins_anew_who_went(kept: Kept, arrived: bool) -> None:
    await kept.note_moved(_moved(arrived=arrived), address=WEST)
    with pytest.raises(ExpertMoving):
        await put_expert(kept)
    await put_expert(kept, an_expert("other"))


async def test_a_link_leads_to_where_its_expert_has_arrived(kept: Kept) -> None:
    await kept.note_moved(_moved(), address=WEST, links=["link", "other link"])
    await kept.note_moved(_moved("other", arrived=False), address=WEST, links=["early"])
    async with kept.transaction() as tx:
        assert await tx.moved.address_of("link") == WEST
        assert await tx.moved.address_of("other link") == WEST
        assert await tx.moved.address_of("early") is None
        assert await tx.moved.address_of("unknown \ud800") is None


async def test_those_who_arrived_long_ago_are_forgotten_with_their_links(kept: Kept) -> None:
    for name, hours in (("third", 2), ("first", 0), ("second", 1)):
        await kept.note_moved(_moved(name, hours=hours), address=WEST, links=[f"link of {name}"])
    await kept.note_moved(_moved("on the way", arrived=False), address=WEST)
    async with kept.transaction() as tx:
        assert await tx.moved.forget_before(after(hours=2), 1) == 1
    async with kept.transaction() as tx:
        known = [ExpertId(one) for one in ("first", "second", "third", "on the way")]
        assert set(await tx.moved.of(known)) == {*known[1:]}
        assert await tx.moved.forget_before(after(hours=2), 10) == 1
        assert set(await tx.moved.of(known)) == {*known[2:]}
        assert await tx.moved.address_of("link of first") is None
        assert await tx.moved.address_of("link of third") == WEST
        assert await tx.moved.forget_before(NOW, 10) == 0
