"""What processes of this machine have used so far, as Linux keeps account of it in /proc."""

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat, counted from the one after the name in parentheses (proc_pid_stat(5)).
PARENT, OWN, CHILDREN = 1, slice(11, 13), slice(13, 15)


def spent_by(pid: int) -> float:
    """Seconds of processor time of a process, in all its threads."""
    return _ticks(_stat(pid)[OWN])


def spent_by_family(pid: int) -> float:
    """Seconds of a process, of its children, and of those that have ended and were waited for."""
    family = (_stat(pid), *(stat for stat in _all_stats() if int(stat[PARENT]) == pid))
    return sum(_ticks(stat[OWN]) + _ticks(stat[CHILDREN]) for stat in family)


def parent_of(pid: int) -> int:
    return int(_stat(pid)[PARENT])


def resident(pid: int) -> int:
    """Bytes of memory a process has resident."""
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def fields(stat: str) -> list[str]:
    """Those after the process's name, which may hold spaces and parentheses itself."""
    return stat.rpartition(")")[2].split()


def _stat(pid: int) -> list[str]:
    return fields((PROC / str(pid) / "stat").read_text())


def _all_stats() -> list[list[str]]:
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            try:
                found.append(_stat(int(folder.name)))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
    return found


def _ticks(values: list[str]) -> float:
    return sum(map(int, values)) / TICKS
