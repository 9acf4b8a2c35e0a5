"""`calendarsync callers` on a database: what it prints, and where."""

import pytest

from application.callers.tokens import TOKEN
from server.cli import run
from server.runtime.settings import PREFIX
from tests.support.running_service import KEYS, SENDER

NEEDED = {
    "ENCRYPTION_KEYS": KEYS,
    "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
    "MICROSOFT_CLIENT_SECRET": "hunter2-secret",
    "SMTP_URL": "smtp://mail.example",
    "MAIL_FROM": SENDER,
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    for name, value in (NEEDED | {"DATABASE_URL": dsn}).items():
        monkeypatch.setenv(PREFIX + name, value)


@pytest.mark.usefixtures("environment")
def test_a_credential_is_made_listed_and_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["callers", "add", "booking", "--scopes", "write, read", "--days", "90"]) == 0
    token, said = capsys.readouterr()
    assert TOKEN.fullmatch(token.strip()), "only the token, for whoever takes it from there"
    assert token.strip() not in said
    credential_id = token[8:20]
    assert credential_id in said

    certificate = "URI:spiffe://experts.example/reports"
    assert run(["callers", "add", "reports", "--scopes", "read", "--certificate", certificate]) == 0
    assert capsys.readouterr().out == ""

    assert run(["callers", "revoke", credential_id]) == 0
    assert "booking" in capsys.readouterr().err
    assert run(["callers", "list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["id", "caller", "state"]
    assert [row.split()[1:5] for row in rows] == [
        ["reports", "valid", "read", certificate],
        ["booking", "revoked", "read,write", "token"],
    ]
    assert token.strip()[-43:] not in "".join(rows)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "booking", "--scopes", "read,erase"), "the scopes are read, write, admin"),
        (("add", "local", "--scopes", "read"), "nobody can be called local"),
        (("add", "booking", "--scopes", "read", "--days", "inf"), "so many days"),
        (("add", "booking", "--scopes", "read", "--certificate", "CN=x"), "a certificate is named as"),
        (("revoke", "0123456789ab"), "no credential has this id"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run(["callers", *arguments]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_schema_that_is_too_old_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_dsn: str
) -> None:
    for name, value in (NEEDED | {"DATABASE_URL": empty_dsn}).items():
        monkeypatch.setenv(PREFIX + name, value)

    assert run(["callers", "list"]) == 1

    assert "calendarsync migrate" in capsys.readouterr().err
