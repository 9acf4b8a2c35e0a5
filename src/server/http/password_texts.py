"""The words of the page on which a password is typed, at each provider that has no sign-in pages for us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from domain.account import Provider
from domain.password_sign_in import LooksLikeNormalPassword, WrongPassword
from server.http.pages import Page
from server.http.texts import AGAIN

NAME: Final = "name"
PASSWORD: Final = "password"  # noqa: S105 - the field's


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordWords:
    """`picture` is the template of a drawing, in words `picture_in_words`. `steps` may name the {product}. `wrong` are
    what is said of a password that isn't right, by how it failed; `missing` of what wasn't typed, by its field."""

    title: str
    what: str
    name_label: str
    name_hint: str
    password_label: str
    password_hint: str
    button: str
    steps_title: str
    steps: Sequence[str]
    steps_link: tuple[str, str]
    picture: str
    picture_in_words: str
    wrong: Mapping[type[Exception], str]
    missing: Mapping[str, str]


WORDS: Final[Mapping[Provider, PasswordWords]] = {
    Provider.APPLE: PasswordWords(
        title="Connect your iCloud calendar",
        what="Apple lets other services into your calendar with an app-specific password: one that you make for this "
        "purpose alone, and can take back at any time. Your normal Apple ID password stays with you.",
        name_label="Apple ID",
        name_hint="The e-mail address or phone number that you sign in to Apple with.",
        password_label="App-specific password",  # noqa: S106
        password_hint="16 letters in four groups, as Apple showed them. With or without the dashes.",  # noqa: S106
        button="Connect",
        steps_title="How to make an app-specific password",
        steps=(
            "Sign in at account.apple.com. Two-factor authentication must be on.",
            "Under Sign-In and Security choose App-Specific Passwords.",
            "Generate a new one, and name it {product}, so that you know it again.",
            "Apple shows it once: copy it, and paste it above.",
        ),
        steps_link=("Open account.apple.com", "https://account.apple.com/account/manage"),
        picture="app_password.html",
        picture_in_words="Three steps: choose App-Specific Passwords under Sign-In and Security, generate one and name "
        "it, copy the four groups of four letters that are shown.",
        wrong={
            LooksLikeNormalPassword: "This is no app-specific password. It looks like the normal password of an Apple "
            "ID, which doesn't work here, and was not sent to Apple. An app-specific password has 16 letters. See "
            "below how to make one.",
            WrongPassword: "Apple doesn't accept this Apple ID with this password. Check both. An app-specific "
            "password ends when you remove it, and when you change the password of your Apple ID: then make a new one.",
        },
        missing={
            NAME: "Type your Apple ID.",
            PASSWORD: "Type an app-specific password. See below how to make one.",
        },
    ),
}
TOO_MANY_TRIES: Final = Page(
    title="Too many tries",
    what="For now no more passwords are tried here. Nothing was connected.",
    next=f"{AGAIN} If you see this page again, wait an hour first.",
    status=HTTPStatus.TOO_MANY_REQUESTS,
)
NOT_SECURE: Final = Page(
    title="This page is not secure",
    what="Passwords are taken over https only, and this service is set up without it.",
    next="Please tell our support.",
    status=HTTPStatus.FORBIDDEN,
)
DAMAGED_FORM: Final = Page(
    title="This page is damaged",
    what="What your browser sent is not what this page asks for. Nothing was connected.",
    next=AGAIN,
    status=HTTPStatus.BAD_REQUEST,
)
PROVEN: Final = Page(
    title="One moment",
    what="Your password was accepted.",
    next="Your browser goes on by itself. If it doesn't, follow the link.",
    good=True,
)
GO_ON: Final = "Go on"
