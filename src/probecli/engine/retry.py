"""Which attempt is repeated, and after how long: tenacity's exponential wait with full jitter."""

import random
from functools import lru_cache

from probecli.model.cause import RETRIED_CAUSES, RETRIED_STATUSES
from probecli.model.evidence import Evidence
from probecli.model.result import Verdict
from probecli.model.target import Retry


def worth_repeating(retry: Retry, verdict: Verdict, status: int | None) -> bool:
    """Whether another attempt may mend it: by `retry.on`, else by the table of causes.

    A missed expectation is final however its status reads, unless the cause is the status itself.
    """
    if verdict.state in ("up", "degraded") or verdict.cause is None:
        return False
    if retry.on is not None:
        return any(_names(reason, verdict.cause, status) for reason in retry.on)
    if verdict.cause in RETRIED_CAUSES:
        return True
    return verdict.cause == "http.error" and status in RETRIED_STATUSES


def _names(reason: str, cause: str, status: int | None) -> bool:
    """Whether one entry of `retry.on` names this cause (whole or by its first parts) or status."""
    if reason[:1].isdigit():
        text = "" if status is None else str(status)
        if reason.lower().endswith("xx"):
            return len(text) == 3 and text[0] == reason[0]
        return text == reason
    stem = reason.removesuffix(".*")
    return cause == stem or cause.startswith(f"{stem}.")


def backoff_s(retry: Retry, number: int, evidence: Evidence, rng: random.Random) -> float | None:
    """Seconds to wait after attempt `number` (from 1), None when it was the last.

    A server's Retry-After is honoured up to `retry.max`; otherwise the wait is drawn between 0 and
    the exponential bound (full jitter), or is that bound with `jitter: none`.
    """
    if number >= retry.attempts:
        return None
    asked = evidence.http.retry_after_s if evidence.http is not None else None
    if asked is not None:
        return min(asked, float(retry.max_s))
    bound = _bound_s(retry, number)
    return rng.uniform(0, bound) if retry.jitter == "full" else bound


@lru_cache(maxsize=256)
def _bound_s(retry: Retry, number: int) -> float:
    """The longest wait after attempt `number`, by tenacity, which takes 4 ms to load."""
    import tenacity

    wait = tenacity.wait_exponential(
        multiplier=float(retry.initial_s),
        max=float(retry.max_s),
        exp_base=float(retry.multiplier),
    )
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    state.attempt_number = number
    return wait(state)
