"""One attempt at one target, measured and judged."""

from time import perf_counter

from probecli.model.evidence import Evidence
from probecli.model.moment import rfc3339
from probecli.model.result import Attempt, Timings, Verdict
from probecli.model.target import Target
from probecli.probe.kinds import Probe
from probecli.probe.network import Network
from probecli.verdict import judge


async def attempt(
    target: Target, number: int, probe: Probe, network: Network
) -> tuple[Attempt, Evidence, Verdict]:
    """Measures `target` once; `number` counts from 1."""
    started_at = network.now()
    started = perf_counter()
    evidence = await probe(target, network)
    verdict = judge(target, evidence)
    http = evidence.http
    server = evidence.server
    total = evidence.timings.total
    tried = Attempt(
        number=number,
        started_at=rfc3339(started_at),
        duration_ms=total if total is not None else round((perf_counter() - started) * 1000, 3),
        state=verdict.state,
        cause=verdict.cause,
        detail=verdict.detail,
        status=http.status if http is not None else None,
        ip=server.ip if server is not None else None,
        timings_ms=evidence.timings,
    )
    return tried, evidence, verdict


def unfinished(number: int, started_at_s: float, now_s: float, detail: str) -> Attempt:
    """The attempt that an interruption or a fault of our own cut off."""
    return Attempt(
        number=number,
        started_at=rfc3339(started_at_s),
        duration_ms=round(max(0.0, now_s - started_at_s) * 1000, 3),
        state="unknown",
        cause="local.interrupted",
        detail=detail,
        status=None,
        ip=None,
        timings_ms=Timings(),
    )
