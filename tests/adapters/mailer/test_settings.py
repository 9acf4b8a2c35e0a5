"""How the mail server's URL and the sender are read."""

import pytest

from adapters.mailer import SenderInvalid, SmtpSettings, SmtpUrlInvalid, parse_sender
from adapters.mailer.settings import Encryption


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("smtp://mail.example", SmtpSettings(host="mail.example", port=587, encryption=Encryption.OFFERED)),
        (
            "smtp://mail.example:25/",
            SmtpSettings(host="mail.example", port=25, encryption=Encryption.OFFERED),
        ),
        (
            "smtps://mail.example",
            SmtpSettings(host="mail.example", port=465, encryption=Encryption.FROM_THE_START),
        ),
        ("smtp://[::1]:2525", SmtpSettings(host="::1", port=2525, encryption=Encryption.OFFERED)),
        ("smtp://h?starttls=required", SmtpSettings(host="h", port=587, encryption=Encryption.REQUIRED)),
        ("smtp://h?starttls=auto", SmtpSettings(host="h", port=587, encryption=Encryption.OFFERED)),
        ("smtp://h?starttls=never", SmtpSettings(host="h", port=587, encryption=Encryption.NEVER)),
        (
            "smtp://me%40example.com:p%3Aw%2F@h",
            SmtpSettings(
                host="h", port=587, encryption=Encryption.REQUIRED, user="me@example.com", password="p:w/"
            ),
        ),
    ],
)
def test_reads_a_url(url: str, settings: SmtpSettings) -> None:
    assert SmtpSettings.parse(url) == settings


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hush",
        "http://hush",
        "smtp://",
        "smtp://hush:port",
        "smtp://h:99999",
        "smtp://hush@h",
        "smtp://h/hush",
        "smtp://h#hush",
        "smtp://h?hush=1",
        "smtp://h?starttls=hush",
        "smtp://h?starttls=auto&starttls=never",
        "smtps://h?starttls=required",
    ],
)
def test_refuses_what_it_does_not_understand_without_repeating_it(url: str) -> None:
    with pytest.raises(SmtpUrlInvalid) as refused:
        SmtpSettings.parse(url)
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_shows_no_password() -> None:
    assert "hush" not in repr(SmtpSettings.parse("smtp://hush:hush@h"))


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("no-reply@sync.example", "", "no-reply@sync.example"),
        ("Calendar Sync <no-reply@sync.example>", "Calendar Sync", "no-reply@sync.example"),
    ],
)
def test_reads_a_sender(text: str, name: str, address: str) -> None:
    sender = parse_sender(text)
    assert (sender.display_name, sender.addr_spec) == (name, address)


@pytest.mark.parametrize("text", ["", "nobody", "@example.com", "a@b@c", "x <y>"])
def test_refuses_a_sender_that_is_no_address(text: str) -> None:
    with pytest.raises(SenderInvalid):
        parse_sender(text)
