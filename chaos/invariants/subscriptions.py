"""The provider notifies us of what we read.

Where it could not be reached while an account was disconnected, its subscriptions stay until they end by themselves,
within days: nobody has the right to end them any more. Those are counted, and no fault.
"""

from chaos.invariants.evidence import Evidence, Facts


async def no_subscription_is_an_orphan(evidence: Evidence) -> Facts:
    """Of a calendar that is checked and can be read there is one, and we know it; and what we count on is there."""
    rows = await evidence.look.rows(
        """
        SELECT subscription.remote_id, calendar.remote_id AS calendar, object_id, subscription.readable
        FROM subscription JOIN calendar USING (calendar_id) JOIN account USING (account_id)
        """
    )
    world = evidence.here.sandbox.world
    ours = {row["remote_id"] for row in rows} - {None}
    checked = {(world.people.get(row["object_id"]).key, row["calendar"]) for row in rows if row["readable"]}
    theirs = {one.id: one for one in world.subscriptions.all()}
    facts = [f"{one} is counted on, and the provider has ended it" for one in ours - theirs.keys()]
    for left in theirs.keys() - ours:
        about = theirs[left].person.key, theirs[left].calendar_id
        if about in checked:
            facts.append(
                f"the provider keeps {left} of {about[0]}, whose calendar is checked, and nobody knows it"
            )
        evidence.left_behind.add(left)
    return facts
