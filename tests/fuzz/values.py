"""Values for fields, sensible ones and odd ones, as recipes: what earlier answers told is put in at the call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, cast

from google.api import field_behavior_pb2
from google.api.field_behavior_pb2 import FieldBehavior
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import strategies as st

from tests.fuzz.known import Known, kind_of

CANARY: Final = "c4n4ry"
"""In every odd text, and to be found in no log and no page."""
EXPERTS: Final = [f"fuzz-expert-{number}" for number in range(6)]
FIRST: Final = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the known values of this kind, and another while there is none."""

    kind: str
    index: int
    otherwise: str = ""

    def __call__(self, known: Known) -> str:
        return known.get(self.kind, self.index) or self.otherwise


@dataclass(frozen=True, slots=True)
class OwnerOf:
    """Whoever is known to have it, or another expert."""

    kind: str
    value: "Pick | str"
    otherwise: str

    def __call__(self, known: Known) -> str:
        value = self.value(known) if isinstance(self.value, Pick) else self.value
        return known.owner(self.kind, value) or self.otherwise


Recipe: TypeAlias = "Pick | OwnerOf | str | int | bool | bytes | Mapping[str, Any] | Sequence[Any]"
indices = st.integers(0, 39)


def _canaries(text: str) -> str:
    return CANARY + text


ODD_TEXTS: Final = (
    "",
    "\0",
    CANARY + "\0",
    CANARY * 3,
    CANARY + "x" * 10_000,
    "../../" + CANARY,
    f"' OR 1=1; --{CANARY}",
    f"%s%n{{0}}${{jndi:{CANARY}}}",
    f"<script>{CANARY}</script>",
    CANARY + "\r\nX-Injected: 1",
    CANARY + "\u202e\u2066\ufeff\U0001f468\u200d\U0001f469",
    CANARY + "e\u0301" * 300,
    f"{CANARY}@",
    f"https://{CANARY}.example/?a=1#b",
    f"javascript:{CANARY}",
    "\ud7ff\ue000\uffff" + CANARY,
    "NaN",
    "null",
    "-1",
    " ",
)
odd_texts = st.sampled_from(ODD_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(
    _canaries
)
odd_paths = st.sampled_from(["automatic", "write_calendar", "etag", "*"]) | odd_texts
odd_integers = st.sampled_from([-(2**31), -1, 0, 1, 2**31 - 1])
SENSIBLE_TEXTS: Final[Mapping[str, st.SearchStrategy[Recipe]]] = {
    "expert_id": st.sampled_from(EXPERTS),
    # Few, so that those that are asked for are often there.
    "session_id": st.integers(0, 5).map(lambda number: f"fuzz-session-{number}"),
    "hold_id": st.integers(0, 2).map(lambda number: f"fuzz-hold-{number}"),
    "email": st.sampled_from(["ada@experts.example", "o'neill+x@sub.experts.example"]),
    "display_name": st.sampled_from(["Ada", "Łukasz Ægir", "李雷"]),
    "time_zone": st.sampled_from(["Europe/Berlin", "UTC", "America/St_Johns", "Pacific/Apia"]),
    "locale": st.sampled_from(["", "de-AT", "en"]),
    "title": st.sampled_from(["Coaching", "Erstgespräch mit 李雷"]),
    "return_url": st.just("http://localhost:3000/calendars"),
    "redirect_uri": st.just("http://localhost:3000/microsoft"),
    "error": st.just(""),
    "error_subcode": st.just(""),
    "error_description": st.just(""),
    "iss": st.just(""),
    "paths": st.sampled_from(["conflict_calendar_ids", "write_calendar_id", "tentative_blocks"]),
    "message_id": st.integers(0, 9).map(lambda number: f"<fuzz-{number}@experts.example>"),
    "recipient": st.sampled_from(["ada@experts.example", "o'neill+x@sub.experts.example"]),
    "join_url": st.sampled_from(["", "https://meet.example/rooms/1"]),
    "place": st.sampled_from(["", "Online"]),
    "category": st.sampled_from(["", "Coaching", "Erstgespräch: 李雷"]),
    "text": st.sampled_from(["", "First session.\nPlease bring the worksheet."]),
}
OPTIONAL: Final = frozenset({"etag", "page_token", "cursor", "hold_id", "account_id", "write_calendar_id"})
"""Often left out, since a wrong one ends a call early."""


@st.composite
def sensible_texts(draw: st.DrawFn, name: str, *, required: bool) -> Recipe:
    if name in OPTIONAL and not required and draw(st.integers(0, 5)):
        return ""
    kind = kind_of(name)
    name = {"expert": "expert_id", "session": "session_id"}.get(kind, name)
    if name in SENSIBLE_TEXTS:
        return draw(SENSIBLE_TEXTS[name])
    return Pick(kind, draw(indices), otherwise="not-known-yet" if required else "")


def is_required(field: FieldDescriptor) -> bool:
    """By the contract; a mask without paths is as good as none."""
    options = cast("Any", field.GetOptions())  # the extension's stub doesn't say of what it is one
    behaviors = options.Extensions[field_behavior_pb2.field_behavior]
    return field.name == "paths" or FieldBehavior.REQUIRED in behaviors


timestamps = st.builds(
    lambda seconds, nanos: {"seconds": seconds, "nanos": nanos},
    st.sampled_from([-62135596801, -62135596800, -1, 0, 253402300799, 253402300800, 2**62])
    | st.integers(0, 4_102_444_800),
    st.sampled_from([0, 1, 999_999_999, 1_000_000_000, -1]),
)
sensible_timestamps = st.integers(-10, 10).map(
    lambda days: {"seconds": int((FIRST + days * timedelta(days=1)).timestamp())}
)
odd_durations = st.builds(
    lambda seconds, nanos: {"seconds": seconds, "nanos": nanos},
    st.sampled_from([-(2**63), -1, 0, 315_576_000_001, 2**63 - 1, 10**6]),
    st.sampled_from([0, -1, 999_999_999, 2**31 - 1]),
)
odd_intervals = st.fixed_dictionaries({}, optional={"start_time": timestamps, "end_time": timestamps})


@st.composite
def sensible_intervals(draw: st.DrawFn) -> Recipe:
    start = int((FIRST + draw(st.integers(0, 10 * 96)) * QUARTER).timestamp())
    length = draw(st.sampled_from([900, 1800, 3600, 3 * 3600, 86_400, 30 * 86_400]))
    return {"start_time": {"seconds": start}, "end_time": {"seconds": start + length}}


@st.composite
def bookings(draw: st.DrawFn) -> Recipe:
    """Short, so that there is room for others."""
    start = int((FIRST + draw(st.integers(0, 10 * 96)) * QUARTER).timestamp())
    length = draw(st.sampled_from([900, 1800, 3600, 2 * 3600]))
    return {"start_time": {"seconds": start}, "end_time": {"seconds": start + length}}


MESSAGES: Final[Mapping[str, Callable[[bool], st.SearchStrategy[Recipe]]]] = {
    "google.type.Interval": lambda odd: odd_intervals if odd else sensible_intervals(),
    "google.protobuf.Timestamp": lambda odd: timestamps if odd else sensible_timestamps,
    "google.protobuf.Duration": lambda odd: (
        odd_durations
        if odd
        else st.sampled_from([{"seconds": 0}, {"seconds": 60}, {"seconds": 900}, {"nanos": 5_000_000}])
    ),
    "google.type.TimeOfDay": lambda odd: (
        st.fixed_dictionaries({"hours": odd_integers, "minutes": odd_integers, "nanos": odd_integers})
        if odd
        else st.sampled_from([{"hours": 9}, {"hours": 17, "minutes": 30}, {"hours": 24}])
    ),
    "google.type.Date": lambda odd: (
        st.fixed_dictionaries({"year": odd_integers, "month": odd_integers, "day": odd_integers})
        if odd
        else st.sampled_from([{"year": FIRST.year, "month": FIRST.month, "day": day} for day in (1, 9, 28)])
    ),
}


@st.composite
def values(draw: st.DrawFn, field: FieldDescriptor, *, odd: bool) -> Recipe:
    """One value of a field that is no message of the contract's own."""
    if field.message_type is not None:
        if field.name in {"lifetime", "duration", "step"} and not odd:
            return {"seconds": draw(st.integers(60, 900))}
        if field.name == "interval" and not odd:
            return draw(bookings())
        return draw(MESSAGES[field.message_type.full_name](odd))
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if field.name == "paths" and odd:
            return draw(odd_paths)
        return draw(odd_texts if odd else sensible_texts(field.name, required=is_required(field)))
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return draw(st.booleans())
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        assert field.enum_type is not None
        numbers: list[int] = [value.number for value in field.enum_type.values]
        return draw(st.sampled_from([0, 99, -1, 2**31 - 1] if odd else numbers[1:] or numbers))
    return draw(odd_integers if odd else st.integers(0, 100))
