"""The line of a call, and what other lines say of the call: the same as the pipeline of the log would print."""

import contextvars
import json
import logging
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.caller import LOCAL, Caller
from server.current_call import CurrentCall, LineHandler, current_call, log_call, present_caller
from server.rpc.calls.headers import SANE
from tests.server.served import Logs, captured_logs

METHOD = "/calendarsync.v1.AvailabilityService/ListBusyTimes"
CALL = CurrentCall("abc", METHOD)
REASONS = [None, *(name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys())]  # noqa: SIM118 - no dict


@given(
    request_id=st.from_regex(SANE, fullmatch=True),
    code=st.sampled_from([one.name for one in grpc.StatusCode]),
    reason=st.sampled_from(REASONS),
    caller=st.sampled_from([None, LOCAL, Caller(name="booking.api-2", scopes=frozenset())]),
    ms=st.floats(0, 1e8).map(lambda ms: round(ms, 1)),
    style=st.sampled_from(["json", "console"]),
)
@example(request_id="-", code="OK", reason=None, caller=None, ms=0.0, style="json")
@example(request_id="None", code="OK", reason=None, caller=LOCAL, ms=1e5, style="console")
@example(request_id="1e5", code="OK", reason="INTERNAL", caller=None, ms=86_400_000.0, style="console")
def test_it_is_what_the_pipeline_would_have_printed(
    request_id: str, code: str, reason: str | None, caller: Caller | None, ms: float, style: str
) -> None:
    call = CurrentCall(request_id, METHOD, reason, caller)

    with captured_logs(style=style) as logs:
        _during(call, lambda: structlog.stdlib.get_logger("server.calls").info("call", code=code, ms=ms))
        (printed,) = logs.text.splitlines()
        at = json.loads(printed)["timestamp"] if style == "json" else printed.split()[0]
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler, LineHandler)

        assert handler.call_line(call, code=code, ms=ms, at=datetime.fromisoformat(at)) == printed


def test_its_time_is_now(logs: Logs) -> None:
    before = datetime.now(UTC)

    log_call(CALL, code="OK", ms=1.0)

    assert before <= datetime.fromisoformat(logs.lines[0]["timestamp"]) <= datetime.now(UTC)


def test_a_line_is_one_write(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that lines of several processes don't mix."""
    written: list[str] = []
    monkeypatch.setattr(logs, "write", written.append)

    log_call(CALL, code="OK", ms=1.0)

    (line,) = written
    assert line.endswith('"}\n')


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 1), ("INFO", 1), ("WARNING", 0), ("ERROR", 0)])
def test_the_level_counts_for_it(level: str, lines: int) -> None:
    with captured_logs(level=level) as logs:
        log_call(CALL, code="OK", ms=1.0)

    assert len(logs.lines) == lines


def test_a_stream_that_takes_nothing_disturbs_no_call() -> None:
    with captured_logs() as logs:
        logs.close()

        log_call(CALL, code="OK", ms=1.0)


def test_every_line_that_is_logged_during_a_call_names_it(logs: Logs) -> None:
    def work() -> None:
        structlog.stdlib.get_logger("application.x").info("decided", request_id="its own")
        logging.getLogger("adapters.graph").info("answered", extra={"status": 200})
        logging.getLogger("aiohttp.client").warning("odd")

    _during(CurrentCall("abc", METHOD, "INTERNAL", LOCAL), work)
    logging.getLogger("adapters.graph").info("answered")

    decided, answered, odd, outside = logs.lines
    assert (decided["request_id"], decided["method"]) == ("its own", METHOD)
    assert (answered["request_id"], answered["method"], answered["status"]) == ("abc", METHOD, 200)
    assert answered["caller"] == "local"
    assert (odd["request_id"], odd["reason"]) == ("abc", "INTERNAL")
    assert not {"request_id", "method", "caller", "reason"} & outside.keys()


def test_the_caller_is_known_during_a_call_only() -> None:
    seen: list[Caller | None] = []

    _during(CurrentCall("abc", METHOD, caller=LOCAL), lambda: seen.append(present_caller()))
    _during(CurrentCall("abc", METHOD), lambda: seen.append(present_caller()))

    assert seen == [LOCAL, None]
    assert present_caller() is None


def _during(call: CurrentCall, work: Any) -> None:
    def run() -> None:
        current_call.set(call)
        work()

    contextvars.copy_context().run(run)
