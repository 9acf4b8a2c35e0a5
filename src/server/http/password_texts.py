"""The words of the page on which a password is typed, at each provider that has no sign-in pages for us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from domain.account import Provider
from domain.password_sign_in import LooksLikeNormalPassword, WrongPassword
from server.http.languages import Text
from server.http.pages import Page
from server.http.texts import AGAIN

NAME: Final = "name"
PASSWORD: Final = "password"  # noqa: S105 - the field's


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordWords:
    """`picture` is the template of a drawing, with `picture_words` in it; to whoever doesn't see it, it is
    `picture_in_words`. `steps` may name the {product}. `wrong` are what is said of a password that isn't right, by how
    it failed; `missing` of what wasn't typed, by its field."""

    title: Text
    what: Text
    name_label: Text
    name_hint: Text
    password_label: Text
    password_hint: Text
    button: Text
    steps_title: Text
    steps: Sequence[Text]
    steps_link: tuple[Text, str]
    picture: str
    picture_words: Mapping[str, Text]
    picture_in_words: Text
    wrong: Mapping[type[Exception], Text]
    missing: Mapping[str, Text]


WORDS: Final[Mapping[Provider, PasswordWords]] = {
    Provider.APPLE: PasswordWords(
        title=Text(en="Connect your iCloud calendar", de="Ihren iCloud-Kalender verbinden"),
        what=Text(
            en="Apple lets other services into your calendar with an app-specific password: one that you make for this "
            "purpose alone, and can take back at any time. Your normal Apple ID password stays with you.",
            de="Apple lässt andere Dienste mit einem app-spezifischen Passwort in Ihren Kalender: einem, das Sie nur "
            "für diesen Zweck erstellen und jederzeit widerrufen können. Das normale Passwort Ihrer Apple-ID bleibt "
            "bei Ihnen.",
        ),
        name_label=Text(en="Apple ID", de="Apple-ID"),
        name_hint=Text(
            en="The e-mail address or phone number that you sign in to Apple with.",
            de="Die E-Mail-Adresse oder Telefonnummer, mit der Sie sich bei Apple anmelden.",
        ),
        password_label=Text(en="App-specific password", de="App-spezifisches Passwort"),
        password_hint=Text(
            en="16 letters in four groups, as Apple showed them. With or without the dashes.",
            de="16 Buchstaben in vier Gruppen, wie Apple sie angezeigt hat. Mit oder ohne Bindestriche.",
        ),
        button=Text(en="Connect", de="Verbinden"),
        steps_title=Text(
            en="How to make an app-specific password", de="So erstellen Sie ein app-spezifisches Passwort"
        ),
        steps=(
            Text(
                en="Sign in at account.apple.com. Two-factor authentication must be on.",
                de="Melden Sie sich bei account.apple.com an. Die Zwei-Faktor-Authentifizierung muss eingeschaltet "
                "sein.",
            ),
            Text(
                en="Under Sign-In and Security choose App-Specific Passwords.",
                de="Wählen Sie unter „Anmeldung und Sicherheit“ den Punkt „App-spezifische Passwörter“.",
            ),
            Text(
                en="Generate a new one, and name it {product}, so that you know it again.",
                de="Erstellen Sie ein neues, und nennen Sie es „{product}“, damit Sie es wiedererkennen.",
            ),
            Text(
                en="Apple shows it once: copy it, and paste it above.",
                de="Apple zeigt es nur einmal an: Kopieren Sie es, und fügen Sie es oben ein.",
            ),
        ),
        steps_link=(
            Text(en="Open account.apple.com", de="account.apple.com öffnen"),
            "https://account.apple.com/account/manage",
        ),
        picture="app_password.html",
        picture_words={
            "first": Text(en="Sign-In and Security", de="Sicherheit"),
            "choose": Text(en="App-Specific", de="App-spezifische"),
            "choose_on": Text(en="Passwords", de="Passwörter"),
            "second": Text(en="Give it a name", de="Namen vergeben"),
            "create": Text(en="Create", de="Erstellen"),
            "third": Text(en="Copy the password", de="Passwort kopieren"),
        },
        picture_in_words=Text(
            en="Three steps: choose App-Specific Passwords under Sign-In and Security, generate one and name it, "
            "copy the four groups of four letters that are shown.",
            de="Drei Schritte: unter „Anmeldung und Sicherheit“ den Punkt „App-spezifische Passwörter“ wählen, eines "
            "erstellen und benennen, die vier angezeigten Gruppen aus je vier Buchstaben kopieren.",
        ),
        wrong={
            LooksLikeNormalPassword: Text(
                en="This is no app-specific password. It looks like the normal password of an Apple ID, which "
                "doesn't work here, and was not sent to Apple. An app-specific password has 16 letters. See below "
                "how to make one.",
                de="Das ist kein app-spezifisches Passwort. Es sieht aus wie das normale Passwort einer Apple-ID, "
                "mit dem es hier nicht geht. An Apple wurde es nicht gesendet. Ein app-spezifisches Passwort hat 16 "
                "Buchstaben. Unten steht, wie Sie eines erstellen.",
            ),
            WrongPassword: Text(
                en="Apple doesn't accept this Apple ID with this password. Check both. An app-specific password ends "
                "when you remove it, and when you change the password of your Apple ID: then make a new one.",
                de="Apple nimmt diese Apple-ID mit diesem Passwort nicht an. Prüfen Sie beides. Ein app-spezifisches "
                "Passwort wird ungültig, wenn Sie es entfernen oder das Passwort Ihrer Apple-ID ändern: Erstellen Sie "
                "dann ein neues.",
            ),
        },
        missing={
            NAME: Text(en="Type your Apple ID.", de="Geben Sie Ihre Apple-ID ein."),
            PASSWORD: Text(
                en="Type an app-specific password. See below how to make one.",
                de="Geben Sie ein app-spezifisches Passwort ein. Unten steht, wie Sie eines erstellen.",
            ),
        },
    ),
}
TOO_MANY_TRIES: Final = Page(
    title=Text(en="Too many tries", de="Zu viele Versuche"),
    what=Text(
        en="For now no more passwords are tried here. Nothing was connected.",
        de="Vorerst werden hier keine Passwörter mehr geprüft. Es wurde nichts verbunden.",
    ),
    next=AGAIN
    + Text(
        en="If you see this page again, wait an hour first.",
        de="Wenn Sie diese Seite wieder sehen, warten Sie zuerst eine Stunde.",
    ),
    status=HTTPStatus.TOO_MANY_REQUESTS,
)
NOT_SECURE: Final = Page(
    title=Text(en="This page is not secure", de="Diese Seite ist nicht sicher"),
    what=Text(
        en="Passwords are taken over https only, and this service is set up without it.",
        de="Passwörter werden nur über https angenommen, und dieser Dienst ist ohne https eingerichtet.",
    ),
    next=Text(en="Please tell our support.", de="Bitte sagen Sie unserem Support Bescheid."),
    status=HTTPStatus.FORBIDDEN,
)
DAMAGED_FORM: Final = Page(
    title=Text(en="This page is damaged", de="Diese Seite ist beschädigt"),
    what=Text(
        en="What your browser sent is not what this page asks for. Nothing was connected.",
        de="Was Ihr Browser gesendet hat, ist nicht das, wonach diese Seite fragt. Es wurde nichts verbunden.",
    ),
    next=AGAIN,
    status=HTTPStatus.BAD_REQUEST,
)
PROVEN: Final = Page(
    title=Text(en="One moment", de="Einen Moment"),
    what=Text(en="Your password was accepted.", de="Ihr Passwort wurde angenommen."),
    next=Text(
        en="Your browser goes on by itself. If it doesn't, follow the link.",
        de="Ihr Browser macht von selbst weiter. Wenn nicht, folgen Sie dem Link.",
    ),
    good=True,
)
GO_ON: Final = Text(en="Go on", de="Weiter")
