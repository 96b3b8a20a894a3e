"""One run of a command on a pseudo-terminal whose output is read away as fast as it comes."""

import contextlib
import os
import termios
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Cost, run_into

LINES, COLUMNS = 40, 120
TERM = "xterm-256color"
# What would make a program draw otherwise than on a plain terminal of that size.
_UNSET = ("CI", "COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "LINES", "NO_COLOR")


def run_on_terminal(command: Sequence[str], directory: Path, *, limit_s: int = 120) -> Cost:
    """Runs `command` with a terminal for its output and errors; `stdout` is what was drawn."""
    env = {name: value for name, value in os.environ.items() if name not in _UNSET}
    with _terminal() as (terminal, drawn):
        cost = run_into(
            command,
            directory,
            limit_s=limit_s,
            env={**env, "TERM": TERM},
            stdout=terminal,
            stderr=terminal,
        )
    return Cost(
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        peak_kib=cost.peak_kib,
        exit_code=cost.exit_code,
        stdout=bytes(drawn),
    )


@contextlib.contextmanager
def _terminal() -> Iterator[tuple[int, bytearray]]:
    """A terminal's descriptor, and what was written to it, complete after the block."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (LINES, COLUMNS))
    drawn = bytearray()

    def drain() -> None:
        # Linux says EIO once nobody holds the other end any more.
        with contextlib.suppress(OSError):
            while data := os.read(ours, 1 << 16):
                drawn.extend(data)

    reader = threading.Thread(target=drain, daemon=True)
    reader.start()
    try:
        yield theirs, drawn
    finally:
        os.close(theirs)
        reader.join(10)
        os.close(ours)
