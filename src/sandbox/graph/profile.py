"""GET /me and the mailbox settings."""

from typing import Any

from sandbox.answers import Answer
from sandbox.graph.call import Call
from sandbox.graph.odata import require_known, select

_PROFILE = frozenset({
    "id", "displayName", "givenName", "surname", "mail", "userPrincipalName", "businessPhones", "jobTitle",
    "mobilePhone", "officeLocation", "preferredLanguage",
})  # fmt: skip
"""What GET /me answers without $select ("Get a user", Graph v1.0, as of November 2026)."""
_SETTINGS = frozenset({
    "timeZone", "language", "workingHours", "dateFormat", "timeFormat", "automaticRepliesSetting",
    "userPurpose",
})  # fmt: skip


def me(call: Call) -> Answer:
    """The signed-in person; `mail` may be null."""
    person = call.person
    given, _, family = person.name.partition(" ")
    profile: dict[str, Any] = {
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.mail,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
        "surname": family,
        "userPrincipalName": person.email,
        "id": person.oid,
    }
    require_known(call, _PROFILE)
    return Answer(body=select(call, profile))


def mailbox_settings(call: Call) -> Answer:
    """Time zone, language and working hours of the mailbox."""
    zone = call.person.time_zone
    settings = {
        "timeZone": zone,
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": zone},
        },
        "userPurpose": {"value": "user"},
        "dateFormat": "MM/dd/yyyy",
        "timeFormat": "hh:mm tt",
    }
    require_known(call, _SETTINGS)
    return Answer(body=select(call, settings))
