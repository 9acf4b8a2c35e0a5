"""People of each provider's stand-in, for stories that are the same at all of them."""

from dataclasses import dataclass
from typing import Final

import pytest

from domain.account import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """`main` has a primary calendar and a `further` one; `other` is somebody else at the same provider."""

    provider: Provider
    main: str
    email: str
    name: str
    further: str
    other: str

    def __str__(self) -> str:
        return self.provider.name


AT_MICROSOFT: Final = Cast(
    provider=Provider.MICROSOFT,
    main="anna",
    email="anna@contoso.example.com",
    name="Anna Berg",
    further="team",
    other="ben",
)
AT_GOOGLE: Final = Cast(
    provider=Provider.GOOGLE,
    main="gina",
    email="gina@gmail.example.com",
    name="gina@gmail.example.com",  # its token has no name, unless one is asked for
    further="family",
    other="wilma",
)


@pytest.fixture(params=[AT_MICROSOFT, AT_GOOGLE], ids=str)
def cast(request: pytest.FixtureRequest) -> Cast:
    """Once at each provider."""
    which = request.param
    assert isinstance(which, Cast)
    return which
