"""Ending a run from outside: a signal, a deadline, a reader that has gone."""

import asyncio


class Stop:
    """Ends a run from outside; `code` is the exit code that it will have."""

    def __init__(self) -> None:
        self.code: int | None = None
        self._task: asyncio.Task[None] | None = None

    def __call__(self, code: int) -> None:
        """Stops the run; the first caller's code counts."""
        if self.code is None:
            self.code = code
            if self._task is not None:
                self._task.cancel()

    def watch(self, task: "asyncio.Task[None]") -> None:
        """Names the task to end, at once when stopping was already asked."""
        self._task = task
        if self.code is not None:
            task.cancel()
