"""Runs and results of the past, for the tests of the history."""

from typing import Any

from probecli.history.moment import SECOND, text_of
from probecli.model.result import HttpFacts, Result, Server, Timings, TlsFacts
from probecli.model.snapshot import Run

BEGIN_S = 1_766_383_200
"""2025-12-22T06:00:00Z."""


def at(minutes: float) -> str:
    """A moment so many minutes after the begin."""
    return text_of(round((BEGIN_S + minutes * 60) * SECOND))


def run_at(minutes: float, *, vantage: str = "paris-1", name: str = "", **fields: Any) -> Run:
    """A run at that minute, whole unless `fields` say otherwise."""
    moment = at(minutes)
    return Run(
        id=name or f"run-{minutes}-{vantage}",
        vantage=vantage,
        started_at=moment,
        finished_at=moment,
        version="0.1.0",
        **fields,
    )


def seen(
    name: str = "www",
    state: Any = "up",
    cause: str | None = None,
    detail: str | None = None,
    *,
    group: str | None = None,
    ip: str | None = None,
    status: int | None = None,
    subject: str | None = None,
    kind: Any = "http",
    resolver: str | None = None,
    total: float | None = 80.0,
) -> Result:
    """One result; a state that is not up has a cause that fits."""
    causes = {"down": "http.error", "unknown": "blocked.rate_limited", "degraded": "expect.latency"}
    return Result(
        name=name,
        kind=kind,
        url=f"https://{name}.example/",
        group=group,
        tags=(),
        state=state,
        cause=cause or causes.get(state),
        detail=detail,
        flaky=False,
        gated=True,
        started_at=at(0),
        duration_ms=80.0,
        server=Server(f"{name}.example", ip, 443, "ipv4" if ip else None, resolver)
        if ip or resolver
        else None,
        http=HttpFacts(method="GET", status=status) if status else None,
        tls=TlsFacts(subject=subject, issuer="CN=R3", not_after=at(9_999)) if subject else None,
        timings_ms=Timings(total=total, wait=total),
    )
