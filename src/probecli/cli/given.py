"""What a command line names: snapshots, and what stands on standard input."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probecli.cli.failure import fail

if TYPE_CHECKING:
    from probecli.model.snapshot import Snapshot

_USAGE = 2


def snapshots_of(paths: Sequence[str], *, moreover: Sequence[str] = ()) -> "list[Snapshot]":
    """The snapshots in these files, `-` for standard input, in their order.

    Exits with 2 where one is none: says every mistake, and `moreover`.
    """
    from probecli.snapshots import SnapshotError, read_snapshot

    snapshots, mistakes = [], []
    for path in paths:
        try:
            snapshots.append(read_snapshot(path, snapshot_from_standard_input))
        except SnapshotError as error:
            mistakes.append(f"probecli: {error}")
    if mistakes:
        fail("\n".join([*mistakes, *moreover]), _USAGE)
    return snapshots


def targets_from_standard_input() -> bytes:
    """What standard input holds, where it is to hold targets."""
    return _standard_input("targets")


def snapshot_from_standard_input() -> bytes:
    """What standard input holds, where it is to hold a snapshot."""
    return _standard_input("a snapshot")


def _standard_input(what: str) -> bytes:
    if sys.stdin is None:
        return b""
    if sys.stdin.isatty():
        sys.stderr.write(f"Reading {what} from standard input; end with Ctrl-D.\n")
    return sys.stdin.buffer.read()
