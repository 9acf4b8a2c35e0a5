"""Apple refuses: once, for good, or everything of a locked account. Nobody is mailed before it is sure."""

from datetime import timedelta
from typing import Any

import pytest
from google.rpc import error_details_pb2

from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE
from domain.doubt import APART
from tests.server.served import failure_of
from tests.support.calls import SOON, unread
from tests.support.cast import AT_APPLE, Cast
from tests.support.service import Service

pytestmark = pytest.mark.parametrize("cast", [AT_APPLE], ids=str, indirect=True)


async def doubts(service: Service) -> list[int]:
    """How many refusals count, of the accounts that were refused."""
    rows = await service.rows("SELECT doubt_refusals FROM account WHERE doubt_refusals IS NOT NULL")
    return [row["doubt_refusals"] for row in rows]


async def test_one_refusal_of_a_working_account_is_an_outage(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.dav_error(401, person=cast.main)

    assert unread(await service.busy()) == ["PROVIDER_UNAVAILABLE"]
    assert (await service.busy()).complete
    assert await doubts(service) == []


async def test_what_works_again_ends_the_doubt_and_nobody_is_mailed(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.dav_error(401, person=cast.main, times=None)
    for count in (1, 2):
        await service.let_refusals_count()
        assert unread(await service.busy()) == ["ACCESS_DOUBTED"]
        assert await doubts(service) == [count]
    await service.put_session()
    await service.waits("PROVIDER_UNAVAILABLE")
    service.sandbox.world.faults.clear()

    assert await service.list_calendars(refresh=True)
    await service.written()
    assert (await service.busy()).complete
    assert await doubts(service) == []
    assert not service.sandbox.mails


async def test_a_locked_account_is_refused_everything_and_nobody_is_mailed(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.dav_error(403, person=cast.main, times=None)

    assert unread(await service.busy()) == ["ACCESS_DENIED"]
    (account,) = await service.list_accounts()
    assert account.status == ACCOUNT_STATUS_ACTIVE
    assert await doubts(service) == []
    assert await service.rows("SELECT FROM incident") == []


@pytest.mark.parametrize(
    ("fault", "reason", "wait"),
    [
        ({"status": 401}, "ACCESS_DOUBTED", APART),
        ({"status": 429, "retry_after": "40"}, "THROTTLED", timedelta(seconds=40)),
    ],
    ids=["doubted", "throttled"],
)
async def test_who_asks_is_told_when_to_ask_again(
    service: Service, cast: Cast, fault: dict[str, Any], reason: str, wait: timedelta
) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.dav_error(**fault, person=cast.main, times=None)
    for _ in range(2):
        failure = await failure_of(service.put_session(day=SOON, only_if_free=True))
        assert (failure.reason, failure.metadata["unread_reasons"]) == ("AVAILABILITY_UNKNOWN", reason)
        pause = failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta()
        assert wait - timedelta(seconds=20) < pause <= wait
