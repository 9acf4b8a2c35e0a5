"""Everything as a process of its own, for as long as a block lasts, and what a test does to the people in it."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

STOPPED_WITHIN_SECONDS: Final = 30
ANSWERED_WITHIN_SECONDS: Final = 60


class DidNotStart(Exception):
    """The text is what it printed."""


class Refused(Exception):
    """The sandbox could not do what was asked of it; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Where everything is reached, and the sandbox's control API, all of which is in docs/sandbox.md."""

    grpc_address: str
    """Of the service, without TLS."""
    public_url: str
    """Of the service's pages for browsers."""
    control_url: str

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """One order to the control API; its JSON answer. Raises Refused."""
        host = urlsplit(self.control_url).netloc
        connection = HTTPConnection(host, timeout=ANSWERED_WITHIN_SECONDS)
        try:
            connection.request(method, path, body=json.dumps(body) if body else None)
            answer = connection.getresponse()
            told = json.loads(answer.read() or b"null")
        finally:
            connection.close()
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {told}")
        return told

    def reset(self) -> None:
        """Everything of the providers back to the start; what the service knows stays."""
        self.control("POST", "/reset")

    def sign_in(self, authorization_url: str, person: str, *, decision: str = "accept") -> str:
        """Walks the provider's pages and the service's, as the person's browser would. Not Apple's, which have a form.

        Answers the URL at which the browser ends: your own page, with the outcome in its query.
        """
        walked = self.control(
            "POST", "/authorize-as", authorization_url=authorization_url, person=person, decision=decision
        )
        address = urlsplit(walked["redirect_url"])
        connection = HTTPConnection(address.netloc, timeout=ANSWERED_WITHIN_SECONDS)
        try:
            connection.request("GET", f"{address.path}?{address.query}")
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        return answer.headers.get("Location") or str(walked["redirect_url"])

    def add_event(self, person: str, calendar: str = "primary", **event: Any) -> dict[str, Any]:
        """As if the person had entered it themselves: `start`, `end`, `zone`, `subject`, `show_as` and the like."""
        added: dict[str, Any] = self.control("POST", f"{_calendar(person, calendar)}/events", **event)
        return added

    def events(self, person: str, calendar: str = "primary") -> list[dict[str, Any]]:
        """Everything in a calendar, as its owner sees it; of a series the pattern."""
        found: list[dict[str, Any]] = self.control("GET", f"{_calendar(person, calendar)}/events")
        return found

    def fail(self, **fault: Any) -> None:
        """Has the providers fail: `status=503`, `form="token_error"`, `kind="cut"` and the like."""
        self.control("POST", "/faults", **fault)

    def clear_faults(self) -> None:
        """Ends all faults."""
        self.control("DELETE", "/faults")

    def withdraw(self, person: str) -> None:
        """The person takes the service's access away, at Microsoft or Google."""
        self.control("POST", f"/people/{quote(person)}/revoke", access_tokens=True)

    def ledger(self) -> dict[str, Any]:
        """What was asked about events, and which of their properties left the provider: names, never values."""
        found: dict[str, Any] = self.control("GET", "/ledger")
        return found

    def mails(self) -> list[dict[str, Any]]:
        """What the service has mailed to experts."""
        found: list[dict[str, Any]] = self.control("GET", "/mails")
        return found


def _calendar(person: str, calendar: str) -> str:
    return f"/people/{quote(person)}/calendars/{quote(calendar, safe='')}"


@contextmanager
def running(*, settings: dict[str, str] | None = None) -> Iterator[Running]:
    """The service, PostgreSQL, providers and a mail server, on free ports; all of it forgotten when the block ends.

    `settings` are the service's, by their names without CALENDARSYNC_. It takes some seconds to come up, so start one
    for a whole run of tests, with an expert and a person for each test. Raises DidNotStart.
    """
    with tempfile.TemporaryDirectory(prefix="calendarsync-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own account must get in when we are root
        command = [sys.executable, "-m", "calendarsync_sandbox", "--free-ports", "--json", "--folder", folder]
        for name, value in (settings or {}).items():
            command += ["--set", f"{name}={value}"]
        log = Path(folder) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # Ctrl-C is for the tests, which end it in their own time
            )
        try:
            yield _addresses(process, log)
        finally:
            _end(process)


def _addresses(process: subprocess.Popen[str], log: Path) -> Running:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise DidNotStart(log.read_text())
    told = json.loads(line)
    if told["sandbox"] is None:
        raise DidNotStart("the settings given name a real provider, and then there is no sandbox")
    return Running(
        grpc_address=told["grpc_address"],
        public_url=told["public_url"],
        control_url=told["sandbox"]["control_url"],
    )


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOPPED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
