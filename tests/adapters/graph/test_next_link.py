"""Which links to next pages are followed, and where to."""

import pytest

from adapters.graph.next_link import next_url
from domain.access import InvalidAnswer

GRAPH, PROXY = "https://graph.microsoft.com/v1.0", "https://proxy.corp.example:8443/msgraph"
QUERY = "?$select=id,start&startDateTime=2031-05-05T00%3A00%3A00Z&$skiptoken=a%2Fb=="


@pytest.mark.parametrize(
    "link",
    [
        f"{GRAPH}/me/calendars{QUERY}",
        f"https://graph.microsoft.com:443/v1.0/me/calendars{QUERY}",
        f"HTTPS://GRAPH.Microsoft.com/v1.0/me/calendars{QUERY}",
    ],
)
def test_a_link_to_the_same_origin_is_followed_as_it_came(link: str) -> None:
    followed = next_url(link, base=GRAPH)
    assert (followed.scheme, followed.host, followed.port) == ("https", "graph.microsoft.com", 443)
    assert str(followed).endswith(f"/v1.0/me/calendars{QUERY}")


def test_a_default_port_may_be_spelled_in_the_setting_too() -> None:
    link = f"https://graph.microsoft.com/v1.0/me/calendars{QUERY}"
    assert str(next_url(link, base="https://graph.microsoft.com:443/v1.0")) == link


@pytest.mark.parametrize("base", [PROXY, "http://127.0.0.1:9000/v1.0"])
@pytest.mark.parametrize(
    "host",
    [
        "graph.microsoft.com",
        "graph.microsoft.com:443",
        "graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    ],
)
def test_behind_a_proxy_graphs_own_links_are_followed_at_the_proxy(base: str, host: str) -> None:
    link = f"https://{host}/v1.0/me/calendars/AAMk%3D/calendarView{QUERY}"
    assert str(next_url(link, base=base)) == f"{base}/me/calendars/AAMk%3D/calendarView{QUERY}"


@pytest.mark.parametrize("base", [GRAPH, PROXY])
@pytest.mark.parametrize(
    "link",
    [
        None,
        5,
        "",
        "/v1.0/me/calendars",
        "https://evil.example.com/v1.0/me/calendars",
        "https://graph.microsoft.com.evil.example.com/v1.0/me/calendars",
        "http://graph.microsoft.com/v1.0/me/calendars",
        "https://graph.microsoft.com:8443/v1.0/me/calendars",
        "https://graph.microsoft.com:99999/v1.0/me/calendars",
        "https://graph.microsoft.com:port/v1.0/me/calendars",
        "https://somebody@graph.microsoft.com/v1.0/me/calendars",
        "https://[graph.microsoft.com/v1.0/me",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(link: object, base: str) -> None:
    with pytest.raises(InvalidAnswer):
        next_url(link, base=base)


def test_one_cloud_of_microsoft_does_not_lead_to_another() -> None:
    with pytest.raises(InvalidAnswer):
        next_url("https://graph.microsoft.us/v1.0/me/calendars", base=GRAPH)


@pytest.mark.parametrize("path", ["", "/", "/v1.0", "/v1.0/"])
def test_a_link_of_graphs_that_names_nothing_is_not_followed_at_the_proxy(path: str) -> None:
    with pytest.raises(InvalidAnswer):
        next_url(f"https://graph.microsoft.com{path}", base=PROXY)
