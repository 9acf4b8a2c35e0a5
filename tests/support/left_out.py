"""What tests couldn't look at for want of a program, said at the end of the run, whichever process they ran in."""

from collections import Counter
from typing import Final

import pytest

LEFT_OUT: Final = "left out"


def leave_out(test: pytest.Item, what: str) -> None:
    """`what` says it in words for whoever reads the end of the run."""
    if (LEFT_OUT, what) not in test.user_properties:
        test.user_properties.append((LEFT_OUT, what))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [one for each in terminalreporter.stats.values() for one in each]
    left_out = {
        (report.nodeid, what)
        for report in reports
        if isinstance(report, pytest.TestReport)
        for name, what in report.user_properties
        if name == LEFT_OUT
    }
    if left_out:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for what, tests in sorted(Counter(what for _, what in left_out).items()):
            terminalreporter.line(f"{what} ({tests} tests)")
