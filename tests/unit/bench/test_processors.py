"""What /proc says of processes."""

import os

from bench.processors import PARENT, fields, parent_of, resident

STAT = "4242 (a (strange) name) S 41 4242 4242 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 100 1000 200\n"


def test_a_name_with_spaces_and_parentheses_shifts_no_field() -> None:
    assert fields(STAT)[:2] == ["S", "41"]
    assert int(fields(STAT)[PARENT]) == 41


def test_reads_this_process() -> None:
    assert parent_of(os.getpid()) == os.getppid()
    assert resident(os.getpid()) > 1_000_000
