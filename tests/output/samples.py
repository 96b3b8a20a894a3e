"""Results and snapshots to print: the morning of 22 December 2025, and runs of any size."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from probecli.model.cause import State
from probecli.model.result import (
    Attempt,
    ExpectationResult,
    HttpFacts,
    Result,
    Server,
    Timings,
    TlsFacts,
)
from probecli.model.snapshot import GateVerdict, Incident, Run, Shared, Snapshot, Summary

AT = "2025-12-22T06:10:00.000Z"
NOW = datetime(2025, 12, 22, 6, 10, 0, tzinfo=UTC)
RUN = Run(id="r-1", vantage="paris-1", started_at=AT, version="0.1.0")


def timings(total: float) -> Timings:
    """Phases that add up to `total` milliseconds, most of it waiting."""
    return Timings(
        dns=3.1, connect=9.8, tls=14.2, send=0.1, wait=total - 27.8, receive=0.6, total=total
    )


def attempt(number: int, state: State, cause: str | None, detail: str | None) -> Attempt:
    """One attempt of 115.8 ms."""
    return Attempt(
        number=number,
        started_at=AT,
        duration_ms=115.8,
        state=state,
        cause=cause,
        detail=detail,
        status=503 if cause == "http.error" else None,
        ip="203.0.113.7",
        timings_ms=timings(115.8),
        backoff_ms=212.0 if number == 1 else None,
    )


def result(
    name: str = "laposte-www",
    state: State = "up",
    cause: str | None = None,
    detail: str | None = None,
    *,
    group: str | None = None,
    status: int | None = 200,
    ms: float = 115.8,
    flaky: bool = False,
    **others: Any,
) -> Result:
    """A result with plausible evidence."""
    tries = (attempt(1, "down", "tcp.reset", None),) if flaky else ()
    last = attempt(len(tries) + 1, state, cause, detail)
    fields: dict[str, Any] = {
        "kind": "http",
        "url": f"https://www.example.org/{len(name)}",
        "tags": (),
        "gated": True,
        "started_at": AT,
        "server": Server("www.example.org", "203.0.113.7", 443, "ipv4"),
        "http": HttpFacts(method="GET", status=status) if status else None,
        "tls": TlsFacts(version="TLSv1.3", certificate_days=61),
        "timings_ms": timings(ms),
        "expectations": (
            ExpectationResult(
                name="status", level="expect", ok=state == "up", expected="200-399", actual="503"
            ),
        ),
        "attempts": (*tries, last),
    }
    return Result(
        name=name,
        state=state,
        cause=cause,
        detail=detail,
        group=group,
        flaky=flaky,
        duration_ms=ms,
        **(fields | others),
    )


OUTAGE = (
    result(
        "laposte-www",
        "down",
        "http.error",
        "503 Service Unavailable, expected 200-399",
        group="la-poste",
        status=503,
        ms=640.2,
    ),
    result(
        "colissimo-suivi",
        "down",
        "http.error",
        "503 Service Unavailable, expected 200-399",
        group="la-poste",
        status=503,
        ms=612.9,
    ),
    result(
        "digiposte-api",
        "down",
        "http.error",
        "503 Service Unavailable, expected 200-399",
        group="la-poste",
        status=503,
        ms=655.0,
    ),
    result(
        "banque-postale-portail",
        "down",
        "tcp.timed_out",
        "no answer from 203.0.113.20:443 in 3 s, 3 attempts",
        group="la-banque-postale",
        status=None,
        ms=9_431.0,
    ),
    result(
        "banque-postale-mobile",
        "unknown",
        "blocked.challenge",
        "Akamai challenge: “Access Denied”, reference 18.2f",
        group="la-banque-postale",
        status=403,
        ms=88.1,
    ),
    result(
        "caisse-epargne-portail",
        "down",
        "content.unavailable",
        "title says “service momentanément indisponible”",
        group="bpce",
        status=200,
        ms=143.0,
    ),
    result(
        "banque-populaire-api",
        "degraded",
        "expect.latency",
        "took 1.4 s, should be under 1 s",
        group="bpce",
        ms=1_412.0,
    ),
    result("carte-paiement", group="paiement", ms=41.6),
    result("wero", group="paiement", ms=389.4, flaky=True),
)


def snapshot(results: Iterable[Result] = OUTAGE, **run: Any) -> Snapshot:
    """A finished run of `results`, with the counts and gate that belong to them."""
    targets = tuple(results)
    count = {
        state: sum(one.state == state for one in targets)
        for state in ("up", "degraded", "down", "unknown")
    }
    down = count["down"]
    fields = {"finished_at": AT, "duration_ms": 9_502.4} | run
    return Snapshot(
        run=Run(id="r-1", vantage="paris-1", started_at=AT, version="0.1.0", **fields),
        summary=Summary(total=len(targets), **count),
        gate=GateVerdict(not down, int(down > 0), f"{down} down, 0 allowed"),
        targets=targets,
    )


INCIDENT = Incident(
    targets=("laposte-www", "colissimo-suivi", "digiposte-api"),
    cause="http.error",
    since="2025-12-22T06:10:00.000Z",
    last_ok="2025-12-22T06:05:00.000Z",
    shared=Shared(group="la-poste"),
)


def many(number: int, *, failing: int, groups: int = 5) -> list[Result]:
    """A run of `number` targets of which the last `failing` are down for one of three causes."""
    causes = ("tcp.timed_out", "http.error", "tls.cert.date_invalid")
    return [
        result(
            f"shop-{index:05d}",
            "down" if index >= number - failing else "up",
            causes[index % 3] if index >= number - failing else None,
            group=f"region-{index % groups}",
        )
        for index in range(number)
    ]
