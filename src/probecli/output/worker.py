"""Work on results beside the probing, in a thread of its own."""

import threading
from collections import deque
from collections.abc import Callable

from probecli.model.result import Result


class Worker:
    """Hands results to `work` in batches, so that a slow reader or terminal delays no probe.

    `work` runs in one thread: first after `delay_s`, then as results come but with `pause_s`
    between two batches, and with an empty batch after each `idle_s` without a result. What it
    raises comes out of the next `put` or of `finish`.
    """

    def __init__(
        self,
        work: Callable[[list[Result]], None],
        *,
        delay_s: float = 0.0,
        pause_s: float = 0.02,
        idle_s: float | None = None,
    ) -> None:
        self._work = work
        self._delay_s = delay_s
        self._pause_s = pause_s
        self._idle_s = idle_s
        self._items: deque[Result] = deque()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    @property
    def stopping(self) -> bool:
        """Whether this batch is the last, or nearly so."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start the thread; a daemon, so that it keeps no process alive."""
        self._thread = threading.Thread(target=self._run, name="probecli-output", daemon=True)
        self._thread.start()

    def put(self, item: Result) -> None:
        """Queue one result; costs well under a microsecond while a batch is awaited."""
        if self._error is not None:
            raise self._error
        self._items.append(item)
        if not self._wake.is_set():
            self._wake.set()

    def finish(self) -> None:
        """Wait until every result is worked on; raises what `work` raised."""
        self.stop()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the thread after a last batch; may be called twice, and before `start`."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        try:
            self._stop.wait(self._delay_s)
            while not self._stop.is_set():
                self._wake.wait(self._idle_s)
                self._turn()
                self._stop.wait(self._pause_s)
            if self._items:
                self._turn()
        except BaseException as error:
            self._error = error

    def _turn(self) -> None:
        self._wake.clear()
        self._work([self._items.popleft() for _ in range(len(self._items))])
