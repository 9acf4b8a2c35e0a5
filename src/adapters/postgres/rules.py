"""The rule that a reading was made under, as the text of one column.

It is the name of the zone, with a suffix where tentative entries block. A process of the version before knows zones
only, and takes a reading made under the other rule for one made for another zone: it doesn't count there, and is never
the same as what that process finds itself.
"""

from functools import lru_cache
from typing import Final

from domain.blocking import BlockingRule

TENTATIVE: Final = " +tentative"
"""No zone's name has a space in it. Migration 0026 knows the suffix, too."""


@lru_cache(maxsize=4_096)
def rule_from_text(text: str) -> BlockingRule:
    """Few are in use, and each is compared again and again."""
    return BlockingRule(text.removesuffix(TENTATIVE), tentative_blocks=text.endswith(TENTATIVE))


def rule_to_text(rule: BlockingRule) -> str:
    return rule.zone + TENTATIVE if rule.tentative_blocks else rule.zone
