"""Where calendars and events are, below the API's root. Ids hold `@`, `#` and now and then `/`: all is encoded."""

from urllib.parse import quote


def calendar_path(calendar_id: str) -> str:
    return f"/calendars/{quote(calendar_id, safe='')}"


def events_path(calendar_id: str) -> str:
    return f"{calendar_path(calendar_id)}/events"


def event_path(calendar_id: str, event_id: str) -> str:
    return f"{events_path(calendar_id)}/{quote(event_id, safe='')}"
