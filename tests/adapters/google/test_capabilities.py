"""What granted scopes are good for, held against Google's own description of its methods."""

from itertools import chain

import pytest

from adapters.google.capabilities import (
    OPENED_BY,
    Capability,
    bare,
    for_calendars,
    lacking,
    lacking_for_shared,
    require_capabilities,
    writable_roles,
)
from adapters.google.settings import LEAST_SCOPES, SCOPE_PREFIX, SHARED_SCOPES
from domain.permissions import PermissionsMissing
from sandbox.google.description import METHODS

USED = {
    Capability.LIST: ("calendar.calendarList.list",),
    Capability.AVAILABILITY: ("calendar.freebusy.query",),
    Capability.EVENTS: ("calendar.events.list", "calendar.events.get"),
    Capability.WRITE: ("calendar.events.insert", "calendar.events.patch", "calendar.events.delete"),
}
NOBODYS_OWN = {"calendar.app.created", "calendar.events.public.readonly"}
EVERYWHERE = {"owner", "writer", "writerWithoutPrivateAccess"}


def _uris(*names: str) -> tuple[str, ...]:
    return tuple(SCOPE_PREFIX + name for name in names)


@pytest.mark.parametrize("capability", Capability)
def test_each_row_is_that_of_the_methods_it_stands_for(capability: Capability) -> None:
    opening = {one.id: {bare(scope) for scope in one.scopes} for one in METHODS}
    for method in USED[capability]:
        assert opening[method] - NOBODYS_OWN == OPENED_BY[capability]


@pytest.mark.parametrize(
    ("capability", "scope"),
    [(capability, scope) for capability, row in OPENED_BY.items() for scope in sorted(row)],
)
def test_any_one_scope_of_a_row_does(capability: Capability, scope: str) -> None:
    for spelling in (scope, SCOPE_PREFIX + scope):
        assert capability not in lacking([spelling])


@pytest.mark.parametrize("scopes", [LEAST_SCOPES, SHARED_SCOPES, _uris("calendar")], ids=str)
def test_enough_is_enough(scopes: tuple[str, ...]) -> None:
    assert lacking(scopes) == ()
    require_capabilities(scopes, asked=LEAST_SCOPES)


def test_what_opens_nobody_s_own_calendar_opens_nothing() -> None:
    assert lacking(_uris(*NOBODYS_OWN)) == tuple(Capability)


@pytest.mark.parametrize(
    ("granted", "missing", "described"),
    [
        (LEAST_SCOPES[1:], ("calendar.calendarlist.readonly",), (Capability.LIST,)),
        (
            (LEAST_SCOPES[0], LEAST_SCOPES[2]),
            ("calendar.events.freebusy",),
            (Capability.AVAILABILITY,),
        ),
        (LEAST_SCOPES[:2], ("calendar.events.owned",), (Capability.WRITE,)),
        (
            (LEAST_SCOPES[0], f"{SCOPE_PREFIX}calendar.freebusy"),
            ("calendar.events.freebusy", "calendar.events.owned"),
            (Capability.EVENTS, Capability.WRITE),
        ),
        (
            _uris("calendar.readonly"),
            ("calendar.events.owned",),
            (Capability.WRITE,),
        ),
        ((), tuple(map(bare, LEAST_SCOPES)), tuple(Capability)),
    ],
)
def test_what_is_missing_is_named_as_it_was_asked_for_and_in_words(
    granted: tuple[str, ...], missing: tuple[str, ...], described: tuple[Capability, ...]
) -> None:
    with pytest.raises(PermissionsMissing) as caught:
        require_capabilities(granted, asked=LEAST_SCOPES)
    assert caught.value.missing == missing
    assert caught.value.described == tuple(one.value for one in described)


def test_what_was_never_asked_for_is_missing_in_words_only() -> None:
    with pytest.raises(PermissionsMissing) as caught:
        require_capabilities(LEAST_SCOPES[:2], asked=LEAST_SCOPES[:2])
    assert caught.value.missing == ()
    assert caught.value.described == (Capability.WRITE.value,)


def test_the_words_hold_no_scope() -> None:
    scopes = set(chain.from_iterable(OPENED_BY.values())) - {"calendar"}
    assert not any(scope in capability.value for capability in Capability for scope in scopes)


@pytest.mark.parametrize(
    ("granted", "roles"),
    [
        (LEAST_SCOPES, {"owner"}),
        (SHARED_SCOPES, EVERYWHERE),
        (("calendar.events", "calendar.events.owned"), EVERYWHERE),
        (_uris("calendar"), EVERYWHERE),
        (_uris("calendar.events.readonly", "calendar.freebusy"), set()),
        ((), set()),
    ],
)
def test_writable_are_the_roles_that_the_granted_scopes_write_on(
    granted: tuple[str, ...], roles: set[str]
) -> None:
    assert writable_roles(granted) == roles


def test_what_writing_on_others_calendars_lacks_is_one_scope() -> None:
    assert lacking_for_shared(LEAST_SCOPES) == ("calendar.events",)
    assert lacking_for_shared(SHARED_SCOPES) == lacking_for_shared(_uris("calendar")) == ()


def test_the_scopes_of_the_sign_in_are_set_aside_in_either_spelling() -> None:
    sign_in = ("openid", "email", "profile", *_uris("userinfo.email", "userinfo.profile"))
    assert for_calendars((*sign_in, *LEAST_SCOPES)) == LEAST_SCOPES
