"""What the pages say, but for failed sign-ins (`failures`), in words for the person at the browser."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from server.http.languages import Text
from server.http.pages import Page

AGAIN: Final = Text(
    en="Go back to the page you came from and connect the calendar again.",
    de="Gehen Sie zurück zu der Seite, von der Sie kamen, und verbinden Sie den Kalender noch einmal.",
)
CLOSE: Final = Text(en="You can close this page.", de="Sie können diese Seite schließen.")

CONNECTED: Final = "connected"
RECONNECTED: Final = "reconnected"
RECONNECTED_AND_WRITING: Final = "reconnected-and-writing"

RESULTS: Final[Mapping[str, Page]] = {
    CONNECTED: Page(
        title=Text(en="Your calendar is connected", de="Ihr Kalender ist verbunden"),
        what=Text(en="The connection is confirmed.", de="Die Verbindung ist bestätigt."),
        next=CLOSE,
        good=True,
    ),
    RECONNECTED: Page(
        title=Text(en="Your calendar is connected again", de="Ihr Kalender ist wieder verbunden"),
        what=Text(
            en="Everything you had chosen before is still in place.",
            de="Alles, was Sie vorher ausgewählt hatten, gilt weiterhin.",
        ),
        next=CLOSE,
        good=True,
    ),
    RECONNECTED_AND_WRITING: Page(
        title=Text(en="Your calendar is connected again", de="Ihr Kalender ist wieder verbunden"),
        what=Text(
            en="Everything you had chosen before is still in place, and the sessions that waited are being written "
            "now.",
            de="Alles, was Sie vorher ausgewählt hatten, gilt weiterhin, und die wartenden Termine werden jetzt "
            "eingetragen.",
        ),
        next=CLOSE,
        good=True,
    ),
}
"""How a sign-in can end well, by the last part of the page's address."""
UNKNOWN_SIGN_IN: Final = Page(
    title=Text(en="This sign-in is not known", de="Diese Anmeldung ist nicht bekannt"),
    what=Text(
        en="It was finished already, or took too long.",
        de="Sie wurde bereits abgeschlossen oder hat zu lange gedauert.",
    ),
    next=AGAIN,
    status=HTTPStatus.NOT_FOUND,
)
OTHER_WAY: Final = Page(
    title=Text(
        en="This sign-in ends on another page",
        de="Diese Anmeldung wird auf einer anderen Seite abgeschlossen",
    ),
    what=Text(
        en="It was begun on a page that finishes it by itself. Nothing was connected here.",
        de="Sie wurde auf einer Seite begonnen, die sie selbst abschließt. Hier wurde nichts verbunden.",
    ),
    next=Text(
        en="If you did not begin it yourself, close this page. Otherwise go back to the page you came from, and "
        "connect the calendar again.",
        de="Wenn Sie sie nicht selbst begonnen haben, schließen Sie diese Seite. Gehen Sie andernfalls zurück zu der "
        "Seite, von der Sie kamen, und verbinden Sie den Kalender noch einmal.",
    ),
    status=HTTPStatus.CONFLICT,
)
DAMAGED: Final = Page(
    title=Text(en="This link is damaged", de="Dieser Link ist beschädigt"),
    what=Text(
        en="What your browser sent is not what a sign-in ends with.",
        de="Was Ihr Browser gesendet hat, ist nicht das Ende einer Anmeldung.",
    ),
    next=AGAIN,
    status=HTTPStatus.BAD_REQUEST,
)
DAMAGED_RECONNECT: Final = Page(
    title=Text(en="This link is damaged", de="Dieser Link ist beschädigt"),
    what=Text(
        en="A part of it is missing or has changed: mail programs sometimes break long links.",
        de="Ein Teil fehlt oder wurde verändert: E-Mail-Programme brechen lange Links manchmal um.",
    ),
    next=Text(
        en="Copy the whole link from the mail into your browser's address bar.",
        de="Kopieren Sie den ganzen Link aus der E-Mail in die Adresszeile Ihres Browsers.",
    ),
    status=HTTPStatus.BAD_REQUEST,
)
APPROVAL_REPORTED: Final = Page(
    title=Text(en="Microsoft reports an approval", de="Microsoft meldet eine Genehmigung"),
    what=Text(
        en="Your browser came back from Microsoft with the message that an administrator has approved the connection "
        "for their organisation. No calendar was connected by that.",
        de="Ihr Browser kam von Microsoft mit der Nachricht zurück, dass jemand aus der Administration die "
        "Verbindung für die eigene Organisation genehmigt hat. Ein Kalender wurde dadurch nicht verbunden.",
    ),
    next=Text(
        en="Whoever was waiting for it can connect their calendar now. You can close this page.",
        de="Wer darauf gewartet hat, kann seinen Kalender jetzt verbinden. Sie können diese Seite schließen.",
    ),
    good=True,
)
NOT_APPROVED: Final = Page(
    title=Text(en="Nothing was approved", de="Es wurde nichts genehmigt"),
    what=Text(
        en="Your browser came back from Microsoft without an approval: it was declined, or could not be finished. "
        "Nothing was changed here.",
        de="Ihr Browser kam von Microsoft ohne Genehmigung zurück: Sie wurde abgelehnt oder konnte nicht abgeschlossen "
        "werden. Hier wurde nichts geändert.",
    ),
    next=Text(
        en="To approve it after all, open the same link again.",
        de="Um sie doch noch zu erteilen, öffnen Sie denselben Link noch einmal.",
    ),
)
RECONNECTED_ALREADY: Final = Page(
    title=Text(en="Your calendar is connected again already", de="Ihr Kalender ist bereits wieder verbunden"),
    what=Text(
        en="This link was for a time when it was not. Nothing is left to do.",
        de="Dieser Link galt, solange er es nicht war. Sie müssen nichts mehr tun.",
    ),
    next=CLOSE,
    good=True,
)
UNKNOWN_RECONNECT: Final = Page(
    title=Text(en="Nothing is left to do here", de="Hier gibt es nichts mehr zu tun"),
    what=Text(
        en="This link doesn't lead to a calendar that is waiting to be connected again.",
        de="Dieser Link führt zu keinem Kalender, der wieder verbunden werden muss.",
    ),
    next=Text(
        en="To be sure, look at your connected calendars.",
        de="Wenn Sie sichergehen möchten, sehen Sie Ihre verbundenen Kalender an.",
    ),
    status=HTTPStatus.NOT_FOUND,
)
AWAY: Final = Page(
    title=Text(en="We can't do this right now", de="Das geht im Moment leider nicht"),
    what=Text(
        en="A part of our service doesn't answer at the moment. Nothing was changed.",
        de="Ein Teil unseres Dienstes antwortet gerade nicht. Es wurde nichts geändert.",
    ),
    next=Text(en="Please try again in a minute.", de="Bitte versuchen Sie es in einer Minute noch einmal."),
    status=HTTPStatus.SERVICE_UNAVAILABLE,
)
_FAULT: Final = Text(
    en="Please try again. If it stays like this, tell our support the number {log_id}.",
    de="Bitte versuchen Sie es noch einmal. Wenn es dabei bleibt, nennen Sie unserem Support die Nummer {log_id}.",
)


def fault_page(log_id: str) -> Page:
    return Page(
        title=Text(en="Something went wrong on our side", de="Bei uns ist etwas schiefgegangen"),
        what=Text(en="Nothing was changed.", de="Es wurde nichts geändert."),
        next=_FAULT.filled(log_id=log_id),
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
