"""The ids that travel through the service; each is an opaque string of its own kind."""

from typing import NewType

ExpertId = NewType("ExpertId", str)
"""The caller's own id of an expert."""

AccountId = NewType("AccountId", str)
"""Minted here; one connected account of one expert."""

CalendarId = NewType("CalendarId", str)
"""Minted here; stays the same when the provider changes its own id of the calendar."""

SessionId = NewType("SessionId", str)
"""The caller's own id of a session, unique within one expert."""

IncidentId = NewType("IncidentId", str)
"""Minted here; one loss of access to one account."""

WorkerId = NewType("WorkerId", str)
"""Minted here; one process that runs jobs, from its start to its end. Has no dot."""

HoldId = NewType("HoldId", str)
"""The caller's own id of a hold, unique within one expert."""

EventMark = NewType("EventMark", str)
"""The transaction id we give an event we create; distinguishes our own events from everybody else's."""
