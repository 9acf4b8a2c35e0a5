"""What was found free must still be judged by the same rule when it is given away."""

from application.ports.store import Transaction
from domain.availability import Availability, Unread, UnreadReason
from domain.blocking import BlockingRule
from domain.expert import Expert
from domain.hold import AvailabilityUnknown


async def require_same_rule(tx: Transaction, expert: Expert, checked: Availability) -> None:
    """Raises AvailabilityUnknown when the expert's rule has changed since; trying again helps.

    To be asked under the expert's lock, which whoever changes the rule takes as well.
    """
    settings = await tx.calendars.settings(expert.expert_id)
    rule = BlockingRule(expert.time_zone.key, settings.tentative_blocks)
    if checked.readings and checked.rule != rule:
        raise AvailabilityUnknown(
            unread=tuple(
                Unread(calendar_id=one.calendar_id, account_id=one.account_id, reason=UnreadReason.TIMED_OUT)
                for one in checked.readings
            )
        )
