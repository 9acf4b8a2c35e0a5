"""How times are written: as the clock of the expert's zone shows them, and no two instants of a day alike."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calendarsync.v1.expert_pb2 import Expert


def zone_of(expert: Expert) -> ZoneInfo:
    """The service knows each zone that it has accepted; where its data is newer than ours, it is shown in UTC."""
    try:
        return ZoneInfo(expert.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def hour_and_minute(at: datetime, zone: ZoneInfo) -> str:
    """Such as `09:30`; `02:30 again` where the clock was put back and shows it a second time."""
    shown = at.astimezone(zone)
    return f"{shown:%H:%M}{' again' if shown.fold else ''}"


def in_zone(moment: datetime, zone: str) -> str:
    """As clocks on the wall of that zone show it, e.g. `Tue 1 Dec 2026, 14:05`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def day_name(day: date) -> str:
    """Such as `Monday, 30 November 2026`."""
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def from_to(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Such as `Monday, 30 November 2026, 09:00 to 10:00`."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    begin = f"{day_name(first)}, {hour_and_minute(start, zone)}"
    until = hour_and_minute(end, zone)
    return f"{begin} to {until}" if first == last else f"{begin} to {day_name(last)}, {until}"


def length(span: timedelta) -> str:
    """Such as `1 h 30 min`."""
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part
    )


def now() -> datetime:
    return datetime.now(UTC)
