"""`calendarsync audit` on a database: what it prints, and of whom."""

import asyncio
import json
from typing import Any

import pytest

from domain.audit import Act, Actor, ActorKind, AuditAction
from domain.ids import ExpertId
from server.cli import run
from server.runtime.settings import PREFIX
from tests.builders import ACCOUNT, CALENDAR, EXPERT, NOW, SESSION, after, an_expert
from tests.support.running_service import KEYS, SENDER
from tests.support.stores import kept_by_postgres, put_expert

OTHER = ExpertId("expert-2")
CALLER = {"actor": "CALLER", "actor_name": "booking"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    needed = {
        "DATABASE_URL": dsn,
        "ENCRYPTION_KEYS": KEYS,
        "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "MICROSOFT_CLIENT_SECRET": "hunter2-secret",
        "SMTP_URL": "smtp://mail.example",
        "MAIL_FROM": SENDER,
    }
    for name, value in needed.items():
        monkeypatch.setenv(PREFIX + name, value)


async def _fill(dsn: str) -> str:
    """Two experts, of whom the second is erased; the name under which the log keeps that."""
    written = Act(
        action=AuditAction.EVENT_WRITTEN,
        at=after(hours=1),
        expert_id=EXPERT,
        account_id=ACCOUNT,
        session_id=SESSION,
    )
    selected = Act(action=AuditAction.CALENDARS_SELECTED, at=NOW, expert_id=EXPERT, calendar_ids=(CALENDAR,))
    erased = Act(action=AuditAction.EXPERT_ERASED, at=after(hours=2), expert_id=OTHER)
    async with kept_by_postgres(dsn) as kept:
        kept.who_acts.actor = Actor(ActorKind.CALLER, "booking")
        await put_expert(kept, an_expert(), an_expert(OTHER))
        async with kept.transaction() as tx:
            for act in (written, selected, erased):
                await tx.audit.add(act)
            subject = await tx.audit.subject_of(OTHER)
            await tx.experts.remove(OTHER)
    return subject


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run(["audit", *arguments]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [{name: one for name, one in line.items() if name not in {"number", "subject"}} for line in lines]


@pytest.mark.usefixtures("environment")
def test_prints_what_is_asked_for_as_json_lines(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    subject = asyncio.run(_fill(dsn))
    selected = CALLER | {
        "time": "2027-03-01T12:00:00Z",
        "action": "CALENDARS_SELECTED",
        "expert_id": EXPERT,
        "calendar_ids": [CALENDAR],
    }
    written = CALLER | {
        "time": "2027-03-01T13:00:00Z",
        "action": "EVENT_WRITTEN",
        "expert_id": EXPERT,
        "account_id": ACCOUNT,
        "session_id": SESSION,
    }
    erased = CALLER | {"time": "2027-03-01T14:00:00Z", "action": "EXPERT_ERASED"}
    assert _printed(capsys) == [selected, written, erased]
    assert _printed(capsys, "--expert", EXPERT) == [selected, written]
    assert _printed(capsys, "--expert", OTHER) == []
    assert _printed(capsys, "--subject", subject) == [erased]
    assert _printed(capsys, "--since", "2027-03-01T13:00:00Z", "--until", "2027-03-01T14:00:00") == [written]


@pytest.mark.usefixtures("environment")
def test_what_operators_do_to_credentials_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["callers", "add", "booking", "--scopes", "read"]) == 0
    credential_id = capsys.readouterr().out[8:20]
    for _ in range(2):
        assert run(["callers", "revoke", credential_id]) == 0
    capsys.readouterr()
    printed = _printed(capsys)
    assert [(one["action"], one["actor"], one["about"]) for one in printed] == [
        ("CREDENTIAL_MADE", "OPERATOR", f"booking {credential_id}"),
        ("CREDENTIAL_REVOKED", "OPERATOR", f"booking {credential_id}"),
    ]


@pytest.mark.usefixtures("environment")
def test_a_rotation_of_keys_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rotate-keys"]) == 0
    capsys.readouterr()
    (printed,) = _printed(capsys)
    assert (printed["action"], printed["actor"], printed["about"]) == ("KEYS_ROTATED", "OPERATOR", "test")


@pytest.mark.usefixtures("environment")
def test_a_name_that_no_subject_can_have_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--subject", "nobody"]) == 1
    assert "no subject of the audit log has such a name" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(["audit", "--since", "yesterday"])
