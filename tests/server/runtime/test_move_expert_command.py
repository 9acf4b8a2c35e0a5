"""`calendarsync move-expert` as an operator runs it."""

import base64
from collections.abc import Callable
from hashlib import sha256

import psycopg
import pytest

from adapters.crypto import KeyRing
from adapters.postgres.sealing import place, seal_fields
from server.cli import run
from server.runtime.settings import PREFIX
from tests.builders import EXPERT
from tests.server.runtime.test_callers_command import NEEDED

OTHER_KEYS = "other:" + base64.b64encode(sha256(b"of the other cell").digest()).decode()
PERSON = {"email": "mia@private.example", "display_name": "Mia"}
CONTEXT = place("expert", EXPERT, column="person")
Set = Callable[..., None]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, dsn: str) -> Set:
    """Sets more than is needed."""

    def set_all(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(PREFIX + name, value)

    set_all(**NEEDED, DATABASE_URL=dsn)
    return set_all


@pytest.fixture
def expert(settings: Set, dsn: str) -> None:
    sealed = seal_fields(KeyRing.parse(NEEDED["ENCRYPTION_KEYS"]), PERSON, context=CONTEXT)
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO expert VALUES (%s, 'PRO', 'UTC', %s)", (EXPERT, sealed))


def _person(dsn: str, keys: str) -> bytes:
    """As it is in the cell `west`, where nobody else is."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT person FROM west.expert").fetchone()
        assert row is not None
        return KeyRing.parse(keys).open(row[0], context=CONTEXT)


@pytest.mark.usefixtures("expert")
def test_an_expert_goes_to_a_cell_of_another_server_with_other_keys(
    settings: Set, dsn: str, second_server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"DATABASE_URL": second_server, "ENCRYPTION_KEYS": OTHER_KEYS, "CELL": "west"}
    settings(**there)
    assert run(["migrate"]) == 0
    settings(**NEEDED, DATABASE_URL=dsn, CELL="public")
    settings(TO_DATABASE_URL=second_server, TO_ENCRYPTION_KEYS=OTHER_KEYS)

    assert run(["move-expert", EXPERT, "--to-cell", "west"]) == 0
    assert b"mia@private.example" in _person(second_server, OTHER_KEYS)
    assert run(["move-expert", EXPERT, "--to-cell", "west"]) == 0, "a repeat finds nothing to do"
    said = capsys.readouterr()
    assert f"{EXPERT} lives in the cell west." in said.err
    assert not any(secret in said.err + said.out for secret in (*PERSON.values(), OTHER_KEYS[6:]))


@pytest.mark.usefixtures("expert")
def test_an_operator_is_told_why_it_is_not_done(
    settings: Set, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        assert run(["move-expert", *arguments]) == 1
        return capsys.readouterr().err

    assert "must be a lower-case letter" in told(EXPERT, "--to-cell", "West")
    assert "no schema of the cell's name" in told(EXPERT, "--to-cell", "west")
    settings(CELL="west")
    assert run(["migrate"]) == 0
    settings(CELL="public")
    assert "nobody is not moved: the cell public has no expert of this id" in told(
        "nobody", "--to-cell", "west"
    )
    assert "not on the way to another cell" in told(EXPERT, "--to-cell", "west", "--give-up")
    settings(ENCRYPTION_KEYS=OTHER_KEYS)
    assert "keys" in told(EXPERT, "--to-cell", "west")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM public.expert").fetchone() == (1,)
