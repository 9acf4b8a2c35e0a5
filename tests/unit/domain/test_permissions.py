"""What was granted decides, however it is spelled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.permissions import PermissionsMissing, require_permissions

REQUIRED = ("Calendars.ReadWrite", "MailboxSettings.Read", "User.Read")


@pytest.mark.parametrize(
    "granted",
    [
        REQUIRED,
        tuple(f"https://graph.microsoft.com/{scope}" for scope in REQUIRED),
        tuple(f"https://microsoftgraph.chinacloudapi.cn/{scope}" for scope in REQUIRED),
        tuple(scope.upper() for scope in REQUIRED),
        tuple(f"HTTPS://GRAPH.MICROSOFT.COM/{scope.lower()}" for scope in REQUIRED),
        ("openid", "profile", *reversed(REQUIRED), "https://graph.microsoft.com/Mail.Send"),
    ],
    ids=["bare", "URI", "national cloud", "upper case", "URI in other case", "with others"],
)
def test_takes_every_spelling_of_the_granted_scopes(granted: tuple[str, ...]) -> None:
    require_permissions(granted, REQUIRED)


def test_takes_the_required_scopes_in_uri_form_too() -> None:
    require_permissions(REQUIRED, [f"https://graph.microsoft.com/{scope}" for scope in REQUIRED])


@pytest.mark.parametrize(
    "granted",
    [
        ("Calendars.Read",),
        ("Calendars.ReadWrite.Shared",),
        ("xCalendars.ReadWrite",),
        ("https://graph.microsoft.com/Calendars.Read",),
        ("https://graph.microsoft.com/.default",),
        ("",),
        (),
    ],
)
def test_a_similar_scope_is_not_the_required_one(granted: tuple[str, ...]) -> None:
    with pytest.raises(PermissionsMissing) as refused:
        require_permissions(granted, ["Calendars.ReadWrite"])
    assert refused.value.missing == ("Calendars.ReadWrite",)


@settings(deadline=None)
@given(st.sets(st.sampled_from(REQUIRED)), st.sampled_from(["", "https://graph.microsoft.com/"]))
def test_names_exactly_the_missing_ones_in_the_order_asked(granted: set[str], prefix: str) -> None:
    missing = tuple(scope for scope in REQUIRED if scope not in granted)
    try:
        require_permissions({prefix + scope for scope in granted}, REQUIRED)
    except PermissionsMissing as refused:
        assert refused.missing == missing  # noqa: PT017 - whether it is raised depends on the draw
        assert missing
    else:
        assert not missing
