"""Snapshots that a command line names."""

import sys
from collections.abc import Sequence

from probecli.cli.failure import fail
from probecli.model.snapshot import Snapshot
from probecli.snapshots import SnapshotError, read_snapshot

_USAGE = 2


def snapshots_of(paths: Sequence[str], *, moreover: Sequence[str] = ()) -> list[Snapshot]:
    """The snapshots in these files, `-` for standard input, in their order.

    Exits with 2 where one is none: says every mistake, and `moreover`.
    """
    snapshots, mistakes = [], []
    for path in paths:
        try:
            snapshots.append(read_snapshot(path, _standard_input))
        except SnapshotError as error:
            mistakes.append(f"probecli: {error}")
    if mistakes:
        fail("\n".join([*mistakes, *moreover]), _USAGE)
    return snapshots


def _standard_input() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin else b""
