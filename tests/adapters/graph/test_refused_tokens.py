"""Fresh tokens that Graph does not accept: after an hour of nothing else an operator hears of it."""

from datetime import timedelta

import pytest

from adapters.web.refused_tokens import PATIENCE
from domain.access import ProviderUnavailable
from domain.account import Provider
from tests.support.microsoft import Connected

MICROSOFT = {Provider.MICROSOFT}
MOMENT = timedelta(minutes=10)


async def test_the_tokens_of_a_mailbox_that_graph_never_accepts_are_told_of(connected: Connected) -> None:
    account = await connected.connect("anna")
    world = connected.sandbox.world
    world.faults.answer(401, code="InvalidAuthenticationToken", person="anna", times=None)
    for _ in range(PATIENCE // MOMENT + 1):
        assert connected.alarms.refusing == set()
        with pytest.raises(ProviderUnavailable):
            await connected.microsoft.directory.list_calendars(account)
        world.clock.advance(MOMENT.total_seconds())
    assert connected.alarms.refusing == MICROSOFT
    assert connected.alarms.raised == {}
    world.faults.clear()
    await connected.microsoft.directory.list_calendars(account)
    assert connected.alarms.refusing == set()
