"""Lines for a log: written by a thread, so that a reader that pauses holds up no probe."""

import queue
import threading
from collections.abc import Callable

from probecli.output.interface import Destination

MOST_WAITING = 10_000


class Printer:
    """Writes lines in order; past `MOST_WAITING` they are left out, and it is said how many.

    `gone` is called once when the reader has gone or nothing can be written, with the error.
    """

    def __init__(self, destination: Destination, gone: Callable[[OSError], None]) -> None:
        self._destination = destination
        self._gone = gone
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="probecli-lines", daemon=True)
        self._thread.start()

    def __call__(self, line: str) -> None:
        """Have one line written."""
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    def close(self, longest_s: float = 2.0) -> None:
        """Give what waits a last while."""
        try:
            self._lines.put(None, timeout=longest_s)
        except queue.Full:
            return
        self._thread.join(longest_s)

    def _run(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                self._write(line)
                if self._left_out and self._lines.empty():
                    left_out, self._left_out = self._left_out, 0
                    self._write(f"{left_out:,} changes left out: nobody read them in time")
        except OSError as error:
            self._gone(error)

    def _write(self, line: str) -> None:
        self._destination.write(self._destination.terminal.encode(line + "\n"))
