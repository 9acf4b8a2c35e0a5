"""`calendarsync rotate-keys` on a database: what it says, and what it leaves."""

import base64
import hashlib
import json

import psycopg
import pytest

from adapters.crypto import KeyRing
from adapters.postgres.sealing import place
from server.cli import run
from server.runtime.settings import PREFIX
from tests.support.running_service import SENDER

KEYS = {name: hashlib.sha256(name.encode()).digest() for name in ("old", "new")} | {"weak": bytes(32)}
EMAIL = "mia.canary@private.example"


def _setting(*ids: str) -> str:
    return ",".join(f"{one}:{base64.b64encode(KEYS[one]).decode()}" for one in ids)


def _sealed(key_id: str, number: int) -> bytes:
    person = json.dumps({"email": EMAIL, "display_name": "Mia"}).encode()
    ring = KeyRing({key_id: KEYS[key_id]})
    return ring.seal(person, context=place("expert", f"expert-{number}", column="person"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, dsn: str) -> pytest.MonkeyPatch:
    needed = {
        "DATABASE_URL": dsn,
        "ENCRYPTION_KEYS": _setting("new", "old"),
        "MICROSOFT_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
        "MICROSOFT_CLIENT_SECRET": "hunter2-secret",
        "SMTP_URL": "smtp://mail.example",
        "MAIL_FROM": SENDER,
    }
    for name, value in needed.items():
        monkeypatch.setenv(PREFIX + name, value)
    return monkeypatch


def _fill(dsn: str, *values: bytes) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for number, value in enumerate(values):
            connection.execute(
                "INSERT INTO expert VALUES (%(id)s, 'PRO', 'UTC', %(person)s)",
                {"id": f"expert-{number}", "person": value},
            )
        connection.execute(
            "INSERT INTO encryption_key (key_id) SELECT DISTINCT sealing_key(person) FROM expert ON CONFLICT DO NOTHING"
        )


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = run(["rotate-keys", *arguments])
    said = capsys.readouterr()
    assert said.out == ""
    for secret in (EMAIL, *(base64.b64encode(key).decode() for key in KEYS.values())):
        assert secret not in said.err
    return code, said.err.splitlines()


@pytest.mark.usefixtures("environment")
def test_a_later_version_may_have_sealed_what_is_not_looked_at(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(dsn, _sealed("new", 0))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schema_migration (version, name, checksum) VALUES ('9999', 'later', '')"
        )
    for arguments in ([], ["--status"]):
        code, said = _run(capsys, *arguments)
        assert (code, len(said)) == (1, 1)
        assert "the database's schema is newer than this program" in said[0]


@pytest.mark.usefixtures("environment")
def test_counts_seals_anew_and_says_what_may_be_taken_out(
    dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(dsn, _sealed("old", 0), _sealed("new", 1), _sealed("old", 2))
    assert _run(capsys, "--status") == (
        0,
        [
            "new: 1 row, 0 running processes seal with it",
            "  expert: 1 row",
            "old: 2 rows, 0 running processes seal with it",
            "  expert: 2 rows",
            "2 rows to be sealed anew.",
        ],
    )
    assert _run(capsys) == (
        0,
        [
            "Sealing anew with new: 2 rows to go.",
            "  expert: 2 rows done, 0 left",
            "No longer used, and may be taken out of ENCRYPTION_KEYS: old.",
            "Everything is sealed with new.",
        ],
    )
    assert _run(capsys) == (
        0,
        [
            "Sealing anew with new: 0 rows to go.",
            "No longer used, and may be taken out of ENCRYPTION_KEYS: old.",
            "Everything is sealed with new.",
        ],
    )


@pytest.mark.usefixtures("environment")
def test_says_what_it_can_not_open_and_does_the_rest(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    _fill(dsn, _sealed("old", 0), _sealed("old", 9))
    code, said = _run(capsys)
    assert code == 1
    assert said[1:] == [
        "  expert: 1 row done, 1 left",
        "  expert: 1 row can't be opened with any of the keys",
        "Not done: sealed with another key than new: 1 row.",
    ]


def test_refuses_to_begin_without_a_key_that_is_in_use(
    environment: pytest.MonkeyPatch, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(dsn, _sealed("old", 0))
    environment.setenv(PREFIX + "ENCRYPTION_KEYS", _setting("new"))
    code, said = _run(capsys)
    assert code == 1
    assert said == [
        "calendarsync can't start: CALENDARSYNC_ENCRYPTION_KEYS: keys are missing that were used to seal: old (1 row)"
    ]
    assert _run(capsys, "--status")[1][0].endswith("seal with it, and is not among these keys")


def test_a_process_that_seals_with_the_old_key_keeps_it_in_use(
    environment: pytest.MonkeyPatch, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO key_holder VALUES ('process', '{old,new}', now())")
    code, said = _run(capsys)
    assert code == 0
    assert said[1:] == [
        "Running processes (1) still seal with old: put new first in their keys, restart them, and run this again.",
        "Everything is sealed with new.",
    ]


def test_is_the_way_to_be_rid_of_a_weak_key(
    environment: pytest.MonkeyPatch, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(dsn, _sealed("weak", 0))
    environment.setenv(PREFIX + "ENCRYPTION_KEYS", _setting("new", "weak"))
    assert run(["check-settings"]) == 2
    assert "key 2 is all zeros" in capsys.readouterr().err
    code, said = _run(capsys)
    assert code == 0
    assert said[-2:] == [
        "No longer used, and may be taken out of ENCRYPTION_KEYS: weak.",
        "Everything is sealed with new.",
    ]
