"""The full result of one run."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from probecli.model.plan import FailOn
from probecli.model.result import Result

Clock = Literal["kernel", "loop"]


class LoopLag(Struct, frozen=True):
    """How late the event loop served its events, in milliseconds."""

    p50: float
    p99: float
    max: float


def worst_lag(lags: Sequence[LoopLag]) -> LoopLag | None:
    """The lag of several processes together: the worst of each figure; None without any."""
    if not lags:
        return None
    return LoopLag(
        p50=max(lag.p50 for lag in lags),
        p99=max(lag.p99 for lag in lags),
        max=max(lag.max for lag in lags),
    )


class Run(Struct, frozen=True, kw_only=True):
    """The run itself: where, when, whole or not, and how exact its clock was."""

    id: str
    vantage: str
    started_at: str
    finished_at: str | None = None
    duration_ms: float | None = None
    complete: bool = True
    config_sha256: str | None = None
    version: str
    shard: str | None = None
    clock: Clock = "loop"
    loop_lag_ms: LoopLag | None = None
    notice: str | None = None


class Summary(Struct, frozen=True, kw_only=True):
    """How many targets are in which state."""

    total: int = 0
    up: int = 0
    degraded: int = 0
    down: int = 0
    unknown: int = 0


class GateVerdict(Struct, frozen=True):
    """Whether the gate passed, with the exit code and the reason in one sentence.

    `fail_on` is the rule's: the states that an output for CI calls failures.
    """

    passed: bool
    exit_code: int
    reason: str
    fail_on: FailOn = "down"


class Shared(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence that all targets of an incident share.

    `title` is the group's; `prefix` stands where the addresses differ; `certificate` is its
    subject; `name_server` is whom they all asked for their names and had no answer or a failure
    from, as `Server.resolver` names it.
    """

    group: str | None = None
    title: str | None = None
    ip: str | None = None
    prefix: str | None = None
    certificate: str | None = None
    name_server: str | None = None
    cause: str | None = None
    status: int | None = None
    text: str | None = None


class PastIncident(Struct, frozen=True, kw_only=True):
    """An incident of the same targets that is over."""

    since: str
    until: str


class Incident(Struct, frozen=True, kw_only=True):
    """A stretch of time in which targets that share evidence were down.

    It began after `last_ok` and by `since`, the first observation that was down. `cause` is the
    most frequent of `causes`; `changes` is how often a flapping target went down and came back;
    `past` are those of the last seven days, oldest first; `not_probed` are targets of the same
    group that the history knows and this run left out.
    """

    targets: tuple[str, ...]
    cause: str
    since: str | None = None
    last_ok: str | None = None
    shared: Shared = Shared()
    causes: dict[str, int] = {}
    changes: int = 0
    past: tuple[PastIncident, ...] = ()
    not_probed: tuple[str, ...] = ()


class Snapshot(Struct, frozen=True, kw_only=True):
    """Everything that one run says; `targets` keep the order of the target file.

    `groups` are titles by name, of the groups that are titled otherwise than they are named. The
    targets of a large run may be a sequence that reads them from disk.
    """

    schema_version: int = 1
    run: Run
    summary: Summary
    gate: GateVerdict
    controls: tuple[Result, ...] = ()
    incidents: tuple[Incident, ...] = ()
    groups: dict[str, str] = {}
    targets: Sequence[Result] = ()

    def __post_init__(self) -> None:
        # Decoding makes a list of a sequence; one that was decoded equals one that was not.
        if isinstance(self.targets, list):
            force_setattr(self, "targets", tuple(self.targets))
