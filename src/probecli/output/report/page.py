"""What the status page says, before it is HTML: frozen data, from snapshots or from a history."""

from typing import Literal

from msgspec import Struct

from probecli.history.outages import Outage
from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict, Incident, Run
from probecli.output.report.timeline import Timeline

Standing = State | Literal["not probed"]


class Share(Struct, frozen=True, gc=False):
    """What a target was in one bucket of time, as shares of it; the rest was not probed.

    A state that was seen only for a moment has a share of almost, never quite, nothing.
    """

    up: float = 0.0
    degraded: float = 0.0
    down: float = 0.0
    unknown: float = 0.0

    @property
    def probed(self) -> float:
        """The share of the bucket of which anything is known."""
        return min(1.0, self.up + self.degraded + self.down + self.unknown)


class Latency(Struct, frozen=True, gc=False):
    """Whole attempts that were answered, in milliseconds, bucket by bucket."""

    p50: tuple[float | None, ...] = ()
    p95: tuple[float | None, ...] = ()


class Uptime(Struct, frozen=True, gc=False):
    """The share of the observed time in which a target was up or degraded; None when unknown."""

    window: str
    share: float | None


class Row(Struct, frozen=True, kw_only=True):
    """One target as one vantage sees it: now, and over time.

    `standing` is `not probed` when the last observation, at `seen_at`, is too long ago to say.
    `result` is the whole measurement where a snapshot has it.
    """

    name: str
    vantage: str
    url: str
    standing: Standing
    seen_at: str
    group: str | None = None
    cause: str | None = None
    detail: str | None = None
    since: str | None = None
    last_ok: str | None = None
    status: int | None = None
    ip: str | None = None
    not_after: str | None = None
    certificate_days: int | None = None
    latency_ms: float | None = None
    flapping: bool = False
    result: Result | None = None
    uptimes: tuple[Uptime, ...] = ()
    shares: tuple[Share, ...] = ()
    latency: Latency = Latency()
    outages: tuple[Outage, ...] = ()


class Group(Struct, frozen=True):
    """Rows that stand together under a title."""

    title: str
    rows: tuple[Row, ...]


class PastIncident(Struct, frozen=True, kw_only=True):
    """Outages that are over, of the targets of one group whose times meet (epoch µs)."""

    title: str
    targets: tuple[str, ...]
    causes: tuple[str, ...]
    since_us: int
    until_us: int
    changes: int = 0


class Vantage(Struct, frozen=True, kw_only=True):
    """The last run that a vantage made, and its gate; what only a snapshot knows is None."""

    name: str
    last_run_at: str
    runs: int
    run: Run | None = None
    gate: GateVerdict | None = None


class Page(Struct, frozen=True, kw_only=True):
    """The whole status page; `as_of` is the moment that it calls now."""

    title: str
    as_of: str
    vantages: tuple[Vantage, ...]
    groups: tuple[Group, ...]
    incidents: tuple[Incident, ...] = ()
    past: tuple[PastIncident, ...] = ()
    timeline: Timeline | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every target, in the order of the page."""
        return tuple(row for group in self.groups for row in group.rows)
