"""Multistatus answers: what is read of them, in whatever pieces they arrive, and what is refused."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.elements import CALDAV, DAV
from adapters.caldav.multistatus import MultistatusReader, Resource
from domain.access import InvalidAnswer
from tests.support.caldav import calendar_data, etag, multistatus, response

DATA = f"{CALDAV}calendar-data"
ETAG = f"{DAV}getetag"
EVENT = "BEGIN:VEVENT\r\nSUMMARY:Lunch & <talk> \N{SMILING FACE WITH OPEN MOUTH}\r\nEND:VEVENT\r\n"


def read(body: bytes, *, pieces: int = 1 << 16, largest: int = 1_000_000, most: int = 100) -> list[Resource]:
    resources: list[Resource] = []
    reader = MultistatusReader(resources.append, largest_bytes=largest, most_resources=most)
    for start in range(0, len(body), pieces):
        reader.feed(body[start : start + pieces])
    reader.close()
    return resources


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 64, 1 << 16])
def test_an_answer_is_the_same_in_whatever_pieces_it_arrives(pieces: int) -> None:
    body = multistatus(
        response("/1/calendars/home/A.ics", etag('"1"') + calendar_data(EVENT)),
        response("/1/calendars/home/B.ics", etag('"2"') + calendar_data("x")),
    )
    resources = read(body, pieces=pieces)
    assert [(one.href, one.status, one.text(ETAG), one.text(DATA)) for one in resources] == [
        ("/1/calendars/home/A.ics", None, '"1"', EVENT.replace("\r\n", "\n")),
        ("/1/calendars/home/B.ics", None, '"2"', "x"),
    ]


PREFIXED = b"""<?xml version="1.0"?>
<z:multistatus xmlns:z="DAV:" xmlns:DAV="urn:ietf:params:xml:ns:caldav">
  <z:response><z:href> /a </z:href><z:propstat>
    <z:prop><z:getetag>1</z:getetag><DAV:calendar-data><![CDATA[a & b]]></DAV:calendar-data></z:prop>
    <z:status>HTTP/1.1 200 OK</z:status></z:propstat></z:response>
</z:multistatus>"""


def test_names_are_told_by_namespace_and_not_by_prefix() -> None:
    (resource,) = read(PREFIXED)
    assert (resource.href, resource.text(ETAG), resource.text(DATA)) == ("/a", "1", "a & b")


def test_an_element_of_another_namespace_is_another_element() -> None:
    (resource,) = read(multistatus(response("/a", '<getetag xmlns="urn:other">1</getetag>')))
    assert resource.text(ETAG) is None


def test_only_properties_under_a_200_are_there() -> None:
    body = multistatus(
        response("/a", etag("1"), missing='<calendar-data xmlns="urn:ietf:params:xml:ns:caldav"/>')
    )
    (resource,) = read(body)
    assert (resource.text(ETAG), resource.text(DATA)) == ("1", None)


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "403 Forbidden", "500 Oops"])
def test_no_other_status_makes_a_property_one(status: str) -> None:
    body = f"<propstat><prop>{etag('1')}</prop><status>HTTP/1.1 {status}</status></propstat>"
    assert read(multistatus(f'<response xmlns="DAV:"><href>/a</href>{body}</response>'))[0].found == {}


def test_properties_of_several_propstats_come_together() -> None:
    one = f"<propstat><prop>{etag('1')}</prop><status>HTTP/1.1 200 OK</status></propstat>"
    two = f"<propstat><prop>{calendar_data('x')}</prop><status>HTTP/2 200</status></propstat>"
    (resource,) = read(multistatus(f'<response xmlns="DAV:"><href>/a</href>{one}{two}</response>'))
    assert (resource.text(ETAG), resource.text(DATA)) == ("1", "x")


def test_a_resource_may_have_a_status_instead_of_properties() -> None:
    (resource,) = read(multistatus(response("/a", status="404 Not Found")))
    assert (resource.status, resource.found) == (404, {})


def test_one_status_may_be_about_several_addresses() -> None:
    body = '<response xmlns="DAV:"><href>/a</href><href>/b</href><status>HTTP/1.1 404 x</status></response>'
    assert [(one.href, one.status) for one in read(multistatus(body))] == [("/a", 404), ("/b", 404)]


def test_properties_are_those_of_one_address() -> None:
    """RFC 4918, section 14.24. Or else one event would be read as often as somebody names an address before it."""
    answer = multistatus(response("/a", etag("1"))).replace(b"</href>", b"</href><href>/b</href>", 1)
    assert b"<href>/b</href>" in answer
    with pytest.raises(InvalidAnswer):
        read(answer)


def test_every_address_counts_as_a_resource() -> None:
    hrefs = "".join(f"<href>/{number}</href>" for number in range(5))
    body = multistatus(f'<response xmlns="DAV:">{hrefs}<status>HTTP/1.1 404 x</status></response>')
    assert len(read(body, most=5)) == 5
    with pytest.raises(InvalidAnswer):
        read(body, most=4)


def test_a_resource_has_so_many_elements_at_most() -> None:
    """Each is kept until the resource ends, and takes a hundred times the bytes that it came in."""
    assert (
        len(read(multistatus(response("/a", etag("1") + "<x/>" * 9_000), response("/b", "<x/>" * 9_000))))
        == 2
    )
    with pytest.raises(InvalidAnswer):
        read(multistatus(response("/a", etag("1") + "<x/>" * 10_000)))


def test_no_resources_are_no_fault() -> None:
    assert read(multistatus()) == []


def test_what_stands_beside_the_resources_is_passed_over() -> None:
    body = multistatus("some text", '<sync-token xmlns="DAV:">x</sync-token>', response("/a", etag("1")))
    assert [one.href for one in read(body)] == ["/a"]


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + multistatus()[38:]
GOOD = multistatus(response("/a", etag("1")))
ODD = {
    "nothing": b"",
    "a page": b"<html><body>Sign in</body></html>",
    "a page with a doctype": b"<!DOCTYPE html><html></html>",
    "JSON": b'{"multistatus": []}',
    "a doctype": DOCTYPE,
    "an entity that nobody declared": multistatus(response("/a", "<getetag>&xxe;</getetag>")),
    "another root": b'<response xmlns="DAV:"><href>/a</href></response>',
    "a root without a namespace": b"<multistatus/>",
    "two roots": GOOD + multistatus()[38:],
    "an end that is missing": GOOD[:-1],
    "no address": multistatus('<response xmlns="DAV:"><status>HTTP/1.1 404 x</status></response>'),
    "an empty address": multistatus(response(" ")),
    "no status": multistatus('<response xmlns="DAV:"><href>/a</href><propstat><prop/></propstat></response>'),
    "a status that is none": multistatus(response("/a", status="ok")),
    "no UTF-8": multistatus(response("/a")).replace(b"/a", b"/\xff"),
    "an unknown encoding": multistatus().replace(b"UTF-8", b"martian"),
    "too deep": multistatus(response("/a", "<x>" * 40 + "</x>" * 40)),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_nothing_is_concluded_from_what_is_no_multistatus(body: bytes) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        read(body)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("end", range(40, len(GOOD), 9))
def test_an_answer_that_is_cut_off_is_none(end: int) -> None:
    with pytest.raises(InvalidAnswer):
        read(GOOD[:end])


def test_an_answer_is_read_up_to_its_largest_size() -> None:
    assert len(read(GOOD, largest=len(GOOD))) == 1
    with pytest.raises(InvalidAnswer):
        read(GOOD, largest=len(GOOD) - 1)


def test_an_answer_has_so_many_resources_at_most() -> None:
    body = multistatus(*(response(f"/{number}", etag("1")) for number in range(5)))
    assert len(read(body, most=5)) == 5
    with pytest.raises(InvalidAnswer):
        read(body, most=4)


def test_a_resource_is_handed_on_before_the_next_one_is_read() -> None:
    body = multistatus(response("/a", etag("1")), response("/b", etag("2")))
    seen: list[str] = []
    reader = MultistatusReader(lambda one: seen.append(one.href), largest_bytes=10_000, most_resources=9)
    reader.feed(body[: body.index(b"/b")])
    assert seen == ["/a"]


def test_nothing_is_kept_of_what_was_handed_on() -> None:
    one = response("/a", calendar_data("x" * 50_000)).encode()
    reader = MultistatusReader(lambda _: None, largest_bytes=100_000_000, most_resources=1_000)
    reader.feed(multistatus()[: -len(b"</multistatus>")])
    reader.feed(one)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(100):
        reader.feed(one)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert kept < 200_000


def test_what_a_resource_holds_is_not_printed() -> None:
    (resource,) = read(multistatus(response("/secret", calendar_data("SUMMARY:secret"))))
    assert "secret" not in repr(resource)
    assert "secret" not in repr(resource.found[DATA])


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_any_bytes_are_an_answer_or_none(noise: bytes, at: int, over: int) -> None:
    with suppress(InvalidAnswer):
        read(GOOD[:at] + noise + GOOD[at + over :], pieces=50)
