"""Results as JSON, one a line as each finishes, and a line of summary at the end."""

from collections.abc import Sequence

from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.interface import Context, Destination, Output
from probecli.output.json import encode, encode_lines
from probecli.output.lines import Lines

_HEAD = b'{"type":"result",'


def result_lines(results: Sequence[Result]) -> bytes:
    """A `{"type": "result", ...}` line for each."""
    if not results:
        return b""
    lines = encode_lines(results)
    return _HEAD + lines[1:].replace(b"\n{", b"\n" + _HEAD)


def summary_line(snapshot: Snapshot) -> bytes:
    """The `{"type": "summary", ...}` line: everything of the snapshot but its targets."""
    line = {
        "type": "summary",
        "schema_version": snapshot.schema_version,
        "run": snapshot.run,
        "summary": snapshot.summary,
        "gate": snapshot.gate,
        "controls": snapshot.controls,
        "incidents": snapshot.incidents,
        "groups": snapshot.groups,
    }
    return encode(line) + b"\n"


def create(destination: Destination, context: Context) -> Output:
    """The `ndjson` output."""
    return Lines(destination, result_lines, summary_line)
