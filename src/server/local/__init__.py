"""Everything on this machine with one command, with stand-ins for what no setting names."""

from server.local.run import run_local

__all__ = ["run_local"]
