"""What is said of a sign-in that failed, by its reason, at each provider: what happened, and what to do next."""

from collections.abc import Mapping
from typing import Final

from domain.account import Provider
from server.http.languages import Text
from server.http.texts import AGAIN

Words = tuple[Text, Text]
"""What happened, and what to do next."""

TITLE: Final = Text(en="The calendar was not connected", de="Der Kalender wurde nicht verbunden")
EVERYWHERE: Final[Mapping[str, Words]] = {
    "CONNECTION_ATTEMPT_EXPIRED": (
        Text(
            en="The sign-in took longer than ten minutes.",
            de="Die Anmeldung hat länger als zehn Minuten gedauert.",
        ),
        AGAIN,
    ),
    "DESTINATION_REQUIRED": (
        Text(
            en="It was begun on no page that could tell whose calendar it is.",
            de="Sie wurde auf keiner Seite begonnen, die weiß, wem der Kalender gehört.",
        ),
        AGAIN,
    ),
    "SIGN_IN_CANCELLED": (
        Text(
            en="You went back before {provider} could finish.",
            de="Sie sind zurückgegangen, bevor {provider} fertig war.",
        ),
        AGAIN,
    ),
    "PERMISSIONS_MISSING": (
        Text(
            en="Not all of the permissions were granted. Without them we can't see when you are busy or add sessions.",
            de="Es wurden nicht alle Berechtigungen erteilt. Ohne sie sehen wir nicht, wann Sie belegt sind, und "
            "können keine Termine eintragen.",
        ),
        AGAIN
        + Text(
            en="Please leave all permissions ticked.", de="Bitte lassen Sie alle Berechtigungen angekreuzt."
        ),
    ),
    "ADMIN_APPROVAL_REQUIRED": (
        Text(
            en="Your organisation lets only an administrator approve this connection.",
            de="In Ihrer Organisation kann nur die Administration diese Verbindung genehmigen.",
        ),
        Text(
            en="Give the link below to your administrator. Once it is approved, connect the calendar again.",
            de="Geben Sie den Link unten an Ihre Administration weiter. Verbinden Sie den Kalender noch einmal, sobald "
            "sie zugestimmt hat.",
        ),
    ),
    "BLOCKED_BY_ORGANISATION": (
        Text(
            en="Your organisation hasn't allowed this connection: its administrator keeps the app out.",
            de="Ihre Organisation lässt diese Verbindung nicht zu: Ihre Administration sperrt die App.",
        ),
        Text(
            en="Ask your administrator to allow the app, then connect the calendar again.",
            de="Bitten Sie Ihre Administration, die App zu erlauben, und verbinden Sie den Kalender dann noch einmal.",
        ),
    ),
    "SIGN_IN_REFUSED": (
        Text(
            en="{provider} did not accept the sign-in.", de="{provider} hat die Anmeldung nicht angenommen."
        ),
        AGAIN,
    ),
    "ACCOUNT_MISMATCH": (
        Text(
            en="You signed in with another {provider} account than the one that is to be reconnected.",
            de="Sie haben sich mit einem anderen {provider}-Konto angemeldet als dem, das wieder verbunden werden "
            "soll.",
        ),
        Text(
            en="Start again, and choose the right account.",
            de="Beginnen Sie noch einmal, und wählen Sie das richtige Konto.",
        ),
    ),
    "ACCOUNT_LIMIT_REACHED": (
        Text(
            en="Your plan holds no more connected accounts.",
            de="Ihr Tarif erlaubt keine weiteren verbundenen Konten.",
        ),
        Text(
            en="Disconnect one first, or change your plan.",
            de="Trennen Sie zuerst eines, oder wechseln Sie den Tarif.",
        ),
    ),
    "SIGN_IN_INTERRUPTED": (
        Text(
            en="{provider}, or our own service, doesn't answer at the moment.",
            de="{provider} oder unser eigener Dienst antwortet gerade nicht.",
        ),
        Text(
            en="Please connect the calendar again in a few minutes.",
            de="Bitte verbinden Sie den Kalender in ein paar Minuten noch einmal.",
        ),
    ),
    "PROVIDER_UNAVAILABLE": (
        Text(en="{provider} doesn't answer at the moment.", de="{provider} antwortet gerade nicht."),
        Text(
            en="Please try again in a few minutes.",
            de="Bitte versuchen Sie es in ein paar Minuten noch einmal.",
        ),
    ),
    "CLOCK_DIFFERS": (
        Text(
            en="A clock on our side is wrong, so we can't accept sign-ins. It is not your fault, and our operators "
            "know.",
            de="Bei uns geht eine Uhr falsch, deshalb können wir keine Anmeldung annehmen. Es liegt nicht an Ihnen, "
            "und unser Betrieb weiß davon.",
        ),
        Text(en="Please try again later.", de="Bitte versuchen Sie es später noch einmal."),
    ),
    "PROVIDER_NOT_AVAILABLE": (
        Text(
            en="Our service connects no calendars of this provider at the moment. It is not your fault.",
            de="Unser Dienst verbindet zurzeit keine Kalender dieses Anbieters. Es liegt nicht an Ihnen.",
        ),
        Text(
            en="Connect another calendar, or ask our support.",
            de="Verbinden Sie einen anderen Kalender, oder fragen Sie unseren Support.",
        ),
    ),
    "PROVIDER_MISCONFIGURED": (
        Text(
            en="{provider} doesn't accept our service at the moment. It is not your fault.",
            de="{provider} nimmt unseren Dienst gerade nicht an. Es liegt nicht an Ihnen.",
        ),
        Text(
            en="Please try again later. If it stays like this, tell our support.",
            de="Bitte versuchen Sie es später noch einmal. Wenn es dabei bleibt, sagen Sie unserem Support Bescheid.",
        ),
    ),
}
_GOOGLE_SHOWED: Final = Text(
    en="If Google showed an error instead, your organisation may not allow the app: ask your administrator.",
    de="Wenn Google stattdessen einen Fehler gezeigt hat, lässt Ihre Organisation die App womöglich nicht zu: Fragen "
    "Sie Ihre Administration.",
)
"""Most of Google's refusals end on its own page and never come back here; then people go back by themselves."""
AT: Final[Mapping[Provider, Mapping[str, Words]]] = {
    Provider.MICROSOFT: {
        "SIGN_IN_CANCELLED": (
            Text(
                en="You went back before Microsoft could finish.",
                de="Sie sind zurückgegangen, bevor Microsoft fertig war.",
            ),
            AGAIN
            + Text(
                en="If Microsoft says that an administrator must approve, ask yours to do so first.",
                de="Wenn Microsoft sagt, dass die Administration zustimmen muss, bitten Sie Ihre zuerst darum.",
            ),
        ),
        "BLOCKED_BY_ORGANISATION": (
            Text(
                en="Your organisation hasn't allowed this connection: the app is switched off there, you are not "
                "assigned to it, or a policy blocks it.",
                de="Ihre Organisation lässt diese Verbindung nicht zu: Die App ist dort abgeschaltet, sie ist Ihnen "
                "nicht zugewiesen, oder eine Richtlinie verbietet sie.",
            ),
            Text(
                en="Ask your administrator to allow the app and to give you access to it, then connect the calendar "
                "again.",
                de="Bitten Sie Ihre Administration, die App zu erlauben und für Sie freizugeben, und verbinden Sie den "
                "Kalender dann noch einmal.",
            ),
        ),
        "MAILBOX_NOT_SERVED": (
            Text(
                en="This account has no mailbox that we can reach in Microsoft's cloud: it may be on a server of your "
                "organisation's own, have no licence, or be suspended.",
                de="Zu diesem Konto gibt es in der Microsoft-Cloud kein Postfach, das wir erreichen: Es liegt "
                "womöglich auf einem Server Ihrer Organisation, hat keine Lizenz oder ist gesperrt.",
            ),
            Text(
                en="Connect another account, or ask your administrator.",
                de="Verbinden Sie ein anderes Konto, oder fragen Sie Ihre Administration.",
            ),
        ),
    },
    Provider.GOOGLE: {
        "CONNECTION_ATTEMPT_EXPIRED": (
            Text(
                en="The sign-in took longer than ten minutes.",
                de="Die Anmeldung hat länger als zehn Minuten gedauert.",
            ),
            AGAIN + _GOOGLE_SHOWED,
        ),
        "SIGN_IN_CANCELLED": (
            Text(
                en="You went back before Google could finish.",
                de="Sie sind zurückgegangen, bevor Google fertig war.",
            ),
            AGAIN + _GOOGLE_SHOWED,
        ),
        "PERMISSIONS_MISSING": (
            Text(
                en="Not all of the boxes on Google's page were ticked. Without them we can't see when you are busy "
                "or add sessions.",
                de="Auf der Seite von Google wurden nicht alle Kästchen angekreuzt. Ohne sie sehen wir nicht, wann Sie "
                "belegt sind, und können keine Termine eintragen.",
            ),
            AGAIN + Text(en="Please tick every box.", de="Bitte kreuzen Sie jedes Kästchen an."),
        ),
        "MAILBOX_NOT_SERVED": (
            Text(
                en="Google Calendar is not switched on for this Google account.",
                de="Für dieses Google-Konto ist Google Kalender nicht eingeschaltet.",
            ),
            Text(
                en="Connect another account. If it is an account of your organisation, ask your administrator to "
                "switch Google Calendar on.",
                de="Verbinden Sie ein anderes Konto. Wenn es ein Konto Ihrer Organisation ist, bitten Sie Ihre "
                "Administration, Google Kalender einzuschalten.",
            ),
        ),
    },
    Provider.APPLE: {
        "SIGN_IN_CANCELLED": (
            Text(
                en="You went back before the calendar was connected.",
                de="Sie sind zurückgegangen, bevor der Kalender verbunden war.",
            ),
            AGAIN,
        ),
        "SIGN_IN_REFUSED": (
            Text(
                en="The proof of your Apple ID was used already, or has got lost on its way.",
                de="Der Nachweis Ihrer Apple-ID wurde bereits verwendet oder ist unterwegs verloren gegangen.",
            ),
            AGAIN,
        ),
        "ACCOUNT_MISMATCH": (
            Text(
                en="You typed another Apple ID than the one that is to be reconnected.",
                de="Sie haben eine andere Apple-ID eingegeben als die, die wieder verbunden werden soll.",
            ),
            Text(
                en="Start again, and type the right one.",
                de="Beginnen Sie noch einmal, und geben Sie die richtige ein.",
            ),
        ),
        "MAILBOX_NOT_SERVED": (
            Text(
                en="There is no iCloud calendar that we can reach with this Apple ID.",
                de="Mit dieser Apple-ID erreichen wir keinen iCloud-Kalender.",
            ),
            Text(
                en="Switch Calendars on in your iCloud settings, or connect another account. If your organisation "
                "manages your Apple ID, ask its administrator.",
                de="Schalten Sie in Ihren iCloud-Einstellungen „Kalender“ ein, oder verbinden Sie ein anderes Konto. "
                "Wenn Ihre Organisation Ihre Apple-ID verwaltet, fragen Sie deren Administration.",
            ),
        ),
    },
}
OTHERWISE: Final[Words] = (
    Text(
        en="Something has changed while you signed in.",
        de="Während Sie sich angemeldet haben, hat sich etwas geändert.",
    ),
    AGAIN,
)
PROVIDER_SAID: Final = Text(
    en="They will want to know what {provider} said: {code}.",
    de="Dort will man wissen, was {provider} gemeldet hat: {code}.",
)
MEANT: Final = Text(
    en="Start again, and choose {account}.", de="Beginnen Sie noch einmal, und wählen Sie {account}."
)
MEANT_AT: Final[Mapping[Provider, Text]] = {
    Provider.APPLE: Text(
        en="Start again, and type {account}.", de="Beginnen Sie noch einmal, und geben Sie {account} ein."
    ),
}
"""Where people say who they are in another way."""
LEFT_OUT: Final = Text(
    en="What is missing would let us {en}.", de="Was fehlt, würde uns Folgendes erlauben: {de}."
)
