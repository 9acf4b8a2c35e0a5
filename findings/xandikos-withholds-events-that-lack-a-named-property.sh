#!/usr/bin/env bash
# Xandikos answers 404 for the data of every event that lacks one of the properties named in calendar-data.
#
# A calendar-query may name the properties it wants to see (RFC 4791, section 9.6.4). The RFC's own example (section 7.8.1)
# names DTSTART, DTEND, DURATION, RRULE, RDATE, EXRULE, EXDATE and RECURRENCE-ID, of which no event has all: DTEND and
# DURATION exclude each other. The data of an event then has those that it has. In Xandikos 0.4.10 a property that is
# named and missing is a KeyError, which becomes "404 Not Found" for calendar-data as a whole. The report is a 207, the
# event is in it with its ETag, and its times aren't: a reader that takes only what has data sees an empty calendar.
# Whoever names properties should take a member without data for a failed reading, and ask again for whole events.
#
# Prints what it sees, and fails when that is something else. Loopback only; some seconds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "xandikos==0.4.10" 2>/dev/null
"$work/venv/bin/python" - "$work" <<'PY'
import http.client
import importlib.metadata
import os
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

work = sys.argv[1]
DAV, CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
CALENDAR = "/user/calendars/calendar/"
EVENTS = {
    "with-end": "DTEND:20261201T110000Z",
    "with-duration": "DURATION:PT1H",
    "series": "DTEND:20261201T110000Z\r\nRRULE:FREQ=DAILY;COUNT=3",
}
NAMED = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXRULE", "EXDATE", "RECURRENCE-ID")


def wanted(names):
    """calendar-data that names these properties of an event; that of whole events if there are none."""
    props = "".join(f'<c:prop name="{name}"/>' for name in names)
    return f'<c:comp name="VCALENDAR"><c:comp name="VEVENT">{props}</c:comp></c:comp>' if names else ""


def query(names):
    return (
        '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f"<d:prop><d:getetag/><c:calendar-data>{wanted(names)}</c:calendar-data></d:prop>"
        '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">'
        '<c:time-range start="20261201T000000Z" end="20261202T000000Z"/>'
        "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    )


def asked(port, method, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    status, text = answer.status, answer.read()
    connection.close()
    return status, text


def data_status(port, names):
    """The status of calendar-data for each event, by the event's name."""
    status, text = asked(port, "REPORT", CALENDAR, query(names), **{"Depth": "1", "Content-Type": "application/xml"})
    assert status == 207, status
    found = {}
    for response in ET.fromstring(text).iter(DAV + "response"):
        name = response.findtext(DAV + "href").rsplit("/", 1)[1].removesuffix(".ics")
        for propstat in response.iter(DAV + "propstat"):
            if propstat.find(f"{DAV}prop/{CALDAV}calendar-data") is not None:
                found[name] = int(propstat.findtext(DAV + "status").split()[1])
    return found


def started(port):
    command = [f"{work}/venv/bin/xandikos", "serve", "-d", f"{work}/data", "--state-dir", f"{work}/state", "--defaults"]
    command += ["--current-user-principal", "/user/", "-l", "127.0.0.1", "-p", str(port), "--no-detect-systemd"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, env={**os.environ, "HOME": work}, **quiet)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    sys.exit("the server didn't start")


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = started(port)
try:
    for name, times in EVENTS.items():
        start = "DTSTAMP:20261101T000000Z\r\nDTSTART:20261201T100000Z"
        event = f"BEGIN:VEVENT\r\nUID:{name}\r\n{start}\r\n{times}\r\nEND:VEVENT"
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{event}\r\nEND:VCALENDAR\r\n"
        status, _ = asked(port, "PUT", f"{CALENDAR}{name}.ics", text, **{"Content-Type": "text/calendar"})
        assert status == 201, status
    seen = {
        "whole events": data_status(port, ()),
        "DTSTART": data_status(port, ("DTSTART",)),
        "DTSTART, DTEND": data_status(port, ("DTSTART", "DTEND")),
        "RFC 4791, 7.8.1": data_status(port, NAMED),
    }
finally:
    server.terminate()
    server.wait(30)
print("xandikos", importlib.metadata.version("xandikos"))
for names, found in seen.items():
    print(f"asked for {names:16} status of the data (200 expected): {found}")
every, none = dict.fromkeys(EVENTS, 200), dict.fromkeys(EVENTS, 404)
known = [every, every, {**every, "with-duration": 404}, none]
sys.exit(list(seen.values()) != known)
PY
