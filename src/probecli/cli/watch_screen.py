"""The screen of a watch: the console tied to the rounds, the keys, `explain` and the signals."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from msgspec.structs import replace

from probecli.cli.session import portable
from probecli.engine.run import Stop
from probecli.engine.watch import Pace
from probecli.model.plan import Plan
from probecli.model.target import Target
from probecli.output.cells import Line, span, tidy
from probecli.output.stream import Stream
from probecli.output.watch.board import Board
from probecli.output.watch.console import Console
from probecli.output.watch.controls import Order, Page, View, chosen_rows, pressed, selected_index
from probecli.output.watch.view import Moment, frame, help_page, page_end, table_height
from probecli.output.words import duration, span_words
from probecli.probe.network import Network
from probecli.verdict.gate import ExitCode

QUIT = ExitCode.PASSED


class Screen:
    """Shows `board` and carries out what the keys order, while it is entered.

    The console paints and reads keys in its thread; what they order is done on the event loop.
    """

    def __init__(
        self,
        plan: Plan,
        board: Board,
        pace: Pace,
        stop: Stop,
        lock: threading.Lock,
        stdout: Stream,
        *,
        vantage: str,
    ) -> None:
        self._plan = plan
        self._board = board
        self._pace = pace
        self._stop = stop
        self._lock = lock
        self._stdout = stdout
        self._vantage = vantage
        self._view = View()
        self._loop = asyncio.get_running_loop()
        self._key_fd, self._close_keys = _key_source()
        self._explaining: asyncio.Task[None] | None = None
        self._explain_stop = Stop()
        self._console = Console(
            stdout,
            sys.stdout.fileno(),
            self._key_fd,
            paint=self._paint,
            press=self._press,
            busy=lambda: pace.probing,
            gone=lambda: self._on_loop(stop, int(ExitCode.TERMINATED)),
        )
        self._watched: list[signal.Signals] = []

    def __enter__(self) -> Self:
        self._listen(signal.SIGWINCH, self._console.wake)
        self._listen(signal.SIGCONT, self._console.redraw)
        self._listen(signal.SIGTSTP, self._suspend)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            self._listen(signal.SIGHUP, lambda: self._stop(int(ExitCode.TERMINATED)))
        self._console.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._explain_stop(int(ExitCode.INTERRUPTED))
        for number in self._watched:
            self._loop.remove_signal_handler(number)
        self._console.__exit__(kind, error, traceback)
        self._close_keys()
        if self._console.error is not None and error is None:
            raise self._console.error

    def wake(self) -> None:
        """Draw soon."""
        self._console.wake()

    def _listen(self, number: signal.Signals, do: Callable[[], None]) -> None:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            self._loop.add_signal_handler(number, do)
            self._watched.append(number)

    def _suspend(self) -> None:
        """Ctrl-Z: the terminal is given back before the process stops as any other does."""

        def stopped() -> None:
            self._loop.remove_signal_handler(signal.SIGTSTP)
            # To this very thread, so that it is stopped when the call returns, not soon after.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTSTP)
            self._loop.add_signal_handler(signal.SIGTSTP, self._suspend)

        self._console.suspend(stopped)

    def _on_loop(self, do: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(do, *arguments)

    def _paint(self, size: tuple[int, int]) -> Sequence[Line]:
        with self._lock:
            return frame(self._board, self._view, self._moment(), size)

    def _moment(self) -> Moment:
        due_at, pace = self._pace.due_at, self._pace
        waiting = due_at is not None and not pace.probing and not pace.paused
        every_s = pace.every_s
        return Moment(
            now=datetime.now(UTC),
            vantage=self._vantage,
            every=span_words(every_s) if every_s >= 1 else duration(every_s * 1000),
            left_s=max(0.0, due_at - self._loop.time()) if waiting and due_at else None,
            probing=pace.probing,
            paused=pace.paused,
            skipped=pace.skipped if pace.outlasted else 0,
            unicode=self._stdout.terminal.unicode,
            keys=self._key_fd is not None,
        )

    def _press(self, key: str, size: tuple[int, int]) -> None:
        with self._lock:
            rows = chosen_rows(list(self._board.rows.values()), self._view)
            height = table_height(self._board, self._view, size)
            self._view, order = pressed(self._view, key, rows, height, help_page())
            page = self._view.page
            if page is not None and page.at > (end := page_end(page, size)):
                self._view = replace(self._view, page=replace(page, at=end))
            name = rows[selected_index(rows, self._view)].name if rows else None
        self._console.wake()
        if order is not None:
            self._on_loop(self._carry_out, order, name)

    def _carry_out(self, order: Order, name: str | None) -> None:
        """On the event loop."""
        if order == "quit":
            self._stop(int(QUIT))
        elif order == "pause":
            self._pace.toggle()
        elif order == "probe":
            self._pace.at_once()
        elif name is not None and (self._explaining is None or self._explaining.done()):
            target = next(one for one in self._plan.targets if one.name == name)
            self._explain_stop = Stop()
            self._explaining = asyncio.ensure_future(self._explained(target))
        self._console.wake()

    async def _explained(self, target: Target) -> None:
        """Probes one target in depth and shows what that says, unless it was left meanwhile."""
        from probecli.explain.once import explain_once
        from probecli.explain.view import lines_of

        waiting = _note(target.name, "probing it in depth …")
        self._show(waiting)
        network = Network(self._loop, now=time.time, portable=portable())
        plan = replace(
            self._plan,
            targets=(target,),
            controls=tuple(one for one in self._plan.controls if one.enabled),
        )
        try:
            _, explanation = await explain_once(
                plan, network, rng=random.Random(), stop=self._explain_stop
            )
        except Exception as error:
            self._show(_note(target.name, f"cannot be explained: {error}"), instead_of=waiting)
            return
        finally:
            network.close()
        page = Page(target.name, lambda width: list(lines_of(explanation, width)))
        self._show(page, instead_of=waiting)

    def _show(self, page: Page, *, instead_of: Page | None = None) -> None:
        with self._lock:
            if instead_of is None or self._view.page is instead_of:
                self._view = replace(self._view, page=page)
        self._console.wake()


def _note(title: str, words: str) -> Page:
    return Page(title, lambda _: [[], [span(f"   {tidy(words)}")]])


def _key_source() -> tuple[int | None, Callable[[], None]]:
    """Where keys are read, and how that is closed: standard input, else the terminal itself."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        fd = sys.stdin.fileno()
        if os.isatty(fd):
            return fd, lambda: None
    with contextlib.suppress(OSError):
        fd = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
        return fd, lambda: os.close(fd)
    return None, lambda: None
