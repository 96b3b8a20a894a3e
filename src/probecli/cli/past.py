"""The history around one run: what it knows is told, what the run saw is kept."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from probecli.cli.failure import fail, say
from probecli.history.fault import HistoryError, PlaceError
from probecli.history.place import place_of
from probecli.model.plan import Group
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.spool import not_up, number_not_up

if TYPE_CHECKING:
    from probecli.history.memory import Change, Memory
    from probecli.history.store import Store

USAGE = 2


class Past:
    """The history of one run, or none when `place` is None.

    A history that fails changes nothing of the run: `error` keeps what is wrong with it, results
    go on without dates, and nothing is recorded. A place that cannot be meant so exits with 2.
    """

    def __init__(self, place: str | None, env: Mapping[str, str], run: Run) -> None:
        self.error: HistoryError | None = None
        self._store: Store | None = None
        self._memory: Memory | None = None
        if place is None:
            return
        try:
            where = place_of(place, env)
            # SQLAlchemy: a fifth of a second that only runs with a history pay.
            from probecli.history.memory import recalled
            from probecli.history.store import Store as Opened

            self._store = Opened(where, run.started_at)
            self._memory = recalled(self._store, run)
        except PlaceError as error:
            fail(f"probecli: {error}", USAGE)
        except HistoryError as error:
            self.error = error

    def dated(self, result: Result) -> Result:
        """A result with since when it is as it is, where the history knows."""
        if self._memory is None or result.state == "up":
            return result
        from probecli.history.memory import dated

        return dated(self._memory, result)

    def all_dated(self, results: Sequence[Result]) -> Sequence[Result]:
        """All of a run's results, in their order, dated; as they are where nothing is known."""
        return results if self._memory is None else tuple(map(self.dated, results))

    def told(
        self, snapshot: Snapshot, groups: Sequence[Group]
    ) -> "tuple[Snapshot, Sequence[Change] | None]":
        """The snapshot with its incidents, and what changed; the run is recorded.

        What changed is None where no history knows.
        """
        if self._store is None and not number_not_up(snapshot.targets):
            return snapshot, None
        from probecli.history.incidents import NOTHING, incidents_of

        knows = replace(NOTHING, titles={group.name: group.title for group in groups})
        changed: Sequence[Change] | None = None
        if self._store is not None and self._memory is not None:
            from probecli.history.memory import changes, known

            try:
                knows = known(self._memory, self._store, snapshot.targets, knows.titles)
                changed = changes(self._memory, self._store, snapshot.targets)
                self._store.record(snapshot.run, snapshot.targets)
            except HistoryError as error:
                self.error = error
        return replace(snapshot, incidents=incidents_of(not_up(snapshot.targets), knows)), changed


class Held:
    """Standard output and standard error, kept back until it is known whether anyone wants them."""

    def __init__(self, stdout: TextIO, stderr: TextIO) -> None:
        self._kept = [(stream, _buffer(stream)) for stream in (stdout, stderr)]
        self.stdout, self.stderr = (buffer for _, buffer in self._kept)

    def release(self) -> None:
        """Write what was kept. Raises OSError."""
        for stream, buffer in self._kept:
            buffer.flush()
            kept = buffer.buffer.getvalue()  # type: ignore[attr-defined]
            if kept:
                stream.flush()
                stream.buffer.write(kept)
                stream.flush()


def _buffer(stream: TextIO) -> TextIO:
    return io.TextIOWrapper(io.BytesIO(), encoding=stream.encoding or "utf-8", write_through=True)


def say_changes(changes: "Sequence[Change]") -> None:
    """What changed, a line a target, on standard error."""
    from probecli.output.words import why
    from probecli.text import harmless

    for one in changes:
        result = one.result
        reason = ": ".join(filter(None, (result.cause, why(result))))
        words = f"{result.name}: {one.before or 'new'} -> {result.state}"
        say(harmless(f"Changed: {words}{', ' + reason if reason else ''}"))
