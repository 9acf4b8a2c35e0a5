"""Words for people that others write, in English only: what a permission is for, and where to read more."""

from collections.abc import Mapping
from typing import Final

from server.http.languages import Text

GERMAN: Final[Mapping[str, str]] = {
    # What permissions are for, in the words of the providers' adapters.
    "see the list of your calendars": "die Liste Ihrer Kalender sehen",
    "see when you are busy": "sehen, wann Sie belegt sind",
    "see the times of your events": "die Zeiten Ihrer Termine sehen",
    "add sessions to your calendar": "Termine in Ihren Kalender eintragen",
    # Links to further help, in the words of the error catalogue.
    "Read what the consent page asks": "Lesen Sie, was die Zustimmungsseite fragt",
    "Read what the consent page asks, and when an administrator must approve": "Lesen Sie, was die Zustimmungsseite "
    "fragt und wann die Administration zustimmen muss",
    "What the consent page asks, and when an administrator must act": "Was die Zustimmungsseite fragt und wann die "
    "Administration handeln muss",
    "See as whom the browser is signed in": "Nachsehen, mit welchem Konto Ihr Browser angemeldet ist",
    "Approve the service, as an administrator": "Den Dienst genehmigen (für die Administration)",
}
"""Of words that come from elsewhere in English. What isn't here stays so, and a test finds it."""


def from_elsewhere(english: str) -> Text:
    return Text(en=english, de=GERMAN.get(english, english))
