"""The fixtures of this folder."""

from tests.support.microsoft import connected, running_sandbox, sandbox

__all__ = ["connected", "running_sandbox", "sandbox"]
