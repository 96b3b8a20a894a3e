from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from output.samples import OUTAGE, snapshot
from probecli.output.json import render
from probecli.output.ndjson import result_lines, summary_line
from probecli.snapshots import SnapshotError, decode_snapshot, read_snapshot

WHOLE = b"".join(render(snapshot()))


def never() -> bytes:
    raise AssertionError("standard input was read")


def test_a_snapshot_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(WHOLE)

    assert read_snapshot(str(path), never) == snapshot()
    assert read_snapshot("-", lambda: WHOLE) == snapshot()


def test_a_byte_order_mark_and_unknown_keys_are_passed_over() -> None:
    data = b"\xef\xbb\xbf" + WHOLE.replace(b'"run": {', b'"later": [1], "run": {"later": 2, ', 1)

    assert decode_snapshot(data, "x") == snapshot()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "x: is empty; write a snapshot with: probecli check -o json=FILE"),
        (b" \n", "is empty"),
        (b"version: 1\n", "is not JSON"),
        (b'{"schema_version": 1', "is not JSON"),
        (b'\xff{"schema_version": 1}', "is not JSON"),
        (b'{"a": ' + b"[" * 100_000, "is not JSON"),
        (b"[" * 100_000, "is JSON, but no snapshot"),
        (WHOLE.replace(b"laposte-www", b"\xff", 1), "is not a whole snapshot"),
        (b"[1]", "is JSON, but no snapshot"),
        (b"null", "is JSON, but no snapshot"),
        (b"{}", "has no schema_version"),
        (b'{"schema_version": "1"}', "has no schema_version"),
        (b'{"schema_version": true}', "has no schema_version"),
        (b'{"schema_version": 0}', "has never existed"),
        (b'{"schema_version": 2}', "this probecli reads 1: a newer probecli wrote it; update"),
        (b'{"schema_version": 1}', "not a whole snapshot: Object missing required field `run`"),
        (WHOLE.replace(b'"state": "down"', b'"state": "gone"', 1), "$.targets[0].state"),
        (result_lines([OUTAGE[0]]) + summary_line(snapshot()), "is NDJSON, not a snapshot"),
        (summary_line(snapshot()), "is NDJSON, not a snapshot"),
    ],
    ids=range(19),
)
def test_what_is_no_snapshot_says_why_and_how_to_get_one(data: bytes, words: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        decode_snapshot(data, "x")

    assert str(caught.value).startswith("x: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("path", "words"),
    [("{}/no", "No such file"), ("{}", "Is a directory"), ("a\0b", "null byte")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(SnapshotError, match=words):
        read_snapshot(path.format(tmp_path), never)


@given(st.binary(max_size=40) | st.integers(0, len(WHOLE) - 2).map(lambda end: WHOLE[:end]))
def test_no_bytes_do_worse_than_a_snapshot_error(data: bytes) -> None:
    with pytest.raises(SnapshotError):
        decode_snapshot(data, "x")
