"""Beginning a look at one calendar."""

from datetime import datetime

from application.ports.store import Transaction
from domain.ids import CalendarId
from domain.reading import BegunLook


async def begin_look(
    tx: Transaction, calendar_id: CalendarId, *, now: datetime, until: datetime
) -> BegunLook | None:
    begun = await tx.readings.begin_all([calendar_id], now=now, until=until)
    return begun[0] if begun else None
