"""Every session is what was confirmed, and has exactly one event in its last state, or says why not and is right."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import DictRow

from chaos.asking import Refused
from chaos.invariants.evidence import Evidence, Facts
from chaos.model import LENGTH, Booking, Wish
from sandbox.world.model import Event
from sandbox.world.zones import find_zone
from tests.support.calls import ends


@dataclass(frozen=True, slots=True)
class Place:
    """An event of ours and the account through which we reach it."""

    account_id: str
    event: Event


async def confirmed_sessions_are_there(evidence: Evidence) -> Facts:
    """As they were confirmed; of those that nobody answered for, as any of the wishes. Settles which of them it is."""
    facts: Facts = []
    for booking in list(evidence.known.bookings.values()):
        found = await _asked(evidence, booking)
        if found not in booking.may_be():
            facts.append(
                f"{booking.session_id} of {booking.expert_id} is {found}, not {list(booking.may_be())}"
            )
        elif found is None:
            del evidence.known.bookings[booking.session_id]
        else:
            booking.confirmed = found
            booking.open.clear()
    return facts


async def _asked(evidence: Evidence, booking: Booking) -> Wish | None:
    try:
        session = await evidence.ask(
            "session", lambda calls: calls.session(booking.session_id, expert_id=booking.expert_id)
        )
    except Refused:
        return None
    return Wish(ends(session.interval)[0], session.details.title, session.cancelled)


async def each_session_has_its_event(evidence: Evidence) -> Facts:
    rows = {row["session_id"]: row for row in await evidence.look.rows("SELECT * FROM session")}
    accounts = {row["account_id"]: row for row in await evidence.look.rows("SELECT * FROM account")}
    events = await _events(evidence, accounts.values())
    facts: Facts = []
    for session_id, row in rows.items():
        booking = evidence.known.bookings.get(session_id)
        if booking is None:
            facts.append(f"{session_id} is in the table, and no caller asked for it, or it was refused")
        else:
            facts += [
                f"{session_id} of {row['expert_id']}: {one} ({_state(row)})"
                for one in faults_of(booking, row, accounts, events[session_id])
            ]
    return facts


async def waiting_sessions_tell_the_truth(evidence: Evidence) -> Facts:
    rows = await evidence.look.rows("SELECT * FROM session WHERE status <> 'WRITTEN'")
    accounts = {row["account_id"]: row for row in await evidence.look.rows("SELECT * FROM account")}
    settings = {row["expert_id"]: row for row in await evidence.look.rows("SELECT * FROM calendar_settings")}
    calendars = {row["calendar_id"]: row for row in await evidence.look.rows("SELECT * FROM calendar")}
    return [
        f"{row['session_id']} of {row['expert_id']} says {_state(row)}, and that is not so"
        for row in rows
        if not tells_the_truth(row, accounts, settings.get(row["expert_id"]), calendars)
    ]


async def no_event_is_without_a_session(evidence: Evidence) -> Facts:
    """In any mailbox. What an erased expert's sessions had written may stay."""
    marks = {row["mark"] for row in await evidence.look.rows("SELECT mark FROM session_mark")}
    facts: Facts = []
    for expert in evidence.here.cast:
        for person in expert.people:
            for event in evidence.here.sandbox.world.events.in_mailbox(person):
                if event.transaction_id is None or event.transaction_id in marks:
                    continue
                if not any(word in evidence.known.erased for word in event.subject.split()):
                    facts.append(f"an event of {person} is nobody's: {event.subject} at {event.start}")
    return facts


async def checked_sessions_never_overlap(evidence: Evidence) -> Facts:
    taken: dict[tuple[str, datetime], str] = {}
    facts: Facts = []
    for booking in evidence.known.bookings.values():
        if booking.checked and booking.live and booking.confirmed:
            key = (booking.expert_id, booking.confirmed.start)
            if key in taken:
                facts.append(f"{booking.session_id} and {taken[key]} of {booking.expert_id} have one time")
            taken[key] = booking.session_id
    return facts


async def no_accepted_time_was_called_free(evidence: Evidence) -> Facts:
    return list(evidence.wrong)


async def _events(evidence: Evidence, accounts: Iterable[DictRow]) -> dict[str, list[Place]]:
    """Our events in the mailboxes that their sessions' experts have connected, by session."""
    found: dict[str, list[Place]] = defaultdict(list)
    rows = await evidence.look.rows("SELECT expert_id, mark, session_id FROM session_mark")
    marks = {(row["expert_id"], row["mark"]): row["session_id"] for row in rows}
    for account in accounts:
        for event in evidence.here.sandbox.world.events.in_mailbox(account["object_id"]):
            if session_id := marks.get((account["expert_id"], event.transaction_id)):
                found[session_id].append(Place(account["account_id"], event))
    return found


def faults_of(
    booking: Booking, row: DictRow, accounts: Mapping[str, DictRow], events: Sequence[Place]
) -> Facts:
    """What is wrong with the events of a session, in the mailboxes that are connected."""
    wish = booking.confirmed
    assert wish is not None
    if len(events) > 1 + booking.copies:
        return [f"has {len(events)} events: {[one.event.start.isoformat() for one in events]}"]
    if row["status"] != "WRITTEN" or row["written_revision"] != row["revision"]:
        return []
    if wish.cancelled:
        return (
            []
            if len(events) <= booking.copies
            else [f"is cancelled, and its event is there at {events[0].event.start}"]
        )
    if row["copy_account_id"] not in accounts:
        return [] if len(events) <= booking.copies else ["has an event where it doesn't say"]
    if booking.touched:
        return []
    if not any(_shows(one.event, wish) for one in events):
        return [
            f"should be {wish}, and its events are {[(one.event.start, one.event.subject) for one in events]}"
        ]
    return []


def _shows(event: Event, wish: Wish) -> bool:
    zone = find_zone(event.zone)
    start, end = (time.replace(tzinfo=zone).astimezone(UTC) for time in (event.start, event.end))
    return (start, end, event.subject) == (wish.start, wish.start + LENGTH, wish.title)


def tells_the_truth(
    row: DictRow,
    accounts: Mapping[str, DictRow],
    settings: DictRow | None,
    calendars: Mapping[str, DictRow],
) -> bool:
    """Whether what a session says stands in its way does."""
    chosen = settings["write_calendar_id"] if settings is not None else None
    mine = [one for one in accounts.values() if one["expert_id"] == row["expert_id"]]
    lost = [one for one in mine if one["status"] == "RECONNECT_REQUIRED"]
    match row["hindrance"]:
        case "RECONNECT_REQUIRED":
            return bool(lost)
        case "NO_WRITABLE_CALENDAR":
            return chosen is None and not [one for one in mine if one["status"] == "ACTIVE"]
        case "ACCOUNT_DISCONNECTED":
            return chosen is not None and chosen not in calendars
        case _:
            return False


def _state(row: DictRow) -> str:
    hindrance = f" {row['hindrance']}" if row["hindrance"] else ""
    return f"{row['status']}{hindrance}, revision {row['written_revision']} of {row['revision']}"
