"""A program on a real pseudo-terminal, and the screen that a person would see."""

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

PLAYER = Path(__file__).with_name("pty_player.py")
PATIENCE_S = 20.0


def python_path() -> str:
    """The PYTHONPATH for a program that imports the tests' own modules."""
    paths = (os.environ.get("PYTHONPATH"), str(PLAYER.parents[1]))
    return os.pathsep.join(filter(None, paths))


class Session:
    """`pty_player` with `arguments` on a terminal of `columns` by `lines`."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        env: dict[str, str] | None = None,
        on: tuple[str, ...] = ("stdout", "stderr"),
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=1_000, ratio=0.5)
        self._decoder = pyte.ByteStream(self.screen)
        self.raw = b""
        self._master, slave = os.openpty()
        # The program's own line feeds move to the first column, as a shell's terminal has it.
        self._set_size(columns, lines)
        self.process = subprocess.Popen(
            [sys.executable, str(PLAYER), *arguments],
            stdin=subprocess.PIPE,
            stdout=slave if "stdout" in on else subprocess.PIPE,
            stderr=slave if "stderr" in on else subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": python_path(),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
            }
            | (env or {}),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        os.close(self._master)

    def _set_size(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def tell(self, *commands: str) -> None:
        """Have the player do `commands`."""
        assert self.process.stdin
        self.process.stdin.write("".join(f"{command}\n" for command in commands).encode())
        self.process.stdin.flush()

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size."""
        self._set_size(columns, lines)
        self.screen.resize(lines, columns)

    def read(self) -> bool:
        """Show what came; False when the program has left."""
        if not select.select([self._master], [], [], PATIENCE_S)[0]:
            raise TimeoutError(self.text())
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.raw += data
        self._decoder.feed(data)
        return bool(data)

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait for a screen that satisfies `seen`, and return its text."""
        end = time.monotonic() + PATIENCE_S
        while not seen(self.text()):
            if time.monotonic() > end or not self.read():
                raise AssertionError(f"not seen on:\n{self.text()}")
        return self.text()

    def finish(self) -> str:
        """Wait for the program's end, and return all that it left, history included."""
        while self.read():
            pass
        assert self.process.wait(PATIENCE_S) == 0, self.text()
        top = ["".join(row[x].data for x in range(self.screen.columns)).rstrip()
               for row in self.screen.history.top]  # fmt: skip
        return "\n".join([*top, self.text()])

    def text(self) -> str:
        """The screen's text, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def cursor_is_shown(self) -> bool:
        """Whether the terminal shows its cursor."""
        return not self.screen.cursor.hidden
