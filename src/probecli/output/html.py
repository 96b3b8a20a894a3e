"""The run as one HTML page that needs nothing else: for a browser, an artifact, an attachment."""

from collections.abc import Iterator

from probecli.model.snapshot import Snapshot
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output


def render(snapshot: Snapshot) -> Iterator[bytes]:
    """The status page of one run; `probecli report` adds the time before."""
    from probecli.output.report.observed import page_of_snapshots
    from probecli.output.report.render import render as rendered

    yield from rendered(page_of_snapshots([snapshot]))


def create(destination: Destination, context: Context) -> Output:
    """The `html` output."""
    return Document(destination, render)
