"""Changes of an event's text: the lines of the parts that change, and no byte of any other."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.event_edit import changed
from adapters.caldav.event_text import EventText
from domain.event_digest import EVERY_PART, EventPart
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.adapters.caldav.writing import LATER, MARK

NOW = datetime(2031, 5, 2, tzinfo=UTC)
SAYS = EventText(
    mark=MARK,
    interval=LATER,
    details=SessionDetails(
        title="Moved",
        text="New plan",
        place="Garden",
        join_url="https://new.example/",
        reminder_minutes=5,
        visibility=Visibility.PRIVATE,
        category="Coaching",
        color=EventColor.RED,
    ),
    now=NOW,
)
HEAD = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Apple Inc.//iOS 18//EN", "X-WR-CALNAME:Ida's"]
ZONE = [
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Berlin",
    "BEGIN:STANDARD",
    "DTSTART:20001029T030000",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "END:VTIMEZONE",
]
REVISION = [
    "DTSTAMP:20300101T000000Z",
    "dtstamp:20300101T000000Z",
    "SEQUENCE:4",
    "LAST-MODIFIED:20300101T000000Z",
]
TIME = ["DTSTART;TZID=Europe/Berlin:20310506T110000", "DTEND;TZID=Europe/Berlin:20310506T", " 120000"]
TITLE = ["SUMMARY;LANGUAGE=en:Coaching (pre", "\tpare!)"]
BODY = [
    "Description:Ask about\\nthe plan",
    "X-ALT-DESC;FMTTYPE=text/html:<b>Ask</b>",
    "URL;VALUE=URI:https://old.example/",
]
PLACE = [
    "LOCATION:Room 7\\, left",
    "GEO:1.0;2.0",
    'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE="Room 7: left":geo:1.0,2.0',
]
REMINDER = [
    "BEGIN:VALARM",
    "UID:8D1F",
    "ACTION:DISPLAY",
    "DESCRIPTION:Mine",
    "TRIGGER:-PT45M",
    "END:VALARM",
    "BEGIN:VALARM",
    "ACTION:AUDIO",
    "TRIGGER;VALUE=DATE-TIME:20310506T080000Z",
    "END:VALARM",
]
VISIBILITY = ["CLASS:CONFIDENTIAL"]
CATEGORY = ["CATEGORIES:Red,Blue", "Categories;LANGUAGE=de:Grün"]
COLOR = ["color:plum"]
OTHERS = [
    'ATTENDEE;CN="Eva: Z";PARTSTAT=ACCEPTED:mailto:eva@example.com',
    "ATTACH;ENCODING=BASE64;VALUE=BINARY:SUMMARY",
    " :QUJD",
    "RRULE:FREQ=WEEKLY;COUNT=3",
    "X-NOTE:SUMMARY:no title",
    "odd line without a name!",
]
MINE = {
    EventPart.TIME: TIME,
    EventPart.TITLE: TITLE,
    EventPart.BODY: BODY,
    EventPart.PLACE: PLACE,
    EventPart.REMINDER: REMINDER,
    EventPart.VISIBILITY: VISIBILITY,
    EventPart.CATEGORY: CATEGORY,
    EventPart.COLOR: COLOR,
}
OURS = {
    EventPart.TIME: ["DTSTART:20310507T090000Z", "DTEND:20310507T100000Z"],
    EventPart.TITLE: ["SUMMARY:Moved"],
    EventPart.BODY: [r"DESCRIPTION:New plan\n\nhttps://new.example/", "URL:https://new.example/"],
    EventPart.PLACE: ["LOCATION:Garden"],
    EventPart.REMINDER: [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reminder",
        "TRIGGER:-PT5M",
        "END:VALARM",
    ],
    EventPart.VISIBILITY: ["CLASS:PRIVATE"],
    EventPart.CATEGORY: ["CATEGORIES:Coaching"],
    EventPart.COLOR: ["COLOR:crimson"],
}
OCCURRENCE = [
    "BEGIN:VEVENT",
    f"UID:{MARK}",
    "RECURRENCE-ID:20310513T090000Z",
    "DTSTART:20310513T100000Z",
    "DTEND:20310513T110000Z",
    "SUMMARY:Another",
    "END:VEVENT",
]


def file(*, kept: list[str], before: list[str] | None = None, after: list[str] | None = None) -> str:
    lines = [
        *HEAD,
        *(before or ZONE),
        "BEGIN:VEVENT",
        f"UID:{MARK}",
        *kept,
        "END:VEVENT",
        *(after or []),
        "END:VCALENDAR",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def whole() -> list[str]:
    appearance = [*VISIBILITY, *CATEGORY, *COLOR]
    return [*REVISION, *TIME, *TITLE, *OTHERS, *BODY, *PLACE, *appearance, *REMINDER]


def after_change(text: str, *parts: EventPart) -> list[str]:
    made = changed(text, SAYS, parts)
    assert made is not None
    return made.decode().split("\r\n")[:-1]


@pytest.mark.parametrize("part", EventPart)
def test_one_part_changes_and_everything_else_stays(part: EventPart) -> None:
    stays = [line for line in whole() if line not in (*REVISION, *MINE[part])]
    properties, alarm = ([], OURS[part]) if part is EventPart.REMINDER else (OURS[part], [])
    assert after_change(file(kept=whole()), part) == [
        *HEAD,
        *ZONE,
        "BEGIN:VEVENT",
        "DTSTAMP:20310502T000000Z",
        "SEQUENCE:5",
        *properties,
        f"UID:{MARK}",
        *stays,
        *alarm,
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_when_every_part_changes_what_is_none_stays() -> None:
    parts = [line for part in EventPart if part is not EventPart.REMINDER for line in OURS[part]]
    lines = after_change(file(kept=whole()), *EVERY_PART)
    begin = lines.index("BEGIN:VEVENT") + 3
    assert lines[begin:] == [
        *parts,
        f"UID:{MARK}",
        *OTHERS,
        *OURS[EventPart.REMINDER],
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_part_that_says_nothing_any_more_is_gone() -> None:
    says = EventText(mark=MARK, interval=LATER, details=SessionDetails(title=""), now=NOW)
    made = changed(file(kept=whole()), says, EVERY_PART)
    assert made is not None
    lines = made.decode().split("\r\n")
    assert not any(line.startswith(("SUMMARY", "DESCRIPTION", "LOCATION", "URL")) for line in lines)
    assert "BEGIN:VALARM" not in lines


def test_occurrences_that_their_owner_changed_stay() -> None:
    for before, after in ((OCCURRENCE, []), ([], OCCURRENCE)):
        lines = after_change(file(kept=whole(), before=before or ZONE, after=after), EventPart.TITLE)
        assert "\n".join(OCCURRENCE) in "\n".join(lines)
        assert lines.count("SUMMARY:Moved") == 1


def test_line_feeds_are_line_ends_and_folds_stay_where_they_are() -> None:
    text = file(kept=whole())
    assert changed(text.replace("\r\n", "\n"), SAYS, {EventPart.TITLE}) == changed(
        text, SAYS, {EventPart.TITLE}
    )


def test_a_name_may_be_folded() -> None:
    kept = ["SUMM", " ARY:Old", "DTST", "\tART:20310506T090000Z", "DTEND:20310506T100000Z"]
    lines = after_change(file(kept=kept), EventPart.TITLE, EventPart.TIME)
    assert not {"SUMM", " ARY:Old", "DTST"} & set(lines)


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30])
def test_a_number_that_is_none_counts_as_none(number: str) -> None:
    assert "SEQUENCE:1" in after_change(file(kept=[f"SEQUENCE:{number}", *TIME]), EventPart.TITLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>Our services</html>",
        file(kept=whole()).replace(f"UID:{MARK}", "UID:another"),
        file(kept=whole()).replace(f"UID:{MARK}", ""),
        file(kept=whole()).replace("END:VEVENT", ""),
        file(kept=whole()).replace("END:VALARM", "", 1),
        file(kept=whole()).replace("END:VCALENDAR", ""),
        file(kept=whole()).replace("BEGIN:VEVENT", ""),
        file(kept=[], after=["BEGIN:VEVENT", f"UID:{MARK}", *TIME, "END:VEVENT"]),
        "".join(f"{line}\r\n" for line in [*HEAD, *OCCURRENCE, "END:VCALENDAR"]),
    ],
)
def test_where_there_is_not_one_whole_event_of_the_mark_nothing_is_changed(text: str) -> None:
    assert changed(text, SAYS, EVERY_PART) is None


LINES = st.sampled_from(
    [*whole(), *HEAD, *OCCURRENCE, f"UID:{MARK}", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR"]
)


@given(st.lists(LINES | st.text(max_size=40), max_size=60), st.sets(st.sampled_from(EventPart)))
def test_any_text_has_an_answer(lines: list[str], parts: set[EventPart]) -> None:
    made = changed("\r\n".join(lines), SAYS, parts)
    if made is not None:
        assert made.count(f"DTSTAMP:{NOW:%Y%m%dT%H%M%SZ}".encode()) == 1


@given(
    st.lists(st.binary(max_size=60).filter(lambda one: b"\n" not in one and b"\r" not in one), max_size=20)
)
def test_bytes_of_other_lines_go_through(values: list[bytes]) -> None:
    kept = [f"X-{number}:{value.decode(errors='surrogateescape')}" for number, value in enumerate(values)]
    made = changed(file(kept=[*TIME, *kept]), SAYS, {EventPart.TIME})
    assert made is not None
    assert [line for line in made.split(b"\r\n") if line.startswith(b"X-") and line[2:3].isdigit()] == [
        line.encode(errors="surrogateescape") for line in kept
    ]
