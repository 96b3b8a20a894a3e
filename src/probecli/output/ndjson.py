"""Results as JSON, one a line as each finishes, and a line of summary at the end."""

from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.interface import Context, Destination, Output
from probecli.output.json import encode
from probecli.output.lines import Lines


def result_line(result: Result) -> bytes:
    """One `{"type": "result", ...}` line."""
    return b'{"type":"result",' + encode(result)[1:] + b"\n"


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
    return Lines(destination, result_line, summary_line)
