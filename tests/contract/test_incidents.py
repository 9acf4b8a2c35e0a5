"""What every repository of incidents keeps to."""

import asyncio
from dataclasses import replace

import pytest

from domain.account import AccountNotFound
from domain.ids import IncidentId
from domain.incident import Incident, ReconnectLinkUnknown
from tests.builders import ACCOUNT, EXPERT, INCIDENT, NOW, a_grant, after, an_account, an_expert, an_incident
from tests.support.stores import Kept, claim_incidents, put_expert

UNTIL = after(minutes=2)


async def _lost(kept: Kept, *incidents: Incident) -> None:
    """Accounts account-1 to account-3, and these incidents."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        for number in (1, 2, 3):
            await tx.accounts.add(an_account(f"account-{number}"), a_grant())
        for incident in incidents:
            assert await tx.incidents.add(incident)


async def test_an_incident_comes_back_by_value(kept: Kept) -> None:
    incident = an_incident(
        token="a_b-Ü", notices=2, mail_failures=3, mail_due_at=None, opened_at=after(days=-1)
    )
    await _lost(kept, incident)
    async with kept.transaction() as tx:
        assert await tx.incidents.open_of(ACCOUNT) == incident
        assert await tx.incidents.by_token("a_b-Ü") == incident


async def test_an_open_incident_is_found_by_its_id_and_no_other(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        assert await tx.incidents.open_with_id(INCIDENT) == an_incident()
        assert await tx.incidents.open_with_id(IncidentId("another")) is None
        await tx.incidents.save(an_incident().closed(NOW))
        assert await tx.incidents.open_with_id(INCIDENT) is None


async def test_an_account_has_one_open_incident(kept: Kept) -> None:
    await _lost(kept, an_incident(), an_incident("incident-2", account_id="account-2"))
    async with kept.transaction() as tx:
        assert not await tx.incidents.add(an_incident("incident-3"))
        assert await tx.incidents.open_of(ACCOUNT) == an_incident()
        await tx.incidents.save(an_incident().closed(NOW))
        assert await tx.incidents.open_of(ACCOUNT) is None
        assert await tx.incidents.add(an_incident("incident-3"))
        assert await tx.incidents.open_of(ACCOUNT) == an_incident("incident-3")


async def test_of_many_who_open_one_at_once_one_does(kept: Kept) -> None:
    await _lost(kept)

    async def open_one(name: str) -> bool:
        async with kept.transaction() as tx:
            return await tx.incidents.add(an_incident(name))

    opened = await asyncio.gather(*(open_one(name) for name in "abcde"))
    assert sorted(opened) == [False] * 4 + [True]
    async with kept.transaction() as tx:
        assert await tx.incidents.open_of(ACCOUNT) == an_incident("abcde"[opened.index(True)])


async def test_an_incident_needs_its_account(kept: Kept) -> None:
    await put_expert(kept)
    with pytest.raises(AccountNotFound):
        async with kept.transaction() as tx:
            await tx.incidents.add(an_incident())


@pytest.mark.parametrize("token", ["", "TOKEN-OF-INCIDENT-1", "token-of-incident-2", "\x00", "\ud800"])
async def test_an_unknown_link_is_refused(kept: Kept, token: str) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        with pytest.raises(ReconnectLinkUnknown):
            await tx.incidents.by_token(token)


async def test_closing_an_incident_ends_its_claim(kept: Kept) -> None:
    """Whoever held it may be dead, and nobody looks at closed ones for that."""
    await _lost(kept, an_incident(mail_due_at=NOW))
    async with kept.transaction() as tx:
        assert await tx.incidents.claim(INCIDENT, token="dead.claim", now=NOW, until=UNTIL)
        await tx.incidents.save(an_incident().closed(NOW))
        await tx.incidents.save(an_incident(mail_due_at=NOW))
        assert await tx.incidents.claimed(INCIDENT, token="dead.claim") is None
        assert await tx.incidents.claim(INCIDENT, token="another.claim", now=NOW, until=UNTIL)


async def test_the_link_of_a_closed_incident_is_still_known(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        await tx.incidents.save(an_incident().closed(NOW))
    async with kept.transaction() as tx:
        assert await tx.incidents.by_token(an_incident().token) == an_incident().closed(NOW)


async def test_saving_replaces_the_incident_and_leaves_its_claim(kept: Kept) -> None:
    await _lost(kept, an_incident())
    changed = an_incident(token="other", notices=1, mail_failures=2, mail_due_at=after(hours=1))
    async with kept.transaction() as tx:
        await tx.incidents.claim(INCIDENT, token="first", now=NOW, until=UNTIL)
        await tx.incidents.save(changed)
    async with kept.transaction() as tx:
        assert await tx.incidents.claimed(INCIDENT, token="first") == changed
        assert await tx.incidents.by_token("other") == changed


async def test_an_incident_that_went_with_its_account_stays_gone(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
        await tx.incidents.save(an_incident().notified(NOW))
        await tx.incidents.release(INCIDENT)
        assert await tx.incidents.claimed(INCIDENT, token="first") is None
        assert await claim_incidents(tx) == []


async def test_one_claims_an_incident_whose_mail_is_due(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        assert await tx.incidents.claim(INCIDENT, token="first", now=NOW, until=UNTIL) == an_incident()
    async with kept.transaction() as tx:
        assert await tx.incidents.claim(INCIDENT, token="second", now=NOW, until=UNTIL) is None
        assert await tx.incidents.claimed(INCIDENT, token="second") is None
        assert await tx.incidents.claimed(INCIDENT, token="first") == an_incident()


async def test_of_many_who_claim_at_once_one_does(kept: Kept) -> None:
    await _lost(kept, an_incident())

    async def claim(token: str) -> Incident | None:
        async with kept.transaction() as tx:
            return await tx.incidents.claim(INCIDENT, token=token, now=NOW, until=UNTIL)

    claims = await asyncio.gather(*(claim(token) for token in "abcdef"))
    assert sorted(claims, key=bool) == [None] * 5 + [an_incident()]


async def test_a_claim_ends_by_release_or_when_another_takes_over_after_its_time(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        await tx.incidents.claim(INCIDENT, token="first", now=NOW, until=UNTIL)
        assert (
            await tx.incidents.claim(INCIDENT, token="second", now=UNTIL, until=after(hours=1))
            == an_incident()
        )
        assert await tx.incidents.claimed(INCIDENT, token="first") is None
        await tx.incidents.release(INCIDENT)
        assert await tx.incidents.claimed(INCIDENT, token="second") is None
        assert await tx.incidents.claim(INCIDENT, token="third", now=NOW, until=UNTIL) == an_incident()


@pytest.mark.parametrize(
    "incident",
    [
        an_incident(mail_due_at=None),
        an_incident(mail_due_at=after(seconds=1)),
        an_incident().closed(NOW),
        replace(an_incident(), closed_at=NOW),
    ],
    ids=["never", "later", "closed", "closed with a mail due"],
)
async def test_nobody_claims_what_is_not_due_or_closed(kept: Kept, incident: Incident) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        await tx.incidents.save(incident)
        assert await tx.incidents.claim(INCIDENT, token="first", now=NOW, until=UNTIL) is None
        assert await tx.incidents.claim(IncidentId("unknown"), token="first", now=NOW, until=UNTIL) is None
        assert await claim_incidents(tx) == []


async def test_a_claim_ends_when_the_incident_closes(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        await tx.incidents.claim(INCIDENT, token="first", now=NOW, until=UNTIL)
    async with kept.transaction() as tx:
        await tx.incidents.save(an_incident().closed(NOW))
        assert await tx.incidents.claimed(INCIDENT, token="first") is None


async def test_the_longest_due_are_claimed_first_and_each_by_one(kept: Kept) -> None:
    await _lost(
        kept,
        an_incident("c", account_id="account-1", mail_due_at=after(minutes=-1)),
        an_incident("b", account_id="account-2", mail_due_at=after(minutes=-9)),
        an_incident("later", account_id="account-3", mail_due_at=after(minutes=1)),
    )
    async with kept.transaction() as tx:
        assert await claim_incidents(tx, places=1, token="first") == ["b"]
        assert await claim_incidents(tx, token="second") == ["c"]
        assert await tx.incidents.claimed(IncidentId("b"), token="first") is not None
        assert await claim_incidents(tx, token="third", now=after(minutes=1)) == ["later"]
        assert await claim_incidents(tx, token="third", now=after(minutes=5)) == ["b", "c"]


async def test_what_was_claimed_unawares_is_claimed_again_with_the_same_token(kept: Kept) -> None:
    await _lost(kept, an_incident())
    async with kept.transaction() as tx:
        for _ in range(2):
            assert await claim_incidents(tx, token="first") == [INCIDENT]


async def test_mails_that_were_not_tried_yet_come_before_the_others(kept: Kept) -> None:
    await put_expert(kept, *(an_expert(one) for one in "abcd"))
    async with kept.transaction() as tx:
        for name, failures in {"a": 1, "b": 2, "c": 0, "d": 1}.items():
            account = an_account(f"account-{name}", expert_id=name)
            await tx.accounts.add(account, a_grant())
            await tx.incidents.add(
                an_incident(name, account_id=account.account_id, expert_id=name, mail_failures=failures)
            )
        assert await claim_incidents(tx, places=3, again=1) == ["c", "a"]
        assert await claim_incidents(tx, places=3, again=0) == []
        assert await claim_incidents(tx) == ["b", "d"]


async def test_an_expert_is_mailed_about_two_at_once_at_most(kept: Kept) -> None:
    await _lost(kept, *(an_incident(one, account_id=f"account-{one}") for one in "123"))
    async with kept.transaction() as tx:
        assert await claim_incidents(tx, held={EXPERT: 1}) == ["1"]
        assert await claim_incidents(tx, held={EXPERT: 2}) == []
        assert await claim_incidents(tx) == ["2", "3"]
