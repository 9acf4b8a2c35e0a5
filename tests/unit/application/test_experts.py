"""Experts and their plans."""

import pytest

from domain.expert import ExpertNotFound, Plan
from domain.ids import ExpertId
from domain.zone import TimeZoneUnknown
from tests.builders import EXPERT, an_expert
from tests.support.application import Application


async def test_an_expert_is_known_as_they_were_put(app: Application) -> None:
    put = await app.put_expert(
        expert_id=ExpertId("expert-2"),
        plan=Plan.FREE,
        email="jonas@experts.example",
        display_name="Jonas",
        time_zone="Asia/Kathmandu",
    )

    assert await app.get_expert(ExpertId("expert-2")) == put
    assert (put.plan, put.email, put.time_zone.key) == (Plan.FREE, "jonas@experts.example", "Asia/Kathmandu")


async def test_putting_again_replaces_what_was_known(app: Application) -> None:
    await app.put_expert(
        expert_id=EXPERT, plan=Plan.GROWTH, email="new@experts.example", display_name="New", time_zone="UTC"
    )

    expert = await app.get_expert(EXPERT)
    assert (expert.plan, expert.email, expert.display_name) == (Plan.GROWTH, "new@experts.example", "New")


@pytest.mark.parametrize("name", ["", "Berlin", "Europe/Nowhere", "localtime", "../etc/passwd", "a\x00b"])
async def test_refuses_a_time_zone_nobody_knows(app: Application, name: str) -> None:
    before = an_expert()
    with pytest.raises(TimeZoneUnknown):
        await app.put_expert(
            expert_id=EXPERT, plan=Plan.PRO, email="new@experts.example", display_name="New", time_zone=name
        )
    assert await app.get_expert(EXPERT) == before


async def test_an_unknown_expert_is_not_found(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.get_expert(ExpertId("nobody"))
