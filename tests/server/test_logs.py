"""What gets into the log, whoever writes it."""

import asyncio
import json
import logging

import pytest
import structlog

from server.logs import PRIVATE_KEYS, REDACTED, log_stray_errors
from tests.server.served import Logs


def test_our_own_and_the_libraries_lines_have_one_shape(logs: Logs) -> None:
    structlog.stdlib.get_logger("server.calls").info("call", code="OK")
    logging.getLogger("aiohttp.server").warning("something %s", "happened")
    logging.getLogger("adapters.graph").info("answered", extra={"status": 200})

    ours, theirs, adapter = logs.lines
    assert (ours["event"], ours["level"], ours["logger"], ours["code"]) == (
        "call",
        "info",
        "server.calls",
        "OK",
    )
    assert (theirs["event"], theirs["level"]) == ("something happened", "warning")
    assert adapter["status"] == 200


def test_libraries_are_heard_from_warnings_on(logs: Logs) -> None:
    logging.getLogger("library.worker").info("Starting write_session(session_id='s')")

    assert not logs.text


@pytest.mark.parametrize("key", sorted(PRIVATE_KEYS - {"name"}))
def test_values_under_private_names_are_redacted(logs: Logs, key: str) -> None:
    structlog.stdlib.get_logger("server.x").info("x", **{key: "gotcha", key.upper(): "gotcha"})
    logging.getLogger("adapters.x").info("y", extra={key: "gotcha"})

    assert "gotcha" not in logs.text
    assert logs.lines[0][key] == logs.lines[1][key] == REDACTED


def test_a_code_is_redacted_when_it_is_long_enough_to_be_a_secret(logs: Logs) -> None:
    log = structlog.stdlib.get_logger("server.x")
    log.info("x", code="MailboxNotEnabledForRESTAPI")
    log.info("x", code="0.AXkA" + "x" * 40)

    assert [line["code"] for line in logs.lines] == ["MailboxNotEnabledForRESTAPI", REDACTED]


def test_an_exception_is_told_by_class_and_place_only(logs: Logs) -> None:
    def fail() -> None:
        try:
            raise KeyError("gotcha-inner")
        except KeyError as exc:
            raise ValueError("gotcha-outer") from exc

    for name in ("server.x", "aiohttp.server"):
        try:
            fail()
        except ValueError:
            logging.getLogger(name).exception("failed")

    for line in logs.lines:
        assert line["error"] == "builtins.ValueError < builtins.KeyError"
        assert any(frame.endswith(":fail") for frame in line["frames"])
    assert "gotcha" not in logs.text


def test_what_is_no_json_is_told_by_its_type(logs: Logs) -> None:
    structlog.stdlib.get_logger("server.x").info("x", thing=object())

    assert logs.lines[0]["thing"] == "object"


async def test_errors_outside_of_any_call_are_told_without_their_text(logs: Logs) -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(log_stray_errors)
    try:
        loop.call_exception_handler({"message": "gotcha", "exception": RuntimeError("gotcha")})
    finally:
        loop.set_exception_handler(before)

    assert json.loads(logs.text)["error"] == "builtins.RuntimeError"
    assert "gotcha" not in logs.text
