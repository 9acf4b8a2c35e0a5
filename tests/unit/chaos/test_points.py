"""The points at which processes may be killed are read off the ports and the use-cases."""

import signal
from multiprocessing import Pipe

import pytest

from application.experts.get_expert import GetExpert
from chaos.failpoints import Orders, watched
from chaos.points import commit_places, every_point, port_methods
from domain.account import Provider
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import FakeProvider
from tests.fakes.store import FakeStore
from tests.support.fake_ports import ports_of


def test_every_port_of_the_container_has_points() -> None:
    assert port_methods()["writer"] == {"create", "update", "delete", "find"}
    assert port_methods()["mailer"] == {"send_reconnect_notice"}
    assert port_methods()["vault"] >= {"claim_renewal", "save_renewed"}
    assert "clock" not in port_methods()


def test_every_transaction_of_a_use_case_has_points() -> None:
    names = set(commit_places().values())
    assert {"WriteSession._begin", "WriteSession._record", "ConfirmConnection.__call__"} <= names
    assert len(names) == len(commit_places()), "each has a name of its own"
    assert "commit WriteSession._record before" in every_point()


async def test_the_ports_of_every_provider_are_watched() -> None:
    passed: list[str] = []
    given = {Provider.GOOGLE: ports_of(FakeProvider(FakeStore(), Provider.GOOGLE), push=None)}
    watching = watched("calendar_providers", given, passed.append)[Provider.GOOGLE]
    await watching.sign_in.begin(redirect_uri="https://calendars.example/callback")
    assert passed == ["sign_in.begin before", "sign_in.begin after"]
    assert watching.push is None
    assert {"sign_in", "directory", "reader", "writer", "push"} <= port_methods().keys()


async def test_a_commit_is_told_by_who_opened_the_transaction() -> None:
    passed: list[str] = []
    store = watched("store", FakeStore(), passed.append)
    with pytest.raises(ExpertNotFound):
        await GetExpert(store=store)(ExpertId("nobody"))
    assert passed == [], "what raises commits nothing"
    async with store.transaction() as tx:
        await tx.experts.put(an_expert())
    assert passed == [], "no use-case did this"
    await GetExpert(store=store)(EXPERT)
    assert passed == ["commit GetExpert.__call__ before", "commit GetExpert.__call__ after"]


def test_a_process_dies_where_and_when_it_was_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr("chaos.failpoints.os.kill", lambda _, what: killed.append(what))
    ours, theirs = Pipe()
    orders = Orders(theirs)
    orders.passed("writer.create after")
    orders.deadly = {"writer.create after": 2}
    orders.passed("writer.create before")
    orders.passed("writer.create after")
    assert killed == []
    orders.passed("writer.create after")
    assert killed == [signal.SIGKILL]
    told = [ours.recv() for _ in range(3)]
    assert told[0] == ("passed", "writer.create after")
    assert told[-1] == ("died", "writer.create after")
