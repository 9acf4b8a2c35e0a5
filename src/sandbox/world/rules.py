"""A series as iCalendar's RRULE, in which Google and Apple tell of it."""

from sandbox.world.recurrence import INDEXES, Recurrence


def rule(recurrence: Recurrence, *, until: str | None = None) -> str:
    """The RRULE line of a series. `until` is how its last moment is written (None: its last date)."""
    parts = [f"FREQ={_frequency(recurrence)}"]
    if recurrence.interval != 1:
        parts.append(f"INTERVAL={recurrence.interval}")
    parts += _days(recurrence)
    if recurrence.kind == "weekly" and recurrence.interval != 1:
        # Which days are of one week matters where weeks are left out; unsaid, a week begins on Monday.
        parts.append(f"WKST={recurrence.first_day_of_week[:2].upper()}")
    if recurrence.month:
        parts.append(f"BYMONTH={recurrence.month}")
    if recurrence.until is not None:
        parts.append(f"UNTIL={until or format(recurrence.until, '%Y%m%d')}")
    if recurrence.occurrences is not None:
        parts.append(f"COUNT={recurrence.occurrences}")
    return f"RRULE:{';'.join(parts)}"


def _frequency(recurrence: Recurrence) -> str:
    return recurrence.kind.removeprefix("absolute").removeprefix("relative").upper()


def _days(recurrence: Recurrence) -> list[str]:
    if recurrence.day_of_month:
        return [f"BYMONTHDAY={recurrence.day_of_month}"]
    if not recurrence.days:
        return []
    names = [day[:2].upper() for day in recurrence.days]
    if recurrence.kind.startswith("relative"):
        place = -1 if recurrence.index == "last" else INDEXES.index(recurrence.index) + 1
        names = [f"{place}{name}" for name in names]
    return [f"BYDAY={','.join(names)}"]
