"""How many cores there are to work on."""

import os


def cores() -> int:
    """The cores that this process may use: a container or a scheduler may lend fewer
    than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
