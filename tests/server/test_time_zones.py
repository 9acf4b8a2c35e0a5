"""Every process goes by the package's time zone database, whatever the machine has."""

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.zone import local_days, zone_named
from server.time_zones import use_packaged_zones, zones_version

DAY = date(2026, 12, 10)

ENTRIES = {
    "calendarsync": "import server.cli; server.cli.run(['check-settings'])",
    "calendarsync, with bad arguments": "import server.cli; server.cli.run(['no-such-command'])",
    "the sandbox": "import sandbox.__main__ as it; it.main()",
    "the demo": "import server.demo.__main__ as it; it.tempfile = None; it.main()",
    "the bench": "import bench.__main__ as it; it.os = None; it.main()",
}
ASK = """
import sys
sys.argv = ["program", "--help"]
try:
    {entry}
except (SystemExit, AttributeError):
    pass
from datetime import datetime
from domain.zone import zone_named
print(datetime(2026, 12, 10, tzinfo=zone_named("America/Vancouver")).isoformat())
"""


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_a_machine_with_older_zones_changes_nothing(tmp_path: Path, entry: str) -> None:
    """The machine's Vancouver still puts its clocks back in winter, as it did up to 2025."""
    stale = tmp_path / "America" / "Vancouver"
    stale.parent.mkdir()
    stale.write_bytes(files("tzdata.zoneinfo.Etc").joinpath("GMT+8").read_bytes())
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CALENDARSYNC_")},
        "PYTHONTZPATH": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(["src", "."]),
    }

    ran = subprocess.run(
        [sys.executable, "-c", ASK.format(entry=entry)], env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip

    assert ran.stdout.splitlines()[-1] == "2026-12-10T00:00:00-07:00"


def test_so_do_the_tests() -> None:
    assert zoneinfo.TZPATH == ()


def test_zones_stay_the_same_when_that_is_said_again() -> None:
    before = ZoneInfo("Europe/Berlin")
    use_packaged_zones()
    assert ZoneInfo("Europe/Berlin") is before is zone_named("Europe/Berlin")


def test_the_version_is_one_that_knows_the_changes_of_2026() -> None:
    assert zones_version() == version("tzdata")
    assert tuple(int(part) for part in zones_version().split(".")) >= (2026, 6)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("America/Vancouver", 7), ("America/Edmonton", 6), ("America/Winnipeg", 5), ("Africa/Casablanca", 0)],
)
def test_days_in_zones_that_changed_in_2026_begin_when_they_do(name: str, hours: int) -> None:
    """The first three no longer put their clocks back in winter; Morocco keeps to UTC."""
    days = local_days(DAY, DAY + timedelta(days=1), zone_named(name))

    assert days is not None
    assert days.start == datetime(2026, 12, 10, hours, tzinfo=UTC)
    assert days.end - days.start == timedelta(days=1)
