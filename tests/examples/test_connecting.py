"""Signing in, and the way back: with the expert of the login, and with the token out of the address bar."""

import pytest

from tests.examples.visitor import Visitor


@pytest.mark.parametrize(
    ("provider", "person", "email"),
    [("microsoft", "anna", "anna@contoso.example.com"), ("google", "gina", "gina@gmail.example.com")],
)
async def test_connects_an_account_of_whoever_is_logged_in(
    visitor: Visitor, provider: str, person: str, email: str
) -> None:
    await visitor.become(display_name="Ada")
    connected = await visitor.connect(provider, person)
    assert f"{email} is connected" in connected.text
    assert connected.url == "/accounts"
    assert "1 of 4 connected" in (await visitor.see("/accounts")).text
