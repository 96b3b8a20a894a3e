"""A whole terminal, taken and given back: drawing and keys, in a thread beside the probing."""

import contextlib
import os
import selectors
import signal
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from probecli.output.cells import Line, to_text
from probecli.output.interface import Destination
from probecli.output.watch.keys import Keys

# The alternate screen (xterm's 1049 keeps the cursor as well), without cursor and line wrap.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
_LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
# Synchronized update: terminals that know it show a frame whole; the others ignore it.
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_ASCII = str.maketrans("→≤↓↑·", "><v^.")
_BUSY_S, _CALM_S = 0.2, 1.0
_BACKGROUND_S = 0.5
_ESCAPE_S = 0.05
_PATIENCE_S = 1.0


class Console:
    """Draws what `paint` gives for a size, and tells `press` the keys.

    Both are called in the console's own thread, so that a terminal that does not take its output
    (Ctrl-S, a slow line) delays no probe. `busy` says whether to draw often. `gone` is called when
    the terminal is no more. `key_fd` is where keys are read, None for nowhere.

    A context manager: inside it the terminal is in cbreak mode and shows the alternate screen;
    whatever ends it, the terminal is as before. Signals stay those of the main thread, which calls
    `suspend`, `redraw` and `wake`.
    """

    def __init__(
        self,
        destination: Destination,
        fd: int,
        key_fd: int | None,
        *,
        paint: Callable[[tuple[int, int]], Sequence[Line]],
        press: Callable[[str, tuple[int, int]], None],
        busy: Callable[[], bool],
        gone: Callable[[], None],
    ) -> None:
        self._destination = destination
        self._fd = fd
        self._key_fd = key_fd
        self._paint = paint
        self._press = press
        self._busy = busy
        self._gone = gone
        self._keys = Keys()
        self._cooked: Any = None
        self._inside = False
        self._parked = False
        self._ended = False
        self._shown: list[str] = []
        self._size = (0, 0)
        self._terminal = threading.RLock()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(self._wake_out, False)
        self._thread = threading.Thread(target=self._run, name="probecli-screen", daemon=True)
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended = True
        self.wake()
        self._leave()
        self._thread.join(_PATIENCE_S)
        if not self._thread.is_alive():
            os.close(self._wake_in)
            os.close(self._wake_out)

    def wake(self) -> None:
        """Draw soon."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_out, b"w")

    def redraw(self) -> None:
        """Take the terminal anew: whatever it was set to meanwhile, and whatever it shows."""
        with self._holding():
            self._inside = False
        self.wake()

    def suspend(self, stop: Callable[[], None]) -> None:
        """Give the terminal back, be stopped by `stop`, and take it again after that."""
        self._parked = True
        self._leave()
        stop()
        self._parked = False
        self.wake()

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """The terminal to oneself; a write that Ctrl-S holds up is let through first."""
        held = self._terminal.acquire(timeout=_PATIENCE_S)
        if not held:
            with contextlib.suppress(termios.error):
                termios.tcflow(self._fd, termios.TCOON)
            held = self._terminal.acquire(timeout=_PATIENCE_S)
        try:
            yield
        finally:
            if held:
                self._terminal.release()

    def _is_ours(self) -> bool:
        """Whether this process is in the terminal's foreground; raises OSError when it is gone."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:
            if not os.isatty(self._fd):
                raise
            # A terminal that controls no session has no foreground: nobody takes it away.
            return True

    def _enter(self) -> None:
        if self._key_fd is not None:
            cooked = termios.tcgetattr(self._key_fd)
            if self._cooked is None:
                self._cooked = [*cooked[:6], [*cooked[6]]]
            cooked[3] &= ~(termios.ICANON | termios.ECHO)
            cooked[6][termios.VMIN], cooked[6][termios.VTIME] = 1, 0
            termios.tcsetattr(self._key_fd, termios.TCSANOW, cooked)
        self._shown = []
        self._size = (0, 0)
        self._write(_ENTER)
        self._inside = True

    def _leave(self) -> None:
        with self._holding():
            if not self._inside:
                return
            self._inside = False
            with contextlib.suppress(OSError, termios.error):
                if self._is_ours():
                    self._write(_LEAVE)
                    if self._key_fd is not None and self._cooked is not None:
                        termios.tcsetattr(self._key_fd, termios.TCSANOW, self._cooked)

    def _run(self) -> None:
        # Signals are the main thread's.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._wake_in, selectors.EVENT_READ)
                if self._key_fd is not None:
                    selector.register(self._key_fd, selectors.EVENT_READ)
                while not self._ended:
                    self._turn(selector)
        except (OSError, termios.error):
            self._gone()
        except BaseException as error:
            self.error = error
            self._gone()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        with self._terminal:
            if not self._parked and not self._ended:
                if not self._is_ours():
                    self._inside = False
                else:
                    if not self._inside:
                        self._enter()
                    self._draw()
            inside = self._inside
        if not inside:
            # A read from the background would stop the process: only look whether that is over.
            with selectors.DefaultSelector() as alone:
                alone.register(self._wake_in, selectors.EVENT_READ)
                alone.select(_BACKGROUND_S)
            self._drain()
            return
        pause_s = _ESCAPE_S if self._keys.waiting else _BUSY_S if self._busy() else _CALM_S
        ready = {key.fd for key, _ in selector.select(pause_s)}
        self._drain()
        if self._key_fd in ready:
            self._read()
        elif self._keys.waiting:
            self._tell(self._keys.flush())

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_in, 4096)

    def _read(self) -> None:
        assert self._key_fd is not None
        with self._terminal:
            if not self._inside or not self._is_ours():
                return
            data = os.read(self._key_fd, 4096)
        if not data:
            raise OSError("the terminal is closed")
        self._tell(self._keys.feed(data))

    def _tell(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key == "redraw":
                self._size = (0, 0)
            else:
                self._press(key, self._destination.size())

    def _draw(self) -> None:
        size = self._destination.size()
        terminal = self._destination.terminal
        texts = [to_text(line, terminal) for line in self._paint(size)]
        if not terminal.unicode:
            texts = [text.translate(_ASCII) for text in texts]
        start = ""
        if size != self._size:
            self._size, self._shown, start = size, [], "\x1b[2J"
        known = self._shown + [""] * (len(texts) - len(self._shown))
        changed = [
            f"\x1b[{number};1H{text}\x1b[K"
            for number, (text, before) in enumerate(zip(texts, known, strict=False), 1)
            if text != before
        ]
        self._shown = texts
        if changed or start:
            # One write a frame: what is drawn in pieces flickers.
            self._write(_BEGIN + start + "".join(changed) + _END)

    def _write(self, text: str) -> None:
        self._destination.write(self._destination.terminal.encode(text))
