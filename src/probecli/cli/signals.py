"""Ctrl-C and SIGTERM: each ends a run in order, and has an exit code of its own."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

from probecli.engine.run import Stop
from probecli.verdict.gate import ExitCode

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class Signals:
    """Ctrl-C and SIGTERM while a run is prepared, carried out and written: a context manager.

    Before the run they end the process, in it they end it in order. Afterwards, while what was
    measured is written, the first changes nothing and the next ends the process. `code` is the
    first one's exit code.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        self._end_run: Callable[[int], object] | None = None
        self._writing = False
        self._heard_writing = False
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Only the main thread has signal handlers.
        with contextlib.suppress(ValueError):
            for number in _CODES:
                self._former[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def ending(self, stop: Stop) -> Iterator[None]:
        """The block is the run, on the running event loop; what comes after it is the writing."""
        loop = asyncio.get_running_loop()
        self._end_run = lambda code: loop.call_soon_threadsafe(stop, code)
        try:
            yield
        finally:
            self._writing = True
            self._end_run = None

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self.code is None:
            self.code = int(_CODES[signal.Signals(number)])
        if self._end_run is not None:
            self._end_run(self.code)
        elif self._writing and not self._heard_writing:
            self._heard_writing = True
        else:
            raise SystemExit(self.code)


def listening(stop: Stop) -> Callable[[], None]:
    """Ctrl-C and SIGTERM end the run in order; the returned function undoes that."""
    loop = asyncio.get_running_loop()
    # Not every kind of loop has signal handlers, and no other than the main thread.
    unavailable = contextlib.suppress(NotImplementedError, RuntimeError, ValueError)
    for number, code in _CODES.items():
        with unavailable:
            loop.add_signal_handler(number, stop, int(code))

    def restore() -> None:
        for number in _CODES:
            with unavailable:
                loop.remove_signal_handler(number)

    return restore
