"""Snapshots read back from the files that `-o json` wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from probecli.model.snapshot import Snapshot

SCHEMA_VERSION = 1
_WRITE_ONE = "write a snapshot with: probecli check -o json=FILE"


class SnapshotError(ValueError):
    """A text that is no snapshot; it says which file, what is wrong and how to mend it."""


class _Head(msgspec.Struct, frozen=True):
    """What tells a snapshot from other JSON, and its version from others."""

    schema_version: Any = None
    type: Any = None


def read_snapshot(path: str, stdin: Callable[[], bytes]) -> Snapshot:
    """The snapshot in the file at `path`, or on standard input for `-`.

    Raises:
        SnapshotError: it cannot be read, or is no snapshot that this version understands.
    """
    if path == "-":
        return decode_snapshot(stdin(), "standard input")
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SnapshotError(f"{path}: cannot be read: {reason}") from error
    return decode_snapshot(data, path)


def decode_snapshot(data: bytes, source: str) -> Snapshot:
    """The snapshot that `data` is; `source` names it in errors. Unknown keys are passed over.

    Raises:
        SnapshotError: it is no snapshot that this version understands.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise SnapshotError(f"{source}: is empty; {_WRITE_ONE}")
    head = _head(data, source)
    version = head.schema_version
    if head.type in ("result", "summary"):
        raise SnapshotError(f"{source}: is NDJSON, not a snapshot; {_WRITE_ONE}")
    if not isinstance(version, int) or isinstance(version, bool):
        raise SnapshotError(f"{source}: is JSON, but has no schema_version; {_WRITE_ONE}")
    if version > SCHEMA_VERSION:
        raise SnapshotError(
            f"{source}: has schema_version {version}, and this probecli reads "
            f"{SCHEMA_VERSION}: a newer probecli wrote it; update this one"
        )
    if version < 1:
        raise SnapshotError(f"{source}: schema_version {version} has never existed; {_WRITE_ONE}")
    try:
        return msgspec.json.decode(data, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{source}: is not a whole snapshot: {error}") from error


def _head(data: bytes, source: str) -> _Head:
    try:
        return msgspec.json.decode(data, type=_Head)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{source}: is JSON, but no snapshot; {_WRITE_ONE}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        first = data.lstrip().partition(b"\n")[0]
        if first != data.strip() and first.startswith(b'{"type":"'):
            raise SnapshotError(f"{source}: is NDJSON, not a snapshot; {_WRITE_ONE}") from error
        raise SnapshotError(f"{source}: is not JSON: {error}; {_WRITE_ONE}") from error
