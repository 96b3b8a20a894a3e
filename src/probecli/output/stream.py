"""Standard output and standard error as destinations."""

import contextlib
import os
import select
from collections.abc import Mapping
from typing import TextIO

from probecli.output.interface import Options
from probecli.output.terminal import Terminal, terminal_facts


def is_terminal(stream: TextIO) -> bool:
    """Whether a person may look at `stream`; a closed stream is none."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def _fileno(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):
        return None


def stream_facts(stream: TextIO, env: Mapping[str, str], options: Options) -> Terminal:
    """The terminal facts of an open text stream."""
    return terminal_facts(
        env,
        is_terminal=is_terminal(stream),
        color=options.color,
        encoding=getattr(stream, "encoding", None) or "utf-8",
    )


class Stream:
    """An open text stream, written below Python's buffer.

    Nothing stays in a buffer, so a reader that went away (`| head`) shows as BrokenPipeError
    here and never again when the interpreter shuts down.
    """

    def __init__(
        self, stream: TextIO, *, name: str, env: Mapping[str, str], options: Options
    ) -> None:
        self.name = name
        self.terminal = stream_facts(stream, env, options)
        self._stream = stream
        self._fd = _fileno(stream)
        self._width = options.width
        self._columns = env.get("COLUMNS", "")
        if self._fd is not None:
            stream.flush()

    def size(self) -> tuple[int, int]:
        """The terminal's size as it is now; else `COLUMNS`, else 80 columns."""
        columns, lines = 0, 0
        if self.terminal.is_terminal and self._fd is not None:
            with contextlib.suppress(OSError):
                columns, lines = os.get_terminal_size(self._fd)
        given = int(self._columns) if self._columns.isdecimal() else 0
        return self._width or columns or given or 80, lines or 24

    def write(self, data: bytes) -> None:
        """Write all of `data` at once."""
        if self._fd is None:
            self._write_through(data)
            return
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(self._fd, view) :]
                except BlockingIOError:
                    select.select([], [self._fd], [])
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error

    def _write_through(self, data: bytes) -> None:
        """Write to a stream that stands for no open file, as in tests."""
        if buffer := getattr(self._stream, "buffer", None):
            buffer.write(data)
        else:
            self._stream.write(data.decode())
        self._stream.flush()

    def commit(self) -> None:
        """Nothing is held back."""

    def discard(self) -> None:
        """Nothing is held back."""
