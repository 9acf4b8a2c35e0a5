"""What is no HTTP, or no form: refused quietly, in our own words, and without a fault of ours in the log."""

import asyncio
from urllib.parse import urlencode, urlsplit

import pytest

from server.http.links import RECONNECT_PATH
from tests.server.http.browser import Browser
from tests.server.served import Logs
from tests.support.paths import CALLBACK_PATH, NOTIFICATIONS_PATH

SECRET = b"hunter2"
HEAD = b"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
NO_HTTP = {
    "nonsense": b"\x16\x03\x01 hunter2\r\n\r\n",
    "an unknown word": b"GET / HTTP/1.1 hunter2\r\n\r\n",
    "another version": b"GET /hunter2 HTTP/9.9\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: localhost\r\nhunter2\r\n\r\n",
    "a header with a control character": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: hunter2\0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhunter2",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: hunter2\r\n\r\n",
    "an endless line": b"GET /hunter2" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an endless header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: hunter2" + b"x" * 100_000 + b"\r\n\r\n",
    "chunks that are none": b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nhunter2\r\n\r\n",
    "a path that is none": b"GET http://[hunter2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an odd host": b"GET / HTTP/1.1\r\nHost: [hunter2\r\nConnection: close\r\n\r\n",
}  # fmt: skip


async def _send(browser: Browser, raw: bytes) -> bytes:
    """All that comes back, until the server closes or we do."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(browser.base).port)
    writer.write(raw)
    await writer.drain()
    try:
        async with asyncio.timeout(3):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("raw", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_refused_without_an_echo(browser: Browser, logs: Logs, raw: bytes) -> None:
    answer = await _send(browser, raw)

    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer
    assert SECRET not in answer
    assert b"aiohttp" not in answer.lower()
    assert b"Python" not in answer
    assert not [line for line in logs.lines if line["level"] in {"error", "warning"}]
    assert "hunter2" not in logs.text


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NO_FORM = {
    "a form of parts without a boundary": ({"Content-Type": "multipart/form-data"}, b"hunter2", 415),
    "a form of parts": ({"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\n\r\nhunter2\r\n--b--", 415),
    "a type that is none": ({"Content-Type": ";;/=hunter2"}, b"state=s&code=c", 415),
    "JSON": ({"Content-Type": "application/json"}, b'{"state": "hunter2"}', 415),
    "no type": ({"Content-Type": ""}, b"state=s&code=c", 415),
    "a packed form": (FORM | {"Content-Encoding": "gzip"}, b"hunter2", 415),
    "a letter of no alphabet": (FORM, b"state=\xff&code=hunter2", 400),
    "an escape of no alphabet": (FORM, b"state=%FF&code=hunter2", 400),
    "very many fields": (FORM, b"hunter2=1&" * 5_000, 400),
    "no form": (FORM, b"hunter2", 400),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "body", "status"), NO_FORM.values(), ids=NO_FORM)
async def test_the_redirect_takes_nothing_but_a_url_encoded_form(
    browser: Browser, logs: Logs, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await browser.get(CALLBACK_PATH, "POST", headers=headers, data=body)

    assert answer.status == status
    assert "hunter2" not in answer.text
    assert "Server" not in answer.headers
    assert not [line for line in logs.lines if line["level"] in {"error", "warning"}]


async def test_the_alphabet_a_form_names_changes_nothing(browser: Browser) -> None:
    state = await browser.start()
    code = browser.world.provider.code_for(browser.world.provider.add_person())
    body = urlencode({"state": state, "code": code}).encode()

    answer = await browser.get(
        CALLBACK_PATH, "POST", headers={"Content-Type": f"{FORM['Content-Type']}; charset=klingon"}, data=body
    )

    assert (answer.status, answer.location) == (303, "/oauth/result/connected")


BODIES = {
    "a chunk that is none": b"Transfer-Encoding: chunked\r\n\r\n4\r\nstat\r\nhunter2\r\n",
    "a chunk of no length": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nhunter2\r\n",
    "a packed body that is none": b"Content-Encoding: deflate\r\nContent-Length: 7\r\n\r\nhunter2",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", [CALLBACK_PATH, NOTIFICATIONS_PATH])
async def test_a_body_that_breaks_off_into_nonsense_is_no_fault_of_ours(
    browser: Browser, logs: Logs, path: str, body: bytes
) -> None:
    kind = b"application/json" if path == NOTIFICATIONS_PATH else FORM["Content-Type"].encode()
    head = (
        b"POST "
        + path.encode()
        + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
        + kind
    )

    answer = await _send(browser, head + b"\r\n" + body)

    assert answer.split(b" ")[1] in {b"400", b"415"}
    assert SECRET not in answer
    assert b"aiohttp" not in answer.lower()
    assert not [line for line in logs.lines if line["level"] == "error"]


@pytest.mark.parametrize("path", [CALLBACK_PATH, NOTIFICATIONS_PATH])
async def test_a_sender_who_hangs_up_in_the_middle_is_no_fault_of_ours(
    browser: Browser, logs: Logs, path: str
) -> None:
    kind = "application/json" if path == NOTIFICATIONS_PATH else FORM["Content-Type"]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 100\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(browser.base).port)
    writer.write(head.encode() + b"state")
    await writer.drain()
    await browser.get("/healthz")  # by then the first request is being read
    writer.close()

    await logs.until("request", times=2)

    assert not [line for line in logs.lines if line["level"] == "error"]


@pytest.mark.parametrize("token", ["%00", "%FF", "%ED%A0%80", "a%0Ab", "x" * 200])
async def test_a_link_that_nobody_gave_is_no_fault_of_ours(browser: Browser, logs: Logs, token: str) -> None:
    answer = await browser.get(RECONNECT_PATH + token)

    assert answer.status in {400, 404}
    assert not [line for line in logs.lines if line["level"] == "error"]


@pytest.mark.parametrize("state", ["%00", "%FF", "%ED%A0%80"])
async def test_a_state_that_nobody_gave_is_no_fault_of_ours(browser: Browser, logs: Logs, state: str) -> None:
    answer = await browser.get(f"{CALLBACK_PATH}?state={state}&code=c")

    assert answer.status in {400, 404}
    assert not [line for line in logs.lines if line["level"] == "error"]
