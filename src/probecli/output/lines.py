"""Outputs that write each result as it finishes, and a few lines at the end."""

from collections.abc import Callable, Sequence

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.interface import Destination
from probecli.output.worker import Worker


class Lines:
    """An output of `result_lines` for some results and `last_lines` for the snapshot.

    Results are written in the order of completion, at most some 20 ms later, by a thread: a
    reader that pauses (a pager) never holds up the probing.
    """

    def __init__(
        self,
        destination: Destination,
        result_lines: Callable[[Sequence[Result]], bytes],
        last_lines: Callable[[Snapshot], bytes],
    ) -> None:
        self._destination = destination
        self._result_lines = result_lines
        self._last_lines = last_lines
        self._worker = Worker(self._write)

    def begin(self, run: Run, total: int) -> None:
        """Be ready to write."""
        self._worker.start()

    def add(self, result: Result) -> None:
        """Have one result written."""
        self._worker.put(result)

    def end(self, snapshot: Snapshot) -> None:
        """Write what is left, and the end."""
        self._worker.finish()
        self._destination.write(self._last_lines(snapshot))
        self._destination.commit()

    def close(self) -> None:
        """Stop the thread, and drop what did not come to its end."""
        self._worker.stop()
        self._destination.discard()

    def _write(self, results: list[Result]) -> None:
        if data := self._result_lines(results):
            self._destination.write(data)
