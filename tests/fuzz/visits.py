"""Requests of the HTTP side, byte by byte, and what must hold for each answer."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

from domain.account import Provider
from server.http.links import (
    ALIVE_PATH,
    LIFECYCLE_PATH,
    READY_PATH,
    RECONNECT_PATH,
    RESULT_PATH,
    ROBOTS_PATH,
    callback_path,
    notifications_path,
    sign_in_path,
)
from tests.fuzz.known import Known
from tests.fuzz.values import CANARY, ODD_TEXTS, Pick, indices
from tests.support.paths import CALLBACK_PATH, NOTIFICATIONS_PATH

PATIENCE: Final = 20.0
COME_AGAIN: Final = 503
"""Providers are told so where a delivery could not be kept in time: no fault by itself."""
GOOGLES_PATH: Final = notifications_path(Provider.GOOGLE)
PATHS: Final = (
    ALIVE_PATH,
    READY_PATH,
    CALLBACK_PATH,
    callback_path(Provider.GOOGLE),
    callback_path(Provider.APPLE),
    sign_in_path(Provider.APPLE),
    sign_in_path(Provider.APPLE),
    NOTIFICATIONS_PATH,
    NOTIFICATIONS_PATH,
    LIFECYCLE_PATH,
    GOOGLES_PATH,
    RESULT_PATH + "connected",
    RESULT_PATH + CANARY,
    RECONNECT_PATH,
    RECONNECT_PATH,
    ROBOTS_PATH,
    "/",
    "//",
    "/.." + CANARY,
    "*",
    "/%00" + CANARY,
    "/%ED%A0%80" + CANARY,
    "/metrics",
    "/oauth/microsoft/callback/" + CANARY,
)
METHODS: Final = (
    "GET",
    "GET",
    "GET",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PATCH",
)
PARAMETERS: Final = (
    "state",
    "code",
    "error",
    "error_subcode",
    "error_description",
    "iss",
    "admin_consent",
    "session_state",
    "validationToken",
    "form",
    "name",
    "password",
    CANARY,
)
HEADERS: Final = (
    "Content-Type: application/json",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Type: text/plain; charset=" + CANARY,
    "Content-Encoding: gzip",
    "Expect: 100-continue",
    "Expect: " + CANARY,
    "X-Forwarded-For: " + CANARY + ", 127.0.0.1",
    "Forwarded: for=" + CANARY,
    "Cookie: " + CANARY + "=1",
    "Range: bytes=0-1",
    "X-Goog-Channel-ID: " + CANARY,
    "X-Goog-Channel-ID: "
    + CANARY
    + "\r\nX-Goog-Resource-ID: "
    + CANARY
    + "\r\nX-Goog-Resource-State: exists",
    "X-Goog-Channel-ID: a\r\nX-Goog-Channel-ID: b\r\nX-Goog-Resource-ID: \xff\r\nX-Goog-Channel-Token: "
    + CANARY,
    "X-Goog-Channel-ID: a\r\nX-Goog-Resource-ID: b\r\nX-Goog-Resource-State: sync",
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Transfer-Encoding: chunked",
    "Content-Length: 5",
    "X: " + CANARY + "x" * 9_000,
    " folded " + CANARY,
    CANARY,
)
HEAD_FIELDS: Final = ("content-security-policy", "x-content-type-options", "referrer-policy", "cache-control")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`raw` is sent as it is; `parameters` are put in where it has room for them."""

    method: str
    path: str
    token: Pick | str
    parameters: Sequence[tuple[str, Pick | str]]
    headers: Sequence[str]
    body: bytes | None
    as_form: bool
    notice: tuple[Pick | str, Pick | str] | None
    cut_at: int | None
    version: str

    @property
    def route(self) -> str:
        return f"{self.method} {self.path.replace(CANARY, '*')[:40]}"

    def raw(self, known: Known) -> bytes:
        query = "&".join(f"{quote(name)}={_quoted(value, known)}" for name, value in self.parameters)
        path = self.path + (_quoted(self.token, known) if self.path == RECONNECT_PATH else "")
        body = self._body(query, known)
        headers = list(self.headers)
        if self.as_form:
            headers.append("Content-Type: application/x-www-form-urlencoded")
        elif query:
            path += "?" + query
        if self.notice is not None:
            headers.append("Content-Type: application/json")
        if body and not any(one.startswith(("Content-Length", "Transfer-Encoding")) for one in headers):
            headers.append(f"Content-Length: {len(body)}")
        lines = [
            f"{self.method} {path} {self.version}",
            "Host: localhost",
            "Connection: close",
            *headers,
            "",
            "",
        ]
        whole = "\r\n".join(lines).encode("utf-8", "surrogatepass") + body
        return whole if self.cut_at is None else whole[: self.cut_at % (len(whole) + 1)]

    def _body(self, query: str, known: Known) -> bytes:
        if self.as_form:
            return query.encode()
        if self.notice is not None:
            remote_id, secret = (one(known) if isinstance(one, Pick) else one for one in self.notice)
            item = {"subscriptionId": remote_id, "clientState": secret, "changeType": "updated"}
            return json.dumps({"value": [item]}).encode()
        return self.body or b""


def _quoted(value: Pick | str, known: Known) -> str:
    """`%` and what follows are taken to be meant."""
    return quote(value(known) if isinstance(value, Pick) else value, safe="%")


odd_values = st.sampled_from([*ODD_TEXTS, "%00", "%ED%A0%80", "%FF" + CANARY, "%", "%zz", "+"])
bodies = st.sampled_from(
    [
        b"",
        b"{}",
        b'{"value": []}',
        b'{"value": [{}]}',
        b'{"value": ' + b"[" * 5_000,
        b"null",
        b"\xff\xfe",
        b"5\r\nabcde\r\n0\r\n\r\n",
    ]
) | st.binary(max_size=100).map(lambda raw: CANARY.encode() + raw)


@st.composite
def visits(draw: st.DrawFn) -> Visit:
    def one(kind: str) -> Pick | str:
        return draw(odd_values) if draw(st.integers(0, 3)) == 0 else Pick(kind, draw(indices))

    names = draw(st.lists(st.sampled_from(PARAMETERS), max_size=4))
    if draw(st.booleans()):
        names = ["state", draw(st.sampled_from(["code", "error"])), *names[:1]]
    deliver = draw(st.integers(0, 3)) == 0
    return Visit(
        method="POST" if deliver else draw(st.sampled_from(METHODS)),
        path=NOTIFICATIONS_PATH if deliver else draw(st.sampled_from(PATHS)),
        token=one("reconnect_token"),
        parameters=[] if deliver else [(name, one(name)) for name in names],
        headers=[] if deliver else draw(st.lists(st.sampled_from(HEADERS), max_size=3)),
        body=draw(st.none() | bodies),
        as_form=not deliver and draw(st.integers(0, 3)) == 0,
        notice=(one("subscription"), one("client_state")) if deliver else None,
        cut_at=draw(st.integers(0, 400)) if draw(st.integers(0, 19)) == 0 else None,
        version=draw(st.sampled_from(["HTTP/1.1"] * 8 + ["HTTP/1.0", "HTTP/2.0", CANARY])),
    )


async def go(visit: Visit, port: int, known: Known) -> tuple[str, list[str]]:
    """The status, and what is wrong with the answer."""
    cut = visit.cut_at is not None
    try:
        answer = await exchange(port, visit.raw(known), ends=cut)
    except TimeoutError:
        return "HUNG", ["hung"]
    if not answer:
        return "CLOSED", [] if cut else ["no answer"]
    delivery = visit.path in {NOTIFICATIONS_PATH, LIFECYCLE_PATH, GOOGLES_PATH}
    return judged(answer, known, may_come_again=delivery, may_repeat=delivery)


async def exchange(port: int, raw: bytes, *, ends: bool = False) -> bytes:
    """All that comes back; `ends` says that nothing more will be sent. Raises TimeoutError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE):
            answer = b""
            with suppress(ConnectionError):
                writer.write(raw)
                if ends:
                    writer.write_eof()
                answer = await reader.read()
    finally:
        writer.close()
    return answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")


def judged(
    answer: bytes, known: Known, *, may_come_again: bool = False, may_repeat: bool = False
) -> tuple[str, list[str]]:
    """Its status, and what is wrong with it. It may repeat what was sent only with 200."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    status = int(head.split(" ")[1])
    lines = {
        name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
    }
    faults = [f"no {name}" for name in HEAD_FIELDS if name not in lines]
    if status >= 500 and not (status == COME_AGAIN and may_come_again):
        faults.append(f"answered {status}")
    if "server" in lines:
        faults.append("names the server")
    if CANARY.encode() in answer and not (may_repeat and status == 200):
        faults.append("repeats what was sent")
    known.learn_url(lines.get("location", ""))
    return str(status), faults
