"""The interfaces of every output: what it is told, where it writes, and what it may know."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.terminal import Terminal


class Sink(Protocol):
    """Where results go: told once before, once a result as it finishes, once after.

    A sink prints and decides nothing. `begin` and `add` may raise OSError as `end` may; the
    caller turns it into exit code 74.
    """

    def begin(self, run: Run, total: int) -> None:
        """The run starts with `total` selected targets."""

    def add(self, result: Result) -> None:
        """One target is finished; called in order of completion."""

    def end(self, snapshot: Snapshot) -> None:
        """The run is over, whole or interrupted; everything is known."""


class Output(Sink, Protocol):
    """A sink that owns something: a file, a thread, the terminal's cursor."""

    def close(self) -> None:
        """Release everything, and drop what `end` did not finish; may be called twice."""


class Destination(Protocol):
    """Where the bytes of one output go; errors are OSErrors that carry `name`."""

    name: str
    terminal: Terminal

    def size(self) -> tuple[int, int]:
        """Columns and lines to fill, as they are now."""

    def write(self, data: bytes) -> None:
        """Take all of `data`; a stream passes it on at once."""

    def commit(self) -> None:
        """What was written is whole: make it appear."""

    def discard(self) -> None:
        """Drop what was not committed; may be called twice, and after `commit`."""


class Options(Struct, frozen=True, kw_only=True):
    """What the user asked of every output.

    `color` is None to let the environment decide; `width` is None for the terminal's own.
    """

    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    width: int | None = None


class Context(Struct, frozen=True, kw_only=True):
    """What an output may know besides results; `clock` counts seconds and never steps back."""

    options: Options
    env: dict[str, str]
    clock: Callable[[], float]
