#!/usr/bin/env bash
# zoneinfo on the tzdata package answers two kinds of names that are no zones in ways its documentation doesn't name.
#
# A service that goes by one time-zone database turns the machine's off (zoneinfo.reset_tzpath(to=())) and reads tzdata.
# Then, on Python 3.11 with tzdata 2026.1:
#   ZoneInfo("America")                   raises IsADirectoryError instead of ZoneInfoNotFoundError (a KeyError)
#   ZoneInfo("America.Argentina/Salta")   gives a zone with that key: the part before the last slash is imported as a
#                                         package name, and there a dot is as good as a slash
# Whoever keeps zone names should look them up in zoneinfo.available_timezones() first.
#
# Prints what it sees, and fails when that is something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "tzdata==2026.1" 2>/dev/null
"$work/venv/bin/python" - <<'PY'
import sys
import zoneinfo

zoneinfo.reset_tzpath(to=())


def seen(name):
    try:
        return f"a zone with the key {zoneinfo.ZoneInfo(name).key}"
    except Exception as error:
        return type(error).__name__


expected = {
    "America/Argentina/Salta": "a zone with the key America/Argentina/Salta",
    "America.Argentina/Salta": "a zone with the key America.Argentina/Salta",
    "America": "IsADirectoryError",
    "America/Nowhere": "ZoneInfoNotFoundError",
}
print("Python", sys.version.split()[0])
found = {name: seen(name) for name in expected}
for name, what in found.items():
    print(f"{name:26} {what}   listed: {name in zoneinfo.available_timezones()}")
sys.exit(found != expected)
PY
