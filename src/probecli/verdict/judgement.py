"""From the evidence of one attempt to its verdict."""

from functools import lru_cache
from typing import Any

from msgspec import structs

from probecli.model.cause import CAUSES
from probecli.model.evidence import Evidence, Failure
from probecli.model.result import ExpectationResult, Level, Verdict
from probecli.model.target import Expectations, StatusRange, StatusSet, Target
from probecli.text import one_line, redact
from probecli.verdict.challenge import challenge
from probecli.verdict.content import by_name
from probecli.verdict.expectations import Outcome, given, plain_facts
from probecli.verdict.soft import unavailable

TEXT_LIMIT = 120
DETAIL_LIMIT = 300
REASON_LIMIT = 60

_BUILT_IN_STATUS = StatusSet((StatusRange(200, 399),))
_SWITCHING = StatusSet((StatusRange(101, 101),))
# A name server that answers "no such name" did answer: `expect.rcode` judges it.
_ANSWERED_BY_RCODE = frozenset({"dns.name_not_resolved", "dns.failed"})

Missed = tuple[str, ExpectationResult]


def judge(target: Target, evidence: Evidence) -> Verdict:
    """The state and cause of one attempt, and every expectation that could be evaluated.

    The first that applies: transport failure, robot challenge, status, other expectations (in the
    order of `expectations.TABLE`), a page that says the service is unavailable, `warn`. With a
    transport failure only the expectations that the head of the response suffices for are
    listed. Whatever the evidence holds, texts in the verdict are one printable line, clipped, and
    free of the target's secrets.
    """
    expect = target.expect
    if target.url[0] in "wW" and (expect.status is None or expect.status == _BUILT_IN_STATUS):
        expect = structs.replace(expect, status=_SWITCHING)
    if evidence.failure is not None and not (
        expect.rcode is not None
        and evidence.rcode is not None
        and evidence.failure.cause in _ANSWERED_BY_RCODE
    ):
        return _failed(target, expect, evidence, evidence.failure)

    expectations, missed, missed_warning = _all_evaluated(target, expect, evidence)
    status = evidence.http.status if evidence.http is not None else None
    if status is not None:
        headers = by_name(evidence.headers)
        blocked = challenge(status, headers, evidence.body)
        if blocked is not None:
            return _verdict("blocked.challenge", _line(blocked, target.secrets), expectations)
    if missed is not None:
        return _missed_verdict(target, evidence, missed, expectations)
    if status is not None and 200 <= status <= 299 and target.detect_unavailable:
        words = unavailable(headers, evidence.body)
        if words is not None:
            detail = f'the page says "{_line(words, target.secrets)}"'
            return _verdict("content.unavailable", detail, expectations)
    if missed_warning is not None:
        field, result = missed_warning
        detail = _expectation_detail(field, result, target, evidence, expectations)
        return Verdict("degraded", f"expect.{field}", detail, expectations)
    return Verdict("up", None, None, expectations)


def _line(text: str, secrets: tuple[str, ...], limit: int = TEXT_LIMIT) -> str:
    # Redacted before it is cut: half a secret would not be recognised.
    return one_line(redact(text, secrets) if secrets else text, limit)


def _verdict(cause: str, detail: str, expectations: tuple[ExpectationResult, ...]) -> Verdict:
    return Verdict(CAUSES[cause].state, cause, detail, expectations)


_Evaluated = tuple[tuple[ExpectationResult, ...], Missed | None, Missed | None]
# By identity, as in `expectations.given`; what is held here keeps its own.
_KNOWN: dict[tuple[Any, ...], tuple[Expectations, Expectations, _Evaluated]] = {}
_MOST_KNOWN = 1024


def _all_evaluated(target: Target, expect: Expectations, evidence: Evidence) -> _Evaluated:
    """Every result, the first `expect` and the first `warn` that missed.

    Where all that is given is plain, thousands of targets share what one of them was told.
    """
    warn = target.warn
    key = (id(expect), id(warn), target.secrets, plain_facts(evidence))
    known = _KNOWN.get(key)
    if known is not None:
        return known[2]
    results: list[ExpectationResult] = []
    missed = _evaluated(target, expect, "expect", evidence, results)
    missed_warning = _evaluated(target, warn, "warn", evidence, results)
    evaluated = tuple(results), missed, missed_warning
    if all(row.plain for row, _ in (*given(expect), *given(warn))):
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = expect, warn, evaluated
    return evaluated


def _evaluated(
    target: Target,
    expectations: Expectations,
    level: Level,
    evidence: Evidence,
    results: list[ExpectationResult],
    *,
    early: bool = False,
) -> Missed | None:
    """Appends every result to `results`; returns the first that missed, with its field."""
    first: Missed | None = None
    for row, expected in given(expectations, early=early):
        for outcome in row.evaluate(expected, evidence):
            result = _result(outcome, level, target.secrets)
            results.append(result)
            if first is None and not outcome.ok:
                first = row.field, result
    return first


@lru_cache(maxsize=1024)
def _result(outcome: Outcome, level: Level, secrets: tuple[str, ...]) -> ExpectationResult:
    return ExpectationResult(
        name=_line(outcome.name, secrets),
        level=level,
        ok=outcome.ok,
        expected=_line(outcome.expected, secrets),
        actual=_line(outcome.actual, secrets),
    )


def _failed(target: Target, expect: Expectations, evidence: Evidence, failure: Failure) -> Verdict:
    results: list[ExpectationResult] = []
    _evaluated(target, expect, "expect", evidence, results, early=True)
    _evaluated(target, target.warn, "warn", evidence, results, early=True)
    state = CAUSES[failure.cause].state
    if failure.cause == "dns.unreachable" and target.kind == "dns":
        state = "down"
    return Verdict(
        state, failure.cause, _line(failure.detail, target.secrets, DETAIL_LIMIT), tuple(results)
    )


def _missed_verdict(
    target: Target,
    evidence: Evidence,
    missed: Missed,
    expectations: tuple[ExpectationResult, ...],
) -> Verdict:
    field, result = missed
    cause = f"expect.{field}"
    status = evidence.http.status if evidence.http is not None else None
    if field == "status" and status is not None:
        if status == 429:
            cause = "blocked.rate_limited"
        elif 400 <= status <= 599 and target.kind != "ws":
            cause = "http.error"
    detail = _expectation_detail(field, result, target, evidence, expectations)
    return _verdict(cause, detail, expectations)


def _expectation_detail(
    field: str,
    result: ExpectationResult,
    target: Target,
    evidence: Evidence,
    expectations: tuple[ExpectationResult, ...],
) -> str:
    if field == "status" and evidence.http is not None:
        reason = _line(evidence.reason.strip(), target.secrets, REASON_LIMIT)
        seen = f"{result.actual} {reason or _standard_phrase(result.actual)}".rstrip()
        detail = f"{seen}, expected {result.expected}"
        if evidence.http.status == 429 and evidence.http.retry_after_s is not None:
            detail += f"; it asks to wait {evidence.http.retry_after_s:g} s"
    else:
        detail = f"{result.name}: {result.actual}, expected {result.expected}"
    others = sum(not other.ok and other.level == result.level for other in expectations) - 1
    return f"{detail} (and {others} more missed)" if others else detail


@lru_cache(maxsize=1024)
def _standard_phrase(status: str) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return ""
