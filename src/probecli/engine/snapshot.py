"""From what a run measured to its snapshot."""

import os
from collections.abc import Iterable

from msgspec.structs import replace

from probecli import __version__
from probecli.engine.run import Measured
from probecli.model.moment import rfc3339
from probecli.model.plan import Plan
from probecli.model.snapshot import Clock, Run, Snapshot
from probecli.verdict import final_exit_code
from probecli.verdict.gate import ExitProfile


def started_run(plan: Plan, vantage: str, now_s: float, *, shard: str | None = None) -> Run:
    """The run as it begins; ids sort by time."""
    started_at = rfc3339(now_s)
    stamp = started_at.replace("-", "").replace(":", "").replace(".", "")
    return Run(
        id=f"{stamp}-{os.urandom(4).hex()}",
        vantage=vantage,
        started_at=started_at,
        complete=False,
        config_sha256=plan.config_sha256,
        version=__version__,
        shard=shard,
    )


def snapshot_of(
    run: Run,
    measured: Measured,
    plan: Plan,
    *,
    finished_s: float,
    clock: Clock,
    profile: ExitProfile = "default",
    others: Iterable[int] = (),
) -> Snapshot:
    """The whole run; `others` are exit codes besides the gate's that apply."""
    gate = measured.gates.decide(profile)
    codes = [*others, *([measured.stopped] if measured.stopped is not None else [])]
    exit_code = final_exit_code(gate, codes, profile)
    return Snapshot(
        run=replace(
            run,
            finished_at=rfc3339(finished_s),
            duration_ms=measured.duration_ms,
            complete=measured.stopped is None,
            clock=clock,
            loop_lag_ms=measured.loop_lag,
            notice=measured.notice,
        ),
        summary=measured.gates.counts.summary,
        gate=replace(gate, exit_code=exit_code, passed=gate.passed and exit_code == 0),
        controls=measured.controls,
        groups={one.name: one.title for one in plan.groups if one.title != one.name},
        targets=measured.results,
    )
