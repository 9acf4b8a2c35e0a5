"""Dates as people of a language write them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from domain.language import nearest_language

MONTHS: Final[Mapping[str, str]] = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}
FORMS: Final[Mapping[str, str]] = {"de": "{day}.\xa0{month} {year}", "en": "{day}\xa0{month} {year}"}


def long_date(day: date, language: str) -> str:
    """`3. März 2027`, and in a language that isn't known here `2027-03-03`. Its first space breaks no line."""
    known = nearest_language(language, FORMS)
    if known is None:
        return day.isoformat()
    month = MONTHS[known].split()[day.month - 1]
    return FORMS[known].format(day=day.day, month=month, year=day.year)
