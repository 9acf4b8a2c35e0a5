"""Alarms: one a kind, cleared by a success of the kind that failed, and calm about what comes and goes."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from domain.account import Provider
from server.alarms import CALM, RELAPSE, OperatorAlarms
from tests.server.served import captured_logs

MICROSOFT = Provider.MICROSOFT
ALARM = "MICROSOFT_MISCONFIGURED"


@dataclass(slots=True)
class Seconds:
    """A monotonic clock that the test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time.total_seconds()


async def test_an_alarm_is_logged_once_a_code_and_cleared_by_a_success() -> None:
    alarms = OperatorAlarms()
    with captured_logs() as logs:
        for _ in range(3):
            alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
        alarms.provider_misconfigured(MICROSOFT, "AADSTS700016")
        assert list(alarms.raised) == [ALARM]
        for _ in range(2):
            alarms.provider_works(MICROSOFT)
    assert not alarms.raised
    assert [line["level"] for line in logs.lines] == ["error", "error", "warning"]


async def test_knows_for_which_refusals_it_stands() -> None:
    alarms = OperatorAlarms()
    alarms.provider_misconfigured(MICROSOFT, "AADSTS700016")
    assert alarms.is_misconfigured(MICROSOFT, "AADSTS700016")
    assert not alarms.is_misconfigured(MICROSOFT, "AADSTS7000112")
    assert not alarms.is_misconfigured(Provider.GOOGLE, "AADSTS700016")
    alarms.provider_works(MICROSOFT)
    assert not alarms.is_misconfigured(MICROSOFT, "AADSTS700016")


async def test_of_two_refused_credentials_both_must_be_accepted_again() -> None:
    alarms = OperatorAlarms()
    with captured_logs() as logs:
        for name in ("MICROSOFT_CLIENT_SECRET", "MICROSOFT_NEXT_CLIENT_SECRET", "MICROSOFT_CLIENT_SECRET"):
            alarms.credential_refused(MICROSOFT, name)
        alarms.credential_accepted(MICROSOFT, "MICROSOFT_CLIENT_SECRET")
        assert list(alarms.raised) == ["MICROSOFT_CREDENTIAL_REFUSED"]
        assert not alarms.is_raised(MICROSOFT), "nothing fails yet"
        alarms.credential_accepted(MICROSOFT, "MICROSOFT_NEXT_CLIENT_SECRET")
        alarms.credential_accepted(MICROSOFT, "MICROSOFT_NEXT_CLIENT_SECRET")
    assert not alarms.raised
    assert [line.get("setting") for line in logs.lines] == [
        "MICROSOFT_CLIENT_SECRET",
        "MICROSOFT_NEXT_CLIENT_SECRET",
        None,
    ]


async def test_that_no_notifications_are_brought_is_told_once_and_takes_nothing_out_of_service() -> None:
    alarms = OperatorAlarms()
    with captured_logs() as logs:
        for _ in range(3):
            alarms.notifications_refused(Provider.GOOGLE, "push.webhookUrlUnauthorized")
        assert list(alarms.raised) == ["GOOGLE_NOTIFICATIONS_REFUSED"]
        assert not alarms.is_raised(Provider.GOOGLE)
        alarms.notifications_accepted(MICROSOFT)
        assert list(alarms.raised) == ["GOOGLE_NOTIFICATIONS_REFUSED"]
        alarms.notifications_accepted(Provider.GOOGLE)
    assert not alarms.raised
    assert [line.get("code") for line in logs.lines] == ["push.webhookUrlUnauthorized", None]


async def test_a_provider_that_refuses_everybody_is_told_until_somebody_is_let_in() -> None:
    alarms = OperatorAlarms()
    with captured_logs() as logs:
        for _ in range(2):
            alarms.all_refused(Provider.APPLE)
        assert list(alarms.raised) == ["APPLE_ALL_REFUSED"]
        assert alarms.are_all_refused(Provider.APPLE)
        assert not alarms.are_all_refused(MICROSOFT)
        alarms.somebody_accepted(MICROSOFT)
        assert alarms.are_all_refused(Provider.APPLE)
        alarms.somebody_accepted(Provider.APPLE)
    assert not alarms.raised
    assert [line["provider"] for line in logs.lines] == ["APPLE", "APPLE"]


async def test_a_success_of_one_kind_clears_no_alarm_of_another() -> None:
    alarms = OperatorAlarms()
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    alarms.tokens_refused(MICROSOFT)
    alarms.clock_differs(timedelta(minutes=9))
    alarms.mail_misconfigured("login refused")
    assert list(alarms.raised) == ["CLOCK", "MAIL_MISCONFIGURED", ALARM, "MICROSOFT_TOKENS_REFUSED"]
    alarms.mail_works()
    alarms.clock_agrees()
    assert set(alarms.raised) == {ALARM, "MICROSOFT_TOKENS_REFUSED"}
    alarms.tokens_accepted(MICROSOFT)
    assert list(alarms.raised) == [ALARM]
    assert alarms.is_raised(MICROSOFT)


async def test_a_day_that_is_nearly_spent_is_told_until_the_next_one_begins() -> None:
    alarms = OperatorAlarms()
    with captured_logs() as logs:
        for _ in range(2):
            alarms.day_nearly_spent(Provider.GOOGLE, requests=800_000, most=1_000_000)
        assert list(alarms.raised) == ["GOOGLE_DAY_NEARLY_SPENT"]
        assert not alarms.is_raised(Provider.GOOGLE), "nothing fails yet"
        alarms.day_begins_anew(Provider.GOOGLE)
    assert not alarms.raised
    assert [line.get("requests") for line in logs.lines] == [800_000, None]


async def test_only_a_refused_registration_takes_the_provider_out_of_service() -> None:
    alarms = OperatorAlarms()
    alarms.tokens_refused(MICROSOFT)
    alarms.clock_differs(timedelta(minutes=9))
    assert not alarms.is_raised(MICROSOFT)


async def test_an_alarm_that_comes_back_at_once_stays_until_it_has_been_calm() -> None:
    clock = Seconds()
    alarms = OperatorAlarms(monotonic=clock)
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    alarms.provider_works(MICROSOFT)
    clock.pass_by(RELAPSE / 2)
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    alarms.provider_works(MICROSOFT)
    assert list(alarms.raised) == [ALARM]
    clock.pass_by(CALM / 2)
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    clock.pass_by(CALM / 2)
    alarms.provider_works(MICROSOFT)
    assert list(alarms.raised) == [ALARM]
    clock.pass_by(CALM / 2)
    alarms.provider_works(MICROSOFT)
    assert not alarms.raised


async def test_an_alarm_that_comes_back_later_is_a_new_one() -> None:
    clock = Seconds()
    alarms = OperatorAlarms(monotonic=clock)
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    alarms.provider_works(MICROSOFT)
    clock.pass_by(RELAPSE)
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    alarms.provider_works(MICROSOFT)
    assert not alarms.raised


async def test_whoever_follows_hears_of_raising_and_clearing_only() -> None:
    alarms = OperatorAlarms()
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    await alarms.changed()
    alarms.provider_misconfigured(MICROSOFT, "AADSTS7000222")
    waiting = asyncio.create_task(alarms.changed())
    await asyncio.sleep(0)
    assert not waiting.done()
    alarms.provider_works(MICROSOFT)
    await waiting
