"""Outputs that are written from the whole snapshot when the run is over."""

from collections.abc import Callable, Iterable

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.interface import Destination


class Document:
    """An output whose bytes `render` makes of the snapshot, piece by piece."""

    def __init__(
        self, destination: Destination, render: Callable[[Snapshot], Iterable[bytes]]
    ) -> None:
        self._destination = destination
        self._render = render

    def begin(self, run: Run, total: int) -> None:
        """Nothing is known yet."""

    def add(self, result: Result) -> None:
        """The snapshot will hold it."""

    def end(self, snapshot: Snapshot) -> None:
        """Write everything."""
        for piece in self._render(snapshot):
            self._destination.write(piece)
        self._destination.commit()

    def close(self) -> None:
        """Drop a document that did not come to its end."""
        self._destination.discard()
