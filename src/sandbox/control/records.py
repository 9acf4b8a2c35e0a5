"""Orders about records, mails, settings and time."""

from typing import Any, get_args

from sandbox.control.order import Order, assign, plain
from sandbox.mail_sink import MailState


def ledger(order: Order) -> Any:
    """What was asked for about events, every property of every event that left, and the app's own marks among them."""
    traffic = order.world.traffic
    return {
        "asked": plain(traffic.questions()),
        "properties": plain(traffic.ledger()),
        "marks": sorted(traffic.marks),
    }


def mistakes(order: Order) -> Any:
    """What was wrong with requests to Google, by its own description."""
    return plain(list(order.world.traffic.mistakes))


def requests(order: Order) -> Any:
    """The requests answered so far."""
    return plain(list(order.world.traffic.requests))


def clear_records(order: Order) -> Any:
    """Forget requests, ledger, invitations, peaks and what reached iCloud's hosts."""
    order.world.traffic.clear()
    order.world.icloud.hosts.clear()
    return {}


def invitations(order: Order) -> Any:
    """The mails Outlook would have sent to attendees."""
    return plain(order.world.traffic.invitations)


def concurrency(order: Order) -> Any:
    """The most requests that were under way at once, per mailbox."""
    return {person.key: order.world.traffic.peak(person.key) for person in order.world.people.all()}


def mails(order: Order) -> Any:
    """The mails the sandbox received."""
    return plain(order.mail_sink.mails)


def clear_mails(order: Order) -> Any:
    """Forget the mails."""
    order.mail_sink.mails.clear()
    return {}


def change_mail_server(order: Order) -> Any:
    """Set the mail server's `state` (up, refusing, closed, hanging, cut), and the addresses `unknown` to it."""
    sink = order.mail_sink
    state, unknown = order.body.get("state", sink.state), order.body.get("unknown", list(sink.unknown))
    if not order.body or order.body.keys() - {"state", "unknown"}:
        raise ValueError("the mail server has a state and unknown addresses")
    if state not in get_args(MailState):
        raise ValueError(f"state is one of {', '.join(get_args(MailState))}")
    if not isinstance(unknown, list) or not all(isinstance(one, str) for one in unknown):
        raise ValueError("unknown is a list of addresses")
    sink.state, sink.unknown = state, set(unknown)
    return {"state": state, "unknown": sorted(unknown)}


def settings(order: Order) -> Any:
    """The switches of the whole sandbox."""
    return plain(order.world.settings)


def change_settings(order: Order) -> Any:
    """Set switches of the whole sandbox."""
    return assign(order.world.settings, order.body)


def clock(order: Order) -> Any:
    """The sandbox's time."""
    return {"now": order.world.clock.now().isoformat()}


def move_clock(order: Order) -> Any:
    """Move the sandbox's time forward by `advance_seconds`."""
    order.world.clock.advance(float(order.body["advance_seconds"]))
    return clock(order)


async def reset(order: Order) -> Any:
    """Back to the start."""
    await order.reset()
    return {}
