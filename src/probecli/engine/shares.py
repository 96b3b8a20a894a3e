"""How a large list is shared among processes."""

import os
from array import array
from zlib import crc32

from probecli.engine.schedule import host_key
from probecli.model.plan import Plan

# Below this many targets a second process costs more than it brings.
_TARGETS_A_WORKER = 2000
_MOST = 8


def chosen_workers(targets: int) -> int:
    """How many processes a list of this size is worth on this machine."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(cores, _MOST, targets // _TARGETS_A_WORKER))


def shares(plan: Plan, count: int) -> "list[array[int]]":
    """The targets' places, one share a worker; a host's targets stay together, for its limit."""
    parts = [array("I") for _ in range(count)]
    for index, target in enumerate(plan.targets):
        parts[crc32(host_key(target.url).encode()) % count].append(index)
    return parts
