"""What can be filled in about a session, as the contract has it: title, notes and place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from calendarsync.v1.session_pb2 import SessionDetails

LONGEST_TITLE = 255
LONGEST_PLACE = 255
LONGEST_NOTES = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """As they stand in the form."""

    title: str = ""
    text: str = ""
    place: str = ""

    @classmethod
    def of_form(cls, form: Mapping[str, Any]) -> Self:
        """Browsers send line ends as CR LF."""
        told = {
            name: str(form.get(name, "")).replace("\r\n", "\n").strip() for name in ("title", "text", "place")
        }
        return cls(**told)

    @classmethod
    def of_details(cls, details: SessionDetails) -> Self:
        return cls(title=details.title, text=details.text, place=details.place)

    def put_into(self, details: SessionDetails) -> SessionDetails:
        """The same details but for these: what this page doesn't show stays as it was."""
        changed = SessionDetails()
        changed.CopyFrom(details)
        changed.title, changed.text, changed.place = self.title, self.text, self.place
        return changed
