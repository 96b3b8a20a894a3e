"""One attempt at one target, as results keep it."""

from probecli.model.evidence import Evidence
from probecli.model.moment import rfc3339
from probecli.model.result import Attempt, Timings, Verdict
from probecli.model.target import Target
from probecli.verdict import judge


def attempted(
    target: Target, number: int, started_s: float, ended_s: float, evidence: Evidence
) -> tuple[Attempt, Verdict]:
    """What the evidence of an attempt means; `number` counts from 1, the rest is wall time."""
    verdict = judge(target, evidence)
    http = evidence.http
    server = evidence.server
    total = evidence.timings.total
    tried = Attempt(
        number=number,
        started_at=rfc3339(started_s),
        duration_ms=total if total is not None else _milliseconds(ended_s - started_s),
        state=verdict.state,
        cause=verdict.cause,
        detail=verdict.detail,
        status=http.status if http is not None else None,
        ip=server.ip if server is not None else None,
        timings_ms=evidence.timings,
    )
    return tried, verdict


def unfinished(number: int, started_at_s: float, now_s: float, detail: str) -> Attempt:
    """The attempt that an interruption or a fault of our own cut off."""
    return Attempt(
        number=number,
        started_at=rfc3339(started_at_s),
        duration_ms=_milliseconds(now_s - started_at_s),
        state="unknown",
        cause="local.interrupted",
        detail=detail,
        status=None,
        ip=None,
        timings_ms=Timings(),
    )


def _milliseconds(seconds: float) -> float:
    """Not below zero: the wall clock may have been set back."""
    return round(max(0.0, seconds) * 1000, 3)
