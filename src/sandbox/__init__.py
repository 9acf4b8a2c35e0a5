"""A stand-in for Microsoft, Google and iCloud: sign-in, calendars and a mail server, all on this machine.

Start it with `python -m sandbox`, or in a test with `async with Sandbox.start() as sandbox:`. The manual is
docs/sandbox.md.
"""

from sandbox.service import Sandbox
from sandbox.world.recurrence import Recurrence
from sandbox.world.world import World

__all__ = ["Recurrence", "Sandbox", "World"]
