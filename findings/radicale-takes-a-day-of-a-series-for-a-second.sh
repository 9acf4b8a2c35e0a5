#!/usr/bin/env bash
# In Radicale a day of an all-day series without DTEND lasts one second, so the rest of the day is free.
#
# An event whose DTSTART is a date and that has neither DTEND nor DURATION takes that day (RFC 5545, section 3.6.1), and
# so does each of a series; the table for time-range (RFC 4791, section 9.9) has a line for it. Radicale 3.9.0 does so for a
# single event. The days of a series come out of the rule as date-times, so the line for date-times holds for them: a second
# after midnight. A free-busy-query says so, and a calendar-query from noon to one doesn't find the event at all.
# With a DTEND, which most programs write, both are right. The anniversary among the RFC's examples has none.
# Whoever reads from such a server should ask for a day more on each side, and compute the occurrences from the event.
#
# Prints what it sees, and fails when that is something else. Loopback only; some seconds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "radicale==3.9.0" 2>/dev/null
"$work/venv/bin/python" - "$work" <<'PY'
import http.client
import importlib.metadata
import re
import socket
import subprocess
import sys
import time

work = sys.argv[1]
EVENTS = {  # each takes all of 2 December 2026
    "single": "DTSTART;VALUE=DATE:20261202",
    "series with DTEND": "DTSTART;VALUE=DATE:20261125\r\nDTEND;VALUE=DATE:20261126\r\nRRULE:FREQ=WEEKLY;COUNT=9",
    "series": "DTSTART;VALUE=DATE:20261125\r\nRRULE:FREQ=WEEKLY;COUNT=9",
}
NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
DAY = '<c:time-range start="20261202T000000Z" end="20261203T000000Z"/>'
NOON = '<c:time-range start="20261202T120000Z" end="20261202T130000Z"/>'


def asked(port, method, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, {"Authorization": "Basic dXNlcjo=", **headers})
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode()
    connection.close()
    assert status in (200, 201, 207), (method, status)
    return text


def busy(port, path):
    """The busy periods of the day, as the report has them."""
    text = asked(port, "REPORT", path, f"<c:free-busy-query {NAMESPACES}>{DAY}</c:free-busy-query>", Depth="1")
    return re.findall(r"^FREEBUSY.*:(\w+/\w+)", text.replace("\r\n ", ""), re.MULTILINE)


def found_at_noon(port, path):
    text = asked(
        port, "REPORT", path,
        f"<c:calendar-query {NAMESPACES}><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name='VCALENDAR'>"
        f"<c:comp-filter name='VEVENT'>{NOON}</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>",
        Depth="1",
    )
    return "event.ics" in text


def started(port):
    command = [sys.executable, "-m", "radicale", "--config", "", "--hosts", f"127.0.0.1:{port}", "--auth-type", "none"]
    command += ["--storage-filesystem-folder", f"{work}/data"]
    server = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
seen = {}
try:
    for number, (kind, times) in enumerate(EVENTS.items()):
        path = f"/user/calendar{number}/"
        asked(port, "MKCALENDAR", path, "")
        event = f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20261101T000000Z\r\n{times}\r\nEND:VEVENT"
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{event}\r\nEND:VCALENDAR\r\n"
        asked(port, "PUT", path + "event.ics", text, **{"Content-Type": "text/calendar"})
        seen[kind] = (busy(port, path), found_at_noon(port, path))
finally:
    server.terminate()
    server.wait(30)
print("radicale", importlib.metadata.version("radicale"))
for kind, (periods, found) in seen.items():
    print(f"{kind:18} busy {periods}  found at noon: {found}")
right = (["20261202T000000Z/20261203T000000Z"], True)
print(f"{'expected of each':18} busy {right[0]}  found at noon: {right[1]}")
second = (["20261202T000000Z/20261202T000001Z"], False)
sys.exit(seen != {"single": right, "series with DTEND": right, "series": second})
PY
