"""The HTTP client under MSAL, on answers made by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.cookies import MockRequest, MockResponse

from adapters.graph.blocking_http import blocking_http
from adapters.graph.settings import MicrosoftSettings
from adapters.graph.token_http import TokenHttp
from domain.access import ProviderUnavailable

URL = "https://login.example.com/common/v2.0/.well-known/openid-configuration"


class ScriptedHttp(requests.Session):
    """Answers what it is told, and remembers how it was asked."""

    def __init__(self, answer: Callable[[], requests.Response]) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def request(self, method: Any, url: Any, **how: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append({"method": method, "url": url} | how)
        return self.answer()


def _response(body: bytes = b"{}", status: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def _http(requester: requests.Session, monotonic: Callable[[], float] = lambda: 0.0) -> TokenHttp:
    settings = MicrosoftSettings(client_id="app", credential="secret")
    return TokenHttp(requester, settings, now=lambda: NOW, monotonic=monotonic)


def test_a_document_is_fetched_once_a_day() -> None:
    times = iter((0.0, 86_399.0, 86_401.0, 86_402.0))
    scripted = ScriptedHttp(_response)
    http = _http(scripted, lambda: next(times))
    for _ in range(3):
        http.get(URL)
    assert len(scripted.asked) == 2


def test_a_failed_document_is_not_kept() -> None:
    scripted = ScriptedHttp(lambda: _response(b'{"error": "invalid_tenant"}', 400))
    http = _http(scripted)
    for _ in range(2):
        assert http.get(URL).status_code == 400
    assert len(scripted.asked) == 2


def test_every_request_is_bounded_in_time_and_follows_no_redirect() -> None:
    scripted = ScriptedHttp(_response)
    _http(scripted).post(URL, data={"grant_type": "refresh_token"})
    assert scripted.asked[0]["timeout"] == (5.0, 30.0)
    assert scripted.asked[0]["allow_redirects"] is False


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failing_server_is_an_outage_with_its_own_wish(status: int) -> None:
    scripted = ScriptedHttp(lambda: _response(b"{}", status, Retry_After="12"))
    with pytest.raises(ProviderUnavailable) as caught:
        _http(scripted).post(URL)
    assert caught.value.retry_after == timedelta(seconds=12)
    assert caught.value.throttled is (status == 429)


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b'{"cut', b'{"a":"' + b"x" * 1_000_001 + b'"}']
)
def test_what_is_no_json_object_of_sane_size_is_an_outage(body: bytes) -> None:
    with pytest.raises(ProviderUnavailable):
        _http(ScriptedHttp(lambda: _response(body))).post(URL)


@pytest.mark.parametrize("fault", [requests.ConnectionError, requests.Timeout, requests.exceptions.SSLError])
def test_a_broken_connection_is_an_outage(fault: type[requests.RequestException]) -> None:
    def fail() -> requests.Response:
        raise fault

    with pytest.raises(ProviderUnavailable):
        _http(ScriptedHttp(fail)).fetch_json(URL)


def test_text_is_read_as_utf8_whatever_the_header_says() -> None:
    answer = _http(ScriptedHttp(lambda: _response('{"name":"Jürgen"}'.encode()))).post(URL)
    assert answer.json() == {"name": "Jürgen"}


def test_the_environment_cannot_choose_whom_to_trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    ca_file = tmp_path / "ours.pem"
    with blocking_http(MicrosoftSettings(client_id="app", credential="secret", ca_file=ca_file)) as http:
        merged = http.merge_environment_settings(URL, {}, None, None, None)
    assert (merged["verify"], merged["proxies"]) == (str(ca_file), {})


def test_no_cookie_is_kept() -> None:
    reply = Message()
    reply["Set-Cookie"] = "fpc=of-one-person; path=/; secure"
    request = MockRequest(requests.Request("GET", "https://login.example.com/").prepare())
    with blocking_http(MicrosoftSettings(client_id="app", credential="secret")) as http:
        http.cookies.extract_cookies(MockResponse(reply), request)  # type: ignore[arg-type]
        assert len(http.cookies) == 0
    anybody = requests.Session()
    anybody.cookies.extract_cookies(MockResponse(reply), request)  # type: ignore[arg-type]
    assert len(anybody.cookies) == 1


def test_an_answer_tells_how_far_the_clocks_are_apart() -> None:
    date = "Mon, 01 Mar 2027 12:10:00 GMT"
    http = _http(ScriptedHttp(lambda: _response(b"{}", Date=date)))
    assert http.clock_difference is None
    http.get(URL)
    assert http.clock_difference is None, "a document may come from a cache"
    http.post(URL)
    assert http.clock_difference == timedelta(minutes=10)


def test_a_refusal_tells_it_too() -> None:
    date = "Mon, 01 Mar 2027 11:50:00 GMT"
    http = _http(ScriptedHttp(lambda: _response(b'{"error": "invalid_client"}', 401, Date=date)))
    http.post(URL)
    assert http.clock_difference == timedelta(minutes=-10)
