"""`make demo`, interrupted by somebody who has seen enough."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE


async def test_ctrl_c_ends_the_demo_without_a_traceback() -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.demo", stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    assert demo.stdout is not None
    async with asyncio.timeout(60):
        while b"1. An expert" not in await demo.stdout.readline():
            assert not demo.stdout.at_eof()
        demo.send_signal(signal.SIGINT)
        _, errors = await demo.communicate()

    assert (demo.returncode, errors.decode()) == (130, "\nStopped.\n")
