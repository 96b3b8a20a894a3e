"""From attempts to a target's result, with nothing secret in it."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from probecli.model.evidence import Evidence
from probecli.model.moment import rfc3339
from probecli.model.result import Attempt, Result, Timings, Verdict
from probecli.model.target import Target
from probecli.text import redact

Said = TypeVar("Said", bound=msgspec.Struct)

# Fields that hold words and times of our own: a password that happens to be `down` hides no state.
_OWN_WORDS = frozenset(
    {"cause", "family", "kind", "last_ok", "level", "not_after", "since", "started_at", "state"}
)


def result_of(
    target: Target,
    attempts: tuple[Attempt, ...],
    duration_ms: float,
    evidence: Evidence,
    verdict: Verdict,
    *,
    gated: bool,
) -> Result:
    """The result that the last attempt's evidence and verdict make."""
    result = Result(
        name=target.name,
        kind=target.kind,
        url=target.url,
        group=target.group,
        tags=target.tags,
        state=verdict.state,
        cause=verdict.cause,
        detail=verdict.detail,
        flaky=len(attempts) > 1 and verdict.state in ("up", "degraded"),
        gated=gated,
        started_at=attempts[0].started_at,
        duration_ms=duration_ms,
        server=evidence.server,
        http=evidence.http,
        tls=evidence.tls,
        timings_ms=evidence.timings,
        expectations=verdict.expectations,
        attempts=attempts,
    )
    return concealed(result, target.secrets) if target.secrets else result


def interrupted_result(
    target: Target,
    attempts: tuple[Attempt, ...],
    began_s: float,
    now_s: float,
    detail: str,
    *,
    gated: bool,
) -> Result:
    """The result of a target that was not finished: unknown, with the attempts it had.

    `began_s` is when the last of them began, `now_s` when the target was given up (wall time).
    """
    waited_ms = 0.0
    if attempts and (wait_ms := attempts[-1].backoff_ms) is not None:
        # No further attempt came: of the wait for it, so much did take place.
        *before, last = attempts
        waited_ms = min(wait_ms, max(0.0, (now_s - began_s) * 1000 - last.duration_ms))
        attempts = (*before, replace(last, backoff_ms=None))
    result = Result(
        name=target.name,
        kind=target.kind,
        url=target.url,
        group=target.group,
        tags=target.tags,
        state="unknown",
        cause="local.interrupted",
        detail=detail,
        flaky=False,
        gated=gated,
        started_at=attempts[0].started_at if attempts else rfc3339(now_s),
        duration_ms=duration_ms(attempts, waited_ms),
        timings_ms=Timings(),
        attempts=attempts,
    )
    return concealed(result, target.secrets) if target.secrets else result


def duration_ms(attempts: Iterable[Attempt], further_ms: float = 0.0) -> float:
    """How long the attempts and the waits after them took, and `further_ms` besides."""
    each_ms = (one.duration_ms + (one.backoff_ms or 0.0) for one in attempts)
    return round(sum(each_ms, further_ms), 3)


def with_backoff(tried: Attempt, seconds: float) -> Attempt:
    """The attempt with the wait that follows it."""
    return replace(tried, backoff_ms=round(seconds * 1000, 3))


def concealed(said: Said, secrets: tuple[str, ...]) -> Said:
    """`said` with every secret masked, wherever a server may have echoed it."""

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return redact(value, secrets)
        if isinstance(value, dict):
            return {key: item if key in _OWN_WORDS else masked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [masked(item) for item in value]
        return value

    return msgspec.convert(masked(msgspec.to_builtins(said)), type(said))
