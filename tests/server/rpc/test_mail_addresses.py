"""One rule for mail addresses: whatever the contract takes, the mailer can mail."""

from dataclasses import replace
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.mailer.message import reconnect_message
from adapters.mailer.words import words_of
from application.ports.mailer import MailRefused
from calendarsync.v1.expert_service_pb2 import PutExpertRequest
from server.rpc.calls.validation import require_valid
from server.rpc.faults import RequestInvalid
from tests.server.served import expert_message
from tests.support.mailer import CATALOGUE, NOTICE, NOW, SIGNATURE

SENDER = Address("CalendarSync", "calendars", "example.com")
WRITTEN = CATALOGUE.write("", words_of(NOTICE, SIGNATURE))
IN_A_LOCAL_PART = "ab09!#$%&'*+/=?^_`{|}~-."
local_parts = st.text(IN_A_LOCAL_PART, min_size=1, max_size=70)
domains = st.lists(st.text("ab09-", min_size=1, max_size=65), min_size=1, max_size=4).map(".".join)
addresses = st.one_of(
    st.builds("{}@{}".format, local_parts, domains),
    st.text(IN_A_LOCAL_PART + '@ "()<>[]:;,\\\té', max_size=40),
)


def taken_by_the_contract(address: str) -> bool:
    try:
        require_valid(PutExpertRequest(expert=expert_message(email=address)))
    except RequestInvalid:
        return False
    return True


def mailed_to(address: str) -> str:
    """What the mail says. Raises MailRefused."""
    message = reconnect_message(replace(NOTICE, to=address), WRITTEN, sender=SENDER, sent_at=NOW)
    (recipient,) = message_from_bytes(message.as_bytes(), policy=default)["To"].addresses
    return str(recipient.addr_spec)


@given(addresses)
@example("a..b@example.com")
@example("a@b")
@example("a@-b.example")
def test_what_the_contract_takes_can_be_mailed(address: str) -> None:
    if taken_by_the_contract(address):
        assert mailed_to(address) == address


@pytest.mark.parametrize("address", ["a..b@example.com", ".a@example.com", "a.@example.com", "no address"])
def test_what_the_mailer_refuses_the_contract_refuses(address: str) -> None:
    with pytest.raises(MailRefused):
        mailed_to(address)
    assert not taken_by_the_contract(address)


@pytest.mark.parametrize(
    "address",
    [
        "maria@experts.example",
        "m.k+tag@sub.experts.example",
        "o'neil@a.example",
        "x" * 64 + "@b.example",
        "a@b",
    ],
)
def test_usual_addresses_are_taken(address: str) -> None:
    assert taken_by_the_contract(address)
