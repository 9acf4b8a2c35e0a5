"""Where things are in Graph: paths with percent-encoded ids, and windows of a calendar view."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from domain.interval import Interval
from domain.session import EventPlace

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def view_parameters(window: Interval, *, margin: timedelta) -> dict[str, str]:
    """`startDateTime` and `endDateTime` of the window widened by `margin`, as far as there are times, in UTC."""
    start = window.start - min(margin, window.start - _EARLIEST)
    end = window.end + min(margin, _LATEST - window.end)
    return {"startDateTime": _printed(start), "endDateTime": _printed(end)}


def calendar_path(remote_calendar_id: str) -> str:
    return f"/me/calendars/{quote(remote_calendar_id, safe='')}"


def event_path(place: EventPlace) -> str:
    """Below its calendar: in one shared with the person, `/me/events/{id}` may not find it."""
    return f"{calendar_path(place.remote_calendar_id)}/events/{quote(place.remote_id, safe='')}"


def events_resource(remote_calendar_id: str) -> str:
    """What a subscription names as its resource; ids stand there as they are but for what would end them."""
    return f"me/calendars/{quote(remote_calendar_id, safe='=')}/events"


def subscription_path(remote_id: str) -> str:
    return f"/subscriptions/{quote(remote_id, safe='')}"


def _printed(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
