"""The one interface of every output."""

from typing import Protocol

from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot


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
