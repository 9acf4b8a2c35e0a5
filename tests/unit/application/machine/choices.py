"""What the machine chooses from: times, calendars, faults, and the questions that it asks after each step."""

from datetime import timedelta

from hypothesis import strategies as st

from domain.access import AccessDenied, AccessDoubted, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.ids import AccountId, HoldId, SessionId
from domain.interval import Interval
from tests.builders import NOW, an_interval

MOMENT = timedelta(seconds=1)
DAY = 24
SOON = [an_interval(starts=hours) for hours in (23, 24, 24.5, 25, 26)]
AT_THE_END = [an_interval(starts=days * DAY + hours) for days in (120, 121) for hours in (11, 12, 13)]
"""Where the window of readings ends today, tomorrow and the day after."""
FAR = [an_interval(starts=150 * DAY)]
NOW_ONLY = timedelta()
QUESTIONS: list[tuple[list[Interval], timedelta | None]] = [
    (SOON, NOW_ONLY),
    (SOON, timedelta(minutes=1)),
    (SOON, None),
    (AT_THE_END, NOW_ONLY),
    (AT_THE_END, None),
    (FAR, None),
]
CALENDARS = ["object-maria/Calendar", "object-maria/Side", "object-second/Calendar"]
HAND = ["drag", "lengthen", "delete", "restore", "copy", "serialise"]
"""What owners do to events of ours."""

calendars = st.sampled_from(CALENDARS)
slots = st.sampled_from([*SOON, *AT_THE_END, *FAR])
all_day = st.sampled_from([NOW.date() + timedelta(days=days) for days in (1, 121)]).map(
    lambda day: Days(day, day + timedelta(days=1))
)
times = slots.map(lambda slot: Instants(slot.start, slot.end)) | all_day
shown_as = st.sampled_from([ShowAs.BUSY, ShowAs.OUT_OF_OFFICE, ShowAs.UNKNOWN, ShowAs.FREE, ShowAs.TENTATIVE])
entries = st.builds(CalendarEntry, when=times, show_as=shown_as)
pauses = st.sampled_from([MOMENT, *(timedelta(minutes=number) for number in (5, 11, 120, 780))])
faults = st.sampled_from(
    [
        ProviderUnavailable(throttled=True),
        InvalidAnswer(what="half a page"),
        AccessDenied(),
        AccessDoubted(account_id=AccountId("account-1"), grant_version=1),
        CalendarGone(),
    ]
)
zones = st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
sessions = st.sampled_from([SessionId(f"session-{number}") for number in range(3)])
holds = st.sampled_from([HoldId(f"hold-{number}") for number in range(2)])
randoms = st.randoms(use_true_random=False)
