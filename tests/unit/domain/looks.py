"""Looks at calendars with events of ours, and what may be found otherwise than we left it."""

from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.deviation import Deviation, DeviationKind
from domain.ids import AccountId, CalendarId, EventMark
from domain.interval import Interval
from domain.look import Look
from domain.own_event import own_event
from domain.own_events import OwnEvents, Seen
from domain.session import Session, WriteStatus
from tests.builders import ACCOUNT, CALENDAR, MARK, NOW, SESSION, a_session, after, an_event_copy, an_interval

EVENT_ID = "AAMkAD-event-1"
OTHER_MARK = EventMark("00000000-0000-5000-8000-000000000002")
HOME = "AAMkAD-calendar-1"
WINDOW = Interval(NOW, after(days=14))
SLOT = an_interval()
ELSEWHERE = an_interval(starts=29)
A_WEEK_LATER = an_interval(starts=24 + 7 * 24)
BERLIN = ZoneInfo("Europe/Berlin")


def written(interval: Interval = SLOT, **more: object) -> Session:
    """A session whose event was written an hour ago."""
    settled: dict[str, object] = {
        "interval": interval,
        "copy": an_event_copy(times=[interval]),
        "status": WriteStatus.WRITTEN,
        "written_revision": 1,
        "written_at": after(hours=-1),
        "due_at": None,
    }
    return a_session(**(settled | more))  # type: ignore[arg-type]


def entry(
    at: Interval = SLOT,
    *,
    remote_id: str | None = EVENT_ID,
    mark: EventMark | None = MARK,
    show_as: ShowAs = ShowAs.BUSY,
) -> CalendarEntry:
    return CalendarEntry(when=Instants(at.start, at.end), show_as=show_as, mark=mark, remote_id=remote_id)


def copied(at: Interval, number: int = 1) -> CalendarEntry:
    """As Outlook copies an event: under an id of its own, with the mark."""
    return entry(at, remote_id=f"AAMkAD-copy-{number}")


def look(
    account_id: str = ACCOUNT,
    remote_calendar_id: str = HOME,
    *,
    calendar_id: str = CALENDAR,
    tentative_blocks: bool = False,
) -> Look:
    return Look(
        account_id=AccountId(account_id),
        calendar_id=CalendarId(calendar_id),
        remote_calendar_id=remote_calendar_id,
        window=WINDOW,
        zone=BERLIN,
        tentative_blocks=tentative_blocks,
        read_at=NOW,
    )


def own(
    *sessions: Session, before: tuple[Session, ...] | None = None, marks: tuple[str, ...] = (MARK,)
) -> OwnEvents:
    """All marks are of the first session."""
    return OwnEvents.of(
        [own_event(one) for one in (sessions if before is None else before)],
        [own_event(one) for one in sessions],
        {EventMark(mark): sessions[0].session_id for mark in marks},
    )


def seen(*entries: CalendarEntry, sessions: OwnEvents | None = None, where: Look | None = None) -> Seen:
    return (sessions or own(written())).seen(entries, where or look())


def moved(
    at: Interval | None, *, blocks: Interval | None = None, revision: int = 1, tell: bool = True
) -> Deviation:
    return Deviation(
        session_id=SESSION, revision=revision, kind=DeviationKind.MOVED, at=at, blocks=blocks, tell=tell
    )


def missing() -> Deviation:
    return Deviation(session_id=SESSION, revision=1, kind=DeviationKind.MISSING, tell=True)


def surplus(*, tell: bool = True) -> Deviation:
    return Deviation(session_id=SESSION, revision=1, kind=DeviationKind.SURPLUS, tell=tell)
