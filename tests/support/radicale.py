"""Radicale: a CalDAV server that somebody else wrote, run as a program of its own on loopback.

The fixture `radicale` starts it once a session, with nobody in it; each test makes people of its own.
"""

import base64
import itertools
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

import pytest

from adapters.caldav.login import Login

PRINCIPAL: Final = "/([^/]+)"
"""What its principals look like, for AppleSettings: the whole path is the person's name."""

_CONFIG: Final = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = from_file
file = {folder}/rights
[storage]
filesystem_folder = {folder}/data
[logging]
level = info
"""
_RIGHTS: Final = """
[read only]
user: .+
collection: {user}/read-only-[^/]+
permissions: r
[principal]
user: .+
collection: {user}
permissions: RW
[calendars]
user: .+
collection: {user}/[^/]+
permissions: rwi
[root]
user: .+
collection:
permissions: R
"""
_READY: Final = "server ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadicalePerson:
    """Somebody with a login, and calendars to make and fill."""

    server: "Radicale"
    login: Login

    @property
    def home(self) -> str:
        return f"/{quote(self.login.username, safe='')}/"

    def path(self, calendar: str) -> str:
        return f"{self.home}{quote(calendar)}/"

    @property
    def folder(self) -> Path:
        """Where the server keeps what is theirs: a folder for each calendar, a file for each event."""
        return self.server.folder / "data" / "collection-root" / self.login.username

    def make_calendar(self, name: str, *, title: str = "", components: tuple[str, ...] = ("VEVENT",)) -> None:
        body = _mkcalendar(title, components)
        self._ask("MKCALENDAR", self.path(name), body, "application/xml", expected=201)

    def make_read_only_calendar(self, name: str) -> None:
        """Only in the files can one be made that its owner can't write. Its name begins with `read-only-`."""
        assert name.startswith("read-only-")
        self.file_calendar(name)

    def file_calendar(self, name: str, **properties: str) -> None:
        """Make a calendar in the server's files, which takes no time; properties by their names there."""
        (self.folder / name).mkdir(parents=True)
        (self.folder / name / ".Radicale.props").write_text(json.dumps({"tag": "VCALENDAR", **properties}))

    def file(self, calendar: str, name: str, text: str) -> None:
        """Put an event of this file name there, in the place of one that has it."""
        (self.folder / calendar / name).write_bytes(text.encode())

    def put(self, calendar: str, name: str, text: str) -> None:
        """Store a new event of this file name: iCalendar text."""
        self._ask("PUT", f"{self.path(calendar)}{quote(name)}", text, "text/calendar", expected=201)

    def delete(self, calendar: str, name: str = "") -> None:
        """A whole calendar, unless an event in it is named."""
        self._ask("DELETE", f"{self.path(calendar)}{quote(name)}", "", "text/plain", expected=200)

    def _ask(self, method: str, path: str, body: str, content_type: str, *, expected: int) -> None:
        connection = HTTPConnection(urlsplit(self.server.url).netloc, timeout=10)
        token = base64.b64encode(f"{self.login.username}:{self.login.password}".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": f"{content_type}; charset=utf-8"}
        try:
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            assert answer.status == expected, (answer.status, answer.read()[:500])
        finally:
            connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Radicale:
    url: str
    folder: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def person(self, name: str = "anna", *, password: str = "abcd-efgh-ijkl-mnop") -> RadicalePerson:
        """Somebody new: Radicale makes a home for whoever comes for the first time."""
        return self.person_called(f"{name}-{next(self._numbers)}@example.com", password=password)

    def person_called(self, username: str, *, password: str = "abcd-efgh-ijkl-mnop") -> RadicalePerson:
        """As `person`. What somebody of the same name has left is gone."""
        person = RadicalePerson(server=self, login=Login(username=username, password=password))
        shutil.rmtree(person.folder, ignore_errors=True)
        self.let_in(person.login)
        return person

    def let_in(self, login: Login) -> None:
        self._users({**self._passwords, login.username: login.password})

    def refuse(self, username: str) -> None:
        self._users({name: password for name, password in self._passwords.items() if name != username})

    @property
    def _passwords(self) -> dict[str, str]:
        lines = (self.folder / "users").read_text().splitlines()
        return {name: password for name, _, password in (line.partition(":") for line in lines)}

    def _users(self, passwords: dict[str, str]) -> None:
        text = "".join(f"{name}:{password}\n" for name, password in passwords.items())
        (self.folder / "users").write_text(text)


def _mkcalendar(title: str, components: tuple[str, ...]) -> str:
    kept = "".join(f'<c:comp name="{one}"/>' for one in components)
    return (
        '<c:mkcalendar xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><set><prop>'
        f"<displayname>{escape(title)}</displayname>"
        f"<c:supported-calendar-component-set>{kept}</c:supported-calendar-component-set>"
        "</prop></set></c:mkcalendar>"
    )


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    folder, port = tmp_path_factory.mktemp("radicale"), _free_port()
    (folder / "config").write_text(_CONFIG.format(folder=folder, port=port))
    (folder / "rights").write_text(_RIGHTS)
    (folder / "users").touch()
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            _wait_until_ready(process.stderr)
            # Whoever doesn't read what it logs stops it once the pipe is full.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield Radicale(url=f"http://127.0.0.1:{port}", folder=folder)
        finally:
            process.terminate()


def _free_port() -> int:
    """It refuses to choose one itself."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        port: int = trying.getsockname()[1]
        return port


def _wait_until_ready(log: Iterable[str]) -> None:
    lines = []
    for line in log:
        if _READY in line:
            return
        lines.append(line)
    raise AssertionError(f"Radicale ended: {lines}")
