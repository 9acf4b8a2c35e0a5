"""One request to iCloud, as its handler sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element as Node
from xml.etree.ElementTree import ParseError, fromstring

from sandbox.icloud.errors import bad_request
from sandbox.icloud.paths import TEMPLATES, Target
from sandbox.icloud.xml import Name
from sandbox.world.icloud.settings import ICloudSettings
from sandbox.world.model import Person
from sandbox.world.world import World

_DEPTHS: Final = frozenset({"0", "1", "infinity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was let in: who asks, what for, and with what. `partition` is the address of the person's own."""

    world: World
    person: Person
    method: str
    target: Target
    headers: Mapping[str, str]
    payload: bytes
    partition: str

    @property
    def settings(self) -> ICloudSettings:
        """The switches of iCloud."""
        return self.world.icloud.settings

    @property
    def template(self) -> str:
        """The path with placeholders."""
        return TEMPLATES[self.target.kind]

    @property
    def depth(self) -> str | None:
        """The header Depth, None where it is missing; raises DavError for one there isn't."""
        depth = self.headers.get("Depth")
        if depth is not None and depth.casefold() not in _DEPTHS:
            raise bad_request()
        return depth.casefold() if depth else None

    def href(self, path: str) -> str:
        """A path, as the settings want hrefs to be."""
        return self.partition + path if self.settings.hrefs == "urls" else path

    def xml(self) -> Node:
        """The body; raises DavError for one that is no XML."""
        try:
            return fromstring(self.payload)  # noqa: S314 - the sandbox reads its own tests' requests
        except ParseError:
            raise bad_request() from None


def names_in(node: Node | None) -> Iterator[Name]:
    """The names of an element's children."""
    return (Name.of(child.tag) for child in (node if node is not None else ()))
