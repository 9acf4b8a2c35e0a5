"""Headers that say what people and operators have written, encoded here and not by the library's own classes.

Those take what looks like an encoded word (RFC 2047) for one, and write what is in it, line ends included. And where
they fold text in letters beyond ASCII, spaces get lost (Python 3.11.7).
"""

from dataclasses import dataclass
from email.header import Header
from email.policy import Policy
from email.utils import formataddr
from typing import Any, Final

LONGEST_LINE: Final = 76


@dataclass(frozen=True, slots=True)
class TextHeader:
    """A line of text. To the library it is a header that was made before: such a one has a name, and folds itself."""

    name: str
    text: str

    def fold(self, *, policy: "Policy[Any]") -> str:
        return f"{self.name}: {_encoded(self.name, self.text, policy.linesep)}{policy.linesep}"


@dataclass(frozen=True, slots=True)
class MailboxHeader:
    """One address, and what whoever has it is called, which may be empty."""

    name: str
    called: str
    address: str

    def fold(self, *, policy: "Policy[Any]") -> str:
        return f"{self.name}: {self._mailbox(policy.linesep)}{policy.linesep}"

    def _mailbox(self, line_end: str) -> str:
        if not self.called:
            return self.address
        if _is_plain(self.called) and self.address.isascii():
            return formataddr((self.called, self.address))  # which puts quotes around what needs them
        words = _encoded(self.name, self.called, line_end, letters="utf-8")
        length = len(words.rpartition(line_end)[2]) + len(f" <{self.address}>")
        fits = len(f"{self.name}: ") + length <= LONGEST_LINE
        return f"{words}{'' if fits else line_end} <{self.address}>"


def _encoded(name: str, text: str, line_end: str, *, letters: str = "") -> str:
    charset = letters or ("us-ascii" if _is_plain(text) else "utf-8")
    return Header(text, charset, header_name=name, maxlinelen=LONGEST_LINE).encode(linesep=line_end)


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text
