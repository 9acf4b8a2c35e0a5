"""What an expert chose of their calendars, as a form: what is in it, and what a sent one changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import calendar_pb2 as calendars
from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE, Account
from calendarsync.v1.calendar_pb2 import Calendar, CalendarSettings, WriteCalendarState
from calendarsync.v1.calendar_service_pb2 import UpdateCalendarSettingsRequest

CHECKED: Final = "conflict_calendar_ids"
WRITTEN: Final = "write_calendar_id"
TENTATIVE: Final = "tentative_blocks"
READY: Final = calendars.WRITE_CALENDAR_STATE_READY
STATES: Final[Mapping[WriteCalendarState.ValueType, str]] = {
    calendars.WRITE_CALENDAR_STATE_NO_WRITABLE_CALENDAR: "Sessions wait: none of your accounts has a main calendar "
    "that we can add to. Connect another account, or choose a calendar.",
    calendars.WRITE_CALENDAR_STATE_RECONNECT_REQUIRED: "Sessions wait until the account is connected again.",
    calendars.WRITE_CALENDAR_STATE_CALENDAR_MISSING: "Sessions wait: the calendar that you chose is gone. Choose "
    "another one.",
    calendars.WRITE_CALENDAR_STATE_CALENDAR_NOT_WRITABLE: "Sessions wait: nothing can be added to this calendar any "
    "more. Choose another one.",
    calendars.WRITE_CALENDAR_STATE_ACCOUNT_DISCONNECTED: "Sessions wait: you disconnected the account whose calendar "
    "you had chosen. Choose another one.",
    calendars.WRITE_CALENDAR_STATE_MAILBOX_NOT_SERVED: "Sessions wait: the account has no mailbox at the moment. "
    "Whoever manages it must fix that.",
    calendars.WRITE_CALENDAR_STATE_PERMISSION_REQUIRED: "Sessions wait: this calendar is somebody else's, and adding "
    "to it needs one more permission. Reconnect the account to give it.",
}
STATE_UNKNOWN: Final = "Sessions wait."
"""For states that are newer than this page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An account with its calendars."""

    account: Account
    works: bool
    calendars: Sequence[Calendar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """`writable` are those that can be chosen, with the one that is chosen, be it what it may; `gone` says that this
    one is in no list any more. `reconnects` is the account for which sessions wait."""

    settings: CalendarSettings
    groups: Sequence[Group]
    writable: Sequence[Calendar]
    gone: bool
    effective: Calendar | None
    state: str
    reconnects: Account | None

    @classmethod
    def of(cls, settings: CalendarSettings, accounts: Sequence[Account], found: Sequence[Calendar]) -> Self:
        chosen = next((one for one in found if one.calendar_id == settings.write_calendar_id), None)
        effective = settings.effective_write_calendar_id
        return cls(
            settings=settings,
            groups=[_group(account, found) for account in accounts],
            writable=[one for one in found if _can_be_chosen(one) or one is chosen],
            gone=bool(settings.write_calendar_id) and chosen is None,
            effective=next((one for one in found if one.calendar_id == effective), None),
            state="" if settings.write_calendar_state == READY else _state(settings),
            reconnects=_to_reconnect(settings, accounts, chosen),
        )


def change(now: CalendarSettings, wanted: CalendarSettings) -> UpdateCalendarSettingsRequest | None:
    """What is asked for, if that is anything else than what is; with the etag of what people had before their eyes.

    Only what differs is named: a chosen calendar that is gone would be refused if it were sent once more.
    """
    differs = {
        CHECKED: set(wanted.conflict_calendar_ids) != set(now.conflict_calendar_ids),
        WRITTEN: wanted.write_calendar_id != now.write_calendar_id,
        TENTATIVE: wanted.tentative_blocks != now.tentative_blocks,
    }
    mask = FieldMask(paths=[name for name, changed in differs.items() if changed])
    return UpdateCalendarSettingsRequest(settings=wanted, update_mask=mask) if mask.paths else None


def _group(account: Account, found: Sequence[Calendar]) -> Group:
    return Group(
        account=account,
        works=account.status == ACCOUNT_STATUS_ACTIVE,
        calendars=[one for one in found if one.account_id == account.account_id],
    )


def _can_be_chosen(calendar: Calendar) -> bool:
    return (calendar.writable or calendar.permission_required) and not calendar.missing


def _state(settings: CalendarSettings) -> str:
    return STATES.get(settings.write_calendar_state, STATE_UNKNOWN)


def _to_reconnect(
    settings: CalendarSettings, accounts: Sequence[Account], chosen: Calendar | None
) -> Account | None:
    waits = settings.write_calendar_state in {
        calendars.WRITE_CALENDAR_STATE_RECONNECT_REQUIRED,
        calendars.WRITE_CALENDAR_STATE_PERMISSION_REQUIRED,
    }
    if not waits or chosen is None:
        return None
    return next((one for one in accounts if one.account_id == chosen.account_id), None)
