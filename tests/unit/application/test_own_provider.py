"""Whatever is done for an account is asked of its own provider, and of no other."""

from collections import Counter

import pytest

from application.ports.sign_in import RedirectAnswer
from domain.account import AccountNotFound, Provider
from domain.availability import Verdict
from domain.connection import ConnectionAttemptNotFound
from tests.builders import EXPERT, an_interval
from tests.support.application import BUDGET, RECONNECT_URL, callback_url
from tests.support.wiring import an_application
from tests.unit.application.two_providers import Two, two_accounts


@pytest.fixture
async def two() -> Two:
    found = await two_accounts(an_application(configured=(Provider.MICROSOFT, Provider.GOOGLE)))
    found.forget_calls()
    return found


async def test_a_sign_in_begins_and_ends_at_the_provider_asked_for(two: Two) -> None:
    gustav = two.google.add_person("gustav")
    started = await two.app.start_connection(
        expert_id=EXPERT, provider=Provider.GOOGLE, return_url="https://app.example/calendars"
    )
    outcome = await two.app.finish(started.state, gustav)

    assert (
        callback_url(Provider.GOOGLE).rpartition("/oauth/")[2].replace("/", "%2F")
        in started.authorization_url
    )
    assert outcome.account is not None
    assert outcome.account.identity == gustav.identity
    assert two.google.calls == Counter(begin=1, redeem=1, first_look=1)
    assert two.microsoft.calls == Counter()


async def test_a_reconnect_begins_at_the_accounts_own_provider(two: Two) -> None:
    await two.app.start(provider=Provider.GOOGLE, reconnects=two.googles.account_id)

    assert (two.google.calls, two.microsoft.calls) == (Counter(begin=1), Counter())
    with pytest.raises(AccountNotFound):
        await two.app.start(provider=Provider.MICROSOFT, reconnects=two.googles.account_id)


async def test_the_link_of_the_mail_begins_at_the_accounts_own_provider(two: Two) -> None:
    two.greta.revoke()
    await two.app.refresh_calendars(two.googles.account_id)
    await two.app.run_jobs()
    (mail,) = two.app.mailer.sent
    two.forget_calls()

    url = await two.app.start_reconnect(mail.reconnect_url.removeprefix(RECONNECT_URL))

    assert mail.provider_name == "Google"
    assert "oauth%2Fgoogle%2Fcallback" in url
    assert (two.google.calls, two.microsoft.calls) == (Counter(begin=1), Counter())


async def test_a_code_that_came_from_one_provider_is_given_to_no_other(two: Two) -> None:
    gustav = two.google.add_person("gustav")
    state = await two.app.start(provider=Provider.GOOGLE)
    answer = RedirectAnswer(state=state, code=two.google.code_for(gustav))

    with pytest.raises(ConnectionAttemptNotFound):
        await two.app.complete_connection(answer, came_from=Provider.MICROSOFT)

    assert (two.google.calls["redeem"], two.microsoft.calls["redeem"]) == (0, 0)
    outcome = await two.app.complete_connection(answer, came_from=Provider.GOOGLE)
    assert outcome.failure is None


async def test_a_list_is_asked_of_the_accounts_own_provider(two: Two) -> None:
    two.greta.add_calendar("Side")

    assert await two.app.refresh_calendars(two.googles.account_id) is None

    listed = await two.app.list_calendars(EXPERT)
    side = next(one for one in listed.calendars if one.remote.name == "Side")
    assert side.account_id == two.googles.account_id
    assert (two.google.calls, two.microsoft.calls) == (Counter(list_calendars=1), Counter())


async def test_calendars_of_both_block(two: Two) -> None:
    two.maria.block(an_interval(starts=24))
    two.greta.block(an_interval(starts=30))

    known = await two.look()

    verdicts = [known.check(an_interval(starts=hour)).verdict for hour in (24, 27, 30)]
    assert verdicts == [Verdict.BUSY, Verdict.FREE, Verdict.BUSY]
    assert two.google.calls == two.microsoft.calls == Counter(read_entries=1)


async def test_times_that_no_reading_is_kept_for_are_asked_of_both(two: Two) -> None:
    far = an_interval(starts=24 * 300)
    two.greta.block(far)

    known = await two.app.look_up_availability(EXPERT, far, budget=BUDGET)

    assert known.check(far).verdict is Verdict.BUSY
    assert two.google.calls == two.microsoft.calls == Counter(read_entries=1)


async def test_a_session_goes_to_the_provider_of_the_calendar_that_was_chosen(two: Two) -> None:
    await two.app.book()
    await two.app.run_jobs()
    await two.app.cancel_session(EXPERT, (await two.app.session()).session_id)
    written = len(two.greta.events)
    await two.app.run_jobs()

    assert (written, len(two.greta.events), len(two.maria.events)) == (1, 0, 0)
    assert not {"create", "update", "delete", "find"} & two.microsoft.calls.keys()
    assert two.google.calls["create"] == two.google.calls["delete"] == 1


async def test_an_event_is_changed_where_it_is_whatever_is_chosen_since(two: Two) -> None:
    session = await two.app.book()
    await two.app.run_jobs()
    microsofts = (await two.app.calendar("object-maria/Calendar")).calendar_id
    await two.app.update_calendar_settings(EXPERT, write=microsofts)
    await two.app.book(interval=an_interval(starts=31), etag=session.etag)
    await two.app.run_jobs()

    assert two.greta.the_event.interval == an_interval(starts=31)
    assert two.maria.events == {}


async def test_each_provider_notifies_of_its_own_calendars(two: Two) -> None:
    live = [list(push.live.values()) for push in two.app.pushes.values()]

    assert [[one.person for one in ones] for ones in live] == [[two.maria], [two.greta]]


async def test_subscriptions_are_taken_back_where_they_were_made(two: Two) -> None:
    await two.app.disconnect_account(EXPERT, two.googles.account_id)

    assert [len(push.live) for push in two.app.pushes.values()] == [1, 0]
    assert (two.google.calls, two.microsoft.calls) == (Counter(unsubscribe=1), Counter())


async def test_the_provider_of_a_calendar_checked_no_longer_is_told(two: Two) -> None:
    microsofts = (await two.app.calendar("object-maria/Calendar")).calendar_id
    await two.app.update_calendar_settings(EXPERT, conflict=[microsofts])
    await two.app.run_jobs()

    assert [len(push.live) for push in two.app.pushes.values()] == [1, 0]
    assert two.microsoft.calls["unsubscribe"] == 0
