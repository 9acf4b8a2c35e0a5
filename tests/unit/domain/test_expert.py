"""How many accounts an expert may connect."""

import pytest

from domain.expert import AccountLimitReached, AccountUse, Plan
from tests.builders import an_expert

LIMITS = {Plan.FREE: 2, Plan.GROWTH: 2, Plan.PRO: 4}


@pytest.mark.parametrize("plan", Plan)
def test_the_plan_sets_how_many_accounts_may_be_connected(plan: Plan) -> None:
    assert AccountUse(plan=plan, connected=0).limit == LIMITS[plan]


@pytest.mark.parametrize("plan", Plan)
def test_there_is_room_up_to_the_limit(plan: Plan) -> None:
    for connected in range(LIMITS[plan]):
        AccountUse(plan=plan, connected=connected).require_room()


@pytest.mark.parametrize("plan", Plan)
@pytest.mark.parametrize("beyond", [0, 1, 2])
def test_refuses_an_account_at_the_limit_and_beyond(plan: Plan, beyond: int) -> None:
    connected = LIMITS[plan] + beyond
    with pytest.raises(AccountLimitReached) as refused:
        AccountUse(plan=plan, connected=connected).require_room()
    assert (refused.value.plan, refused.value.limit, refused.value.connected) == (
        plan,
        LIMITS[plan],
        connected,
    )


@pytest.mark.parametrize(("connected", "over"), [(0, False), (2, False), (3, True), (4, True)])
def test_only_a_downgrade_puts_an_expert_over_the_limit(connected: int, over: bool) -> None:
    assert AccountUse(plan=Plan.PRO, connected=connected).over_limit is False
    assert AccountUse(plan=Plan.FREE, connected=connected).over_limit is over


def test_room_returns_once_the_number_is_below_the_limit_again() -> None:
    for connected in (4, 3, 2):
        with pytest.raises(AccountLimitReached):
            AccountUse(plan=Plan.FREE, connected=connected).require_room()
    AccountUse(plan=Plan.FREE, connected=1).require_room()


def test_an_expert_is_printed_without_name_and_address() -> None:
    expert = an_expert(email="maria@experts.example", display_name="Maria Keller")
    assert "maria" not in repr(expert).casefold()
