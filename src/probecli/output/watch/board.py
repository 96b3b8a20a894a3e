"""What a watch remembers: a row a target, the last latencies, the last changes, and no more."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict
from probecli.model.target import Target
from probecli.output.words import why
from probecli.text import harmless

KEPT_LATENCIES = 60
KEPT_CHANGES = 500
_INTERRUPTED = "local.interrupted"


class Change(Struct, frozen=True):
    """A target whose state or cause is not what it was; `before` is None for one just met."""

    at: str
    before: State | None
    before_cause: str | None
    result: Result

    @property
    def of_state(self) -> bool:
        """Whether the state changed, and not the cause alone."""
        return self.before != self.result.state


class Row:
    """One target: its last result, since when, and its last latencies in milliseconds.

    A latency is None where the target did not answer as expected. `since` is the round that saw
    the state first; `from_start` says that it may have begun before the watch.
    """

    __slots__ = ("from_start", "group", "latencies", "name", "order", "result", "since", "url")

    def __init__(self, order: int, name: str, group: str | None, url: str) -> None:
        self.order = order
        self.name = name
        self.group = group
        self.url = url
        self.result: Result | None = None
        self.since: str | None = None
        self.from_start = True
        self.latencies: deque[float | None] = deque(maxlen=KEPT_LATENCIES)

    @property
    def state(self) -> State | None:
        """The last state; None before the first result."""
        return self.result.state if self.result else None

    @property
    def latency_ms(self) -> float | None:
        """The last latency."""
        return self.latencies[-1] if self.latencies else None


class Board:
    """Rows in the order of the plan, and the changes that led to them."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self.rows = {
            target.name: Row(order, target.name, target.group, target.url)
            for order, target in enumerate(targets)
        }
        self.changes: deque[Change] = deque(maxlen=KEPT_CHANGES)
        self.changed = 0
        self.probes = 0
        self.rounds = 0
        self.done = 0
        self.round_ms: float | None = None
        self.gate: GateVerdict | None = None
        self.notice: str | None = None
        self.incidents: Sequence[str] = ()
        self.said: str | None = None

    def begin_round(self) -> None:
        """A round begins: none of its targets is done."""
        self.done = 0

    def end_round(
        self, gate: GateVerdict, duration_ms: float, notice: str | None, incidents: Sequence[str]
    ) -> None:
        """A round is over; `incidents` are told in words, not yet neutralised."""
        self.rounds += 1
        self.gate, self.round_ms, self.notice = gate, duration_ms, notice
        self.incidents = incidents

    def states(self) -> Counter[State]:
        """How many targets are in which state; those not probed yet in none."""
        return Counter(row.result.state for row in self.rows.values() if row.result)

    def add(self, result: Result, at: str) -> Change | None:
        """Take in one result of the round that began `at`; the change when it is one.

        The first result of a target is a change when it is not up. What was interrupted says
        nothing.
        """
        self.done += 1
        row = self.rows.get(result.name)
        if row is None or result.cause == _INTERRUPTED:
            return None
        self.probes += 1
        before = row.result
        answered = result.state in ("up", "degraded")
        total = result.timings_ms.total
        row.latencies.append((total or result.duration_ms) if answered else None)
        row.result = result
        if before is None or before.state != result.state:
            row.since, row.from_start = at, before is None
        if result.since is not None:
            row.since, row.from_start = result.since, result.last_ok is None
        same = before is not None and (before.state, before.cause) == (result.state, result.cause)
        if same or (before is None and result.state == "up"):
            return None
        change = Change(
            at, before.state if before else None, before.cause if before else None, result
        )
        # What was so when the watch began stands in the table; the log is for what came after.
        if before is not None:
            self.changes.append(change)
            self.changed += 1
        return change


def change_words(change: Change) -> str:
    """A change in one harmless line: `laposte-www: up -> down, http.error: 503 ...`."""
    result = change.result
    reason = ": ".join(filter(None, (result.cause, why(result))))
    words = f"{result.name}: {change.before or 'new'} -> {result.state}"
    return harmless(f"{words}, {reason}" if reason else words)


def change_document(change: Change, vantage: str) -> dict[str, Any]:
    """A change as the JSON object that `--on-change` gives; `result` is the snapshot's."""
    result = change.result
    return {
        "type": "change",
        "at": change.at,
        "vantage": vantage,
        "name": result.name,
        "group": result.group,
        "from": change.before,
        "to": result.state,
        "from_cause": change.before_cause,
        "cause": result.cause,
        "detail": result.detail,
        "since": result.since,
        "last_ok": result.last_ok,
        "result": result,
    }
