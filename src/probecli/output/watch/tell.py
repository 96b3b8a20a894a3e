"""Changes told to programs and people: commands that read them, and notifications."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable

from probecli.engine.descriptors import with_limit_given_back
from probecli.output.watch.board import Change

AT_ONCE = 4
MOST_WAITING = 1_000
LONGEST_S = 60.0
LAST_S = 5.0

Tell = Callable[[Change], Awaitable[str | None]]
"""Tells one change; what went wrong, in words, or None."""


class Teller:
    """Tells changes beside the probing: in order, at most `AT_ONCE` at a time, never waiting.

    Past `MOST_WAITING` the oldest that waits is dropped. `on_fault` gets what went wrong, once
    until it works again.
    """

    def __init__(self, what: str, tell: Tell, on_fault: Callable[[str], None]) -> None:
        self._what = what
        self._tell = tell
        self._on_fault = on_fault
        self._waiting: deque[Change] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing = False
        self._full = False

    def __call__(self, change: Change) -> None:
        """Have one change told."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            if not self._full:
                self._full = True
                self._on_fault(f"{self._what} is too slow: changes are dropped")
        self._waiting.append(change)
        if len(self._tasks) < AT_ONCE:
            task = asyncio.ensure_future(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self, longest_s: float = LAST_S) -> None:
        """Give what waits a last while; what is not told then is given up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=longest_s)
        left = len(self._waiting) + len(self._tasks)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if left:
            self._on_fault(f"{self._what}: {left:,} not told when the watch ended")

    async def _work(self) -> None:
        while self._waiting:
            change = self._waiting.popleft()
            try:
                fault = await self._tell(change)
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"
            if fault is None:
                self._failing = self._full = False
            elif not self._failing:
                self._failing = True
                self._on_fault(f"{self._what}: {fault}")


def command_of(
    command: str, document: Callable[[Change], bytes], *, longest_s: float = LONGEST_S
) -> Tell:
    """A teller that runs `command` by `sh -c` for each change, the JSON on its standard input.

    It runs in a session of its own, its output goes nowhere but for the last line of standard
    error in what is said of a failure, and after `longest_s` it is killed with its children.
    """

    async def tell(change: Change) -> str | None:
        process = await asyncio.create_subprocess_shell(
            with_limit_given_back(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(longest_s):
                last = await _fed(process, document(change))
                code = await process.wait()
        except TimeoutError:
            return f"took longer than {longest_s:g} s and was killed"
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return f"exit code {code}{': ' + last if last else ''}" if code else None

    return tell


async def _fed(process: asyncio.subprocess.Process, data: bytes) -> str:
    """Writes the standard input and reads the standard error; its last line."""
    assert process.stdin is not None
    assert process.stderr is not None
    # A command that does not read its input may leave at once.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.close()
    tail = b""
    while piece := await process.stderr.read(4096):
        tail = (tail + piece)[-4096:]
    lines = tail.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
