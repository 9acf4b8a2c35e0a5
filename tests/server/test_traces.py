"""Traces that nobody asked for, and those that can't be had."""

import subprocess
import sys

import pytest
from psycopg import sql

from adapters.postgres.timed_cursor import statement_name
from server.runtime.process import running
from server.runtime.process_failed import ProcessFailed
from tests.server.runtime.test_process import process_settings

IMPORTED = "import server.cli, sys; print([one for one in sys.modules if 'opentelemetry' in one])"


def test_without_the_setting_nothing_of_the_library_is_imported() -> None:
    told = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"


async def test_without_the_packages_the_setting_is_a_fault(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(ProcessFailed, match=r"TRACES_URL needs .*calendarsync-service\[traces\]"):
        async with running(process_settings(dsn, traces_url="http://127.0.0.1:9/v1/traces")):
            pass


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("SELECT expert_id FROM session WHERE expert_id = %(expert_id)s", "SELECT session"),
        ("\n    WITH its AS (SELECT FROM account) UPDATE session SET due_at = now()", "WITH account"),
        (b"INSERT INTO expert VALUES (1)", "INSERT expert"),
        ("UPDATE reading_schedule SET due_at = %(now)s", "UPDATE reading_schedule"),
        ("SELECT set_config('a', 'b', true)", "SELECT"),
        (sql.SQL("SELECT 'maria@example.com'"), "statement"),
    ],
)
def test_a_statement_is_named_by_its_verb_and_first_table(query: object, name: str) -> None:
    assert statement_name(query) == name
