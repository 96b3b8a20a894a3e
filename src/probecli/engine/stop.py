"""Ending a run from outside: a signal, a deadline, a reader that has gone."""

import asyncio
from typing import Any


class Stop:
    """Ends a run from outside; `code` is the exit code that it will have."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def __call__(self, code: int) -> None:
        """Stops the run; the first caller's code counts."""
        if self.code is None:
            self.code = code
            for task in tuple(self._tasks):
                task.cancel()

    def watch(self, task: asyncio.Task[Any]) -> None:
        """Names a task to end, at once when stopping was already asked."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self.code is not None:
            task.cancel()
