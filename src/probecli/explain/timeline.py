"""Where the time went: attempts on the scale of the probe, phases on the scale of an attempt."""

from collections.abc import Iterator

from probecli.explain.facts import AttemptFacts, Explanation, HopFacts
from probecli.explain.layout import INDENT, LABEL, paragraph
from probecli.explain.waterfall import Bar, attempt_bars, hop_bars, placed, stretches
from probecli.model.result import Attempt
from probecli.output.cells import Line, fit, span
from probecli.output.words import duration

_TIME = 9
_WORTH_SAYING = 0.1
_HOPS_IN_DETAIL = 4
_PHASE_STYLES = {
    "dns": "unknown",
    "connect": "degraded",
    "tls": "notice",
    "send": "faint",
    "wait": "up",
    "receive": "strong",
}


def attempt_lines(explanation: Explanation, width: int) -> Iterator[Line]:
    """Attempts and back-offs on one scale; nothing for a single attempt."""
    attempts = [one.attempt for one in explanation.attempts]
    if len(attempts) < 2:
        return
    room = width - len(INDENT) - LABEL - _TIME - 4
    numbered = iter(attempts)
    for bar in attempt_bars(attempts, room):
        if bar.label == "back-off":
            yield _bar_line(bar, "faint", sign="·")
            continue
        attempt = next(numbered)
        yield _bar_line(bar, attempt.state)
        yield from paragraph(_attempt_words(attempt), width, indent=" " * 13, style="faint")


def _attempt_words(attempt: Attempt) -> str:
    parts = (
        attempt.state,
        f"status {attempt.status}" if attempt.status else "",
        attempt.ip or "",
        ": ".join(filter(None, (attempt.cause, attempt.detail))),
    )
    return ", ".join(filter(None, parts))


def _time(ms: float) -> str:
    """A phase that took less than shows did take time."""
    return "<0.1 ms" if 0 < ms < 0.05 else duration(ms)


def _bar_line(bar: Bar, style: str, *, sign: str = "━") -> Line:
    return [
        span(INDENT),
        span(fit(f"{bar.label} ✗" if bar.unfinished else bar.label, LABEL), "faint"),
        span(fit(_time(bar.ms), _TIME, right=True)),
        span("  " + " " * bar.start),
        span(sign * bar.cells, style),
    ]


def phase_lines(explanation: Explanation, width: int) -> Iterator[Line]:
    """Every hop of every attempt, on the scale of that attempt's total.

    Of many hops only the last shows its phases.
    """
    room = width - len(INDENT) - LABEL - _TIME - 4
    several = len(explanation.attempts) > 1
    for facts in explanation.attempts:
        start_ms = 0.0
        scale_ms = max(
            facts.attempt.duration_ms, sum(hop.timings_ms.total or 0.0 for hop in facts.hops)
        )
        for number, hop in enumerate(facts.hops, 1):
            if several or len(facts.hops) > 1:
                yield from paragraph(_hop_title(facts.attempt, number, hop, several), width)
            if number < len(facts.hops) > _HOPS_IN_DETAIL:
                total_ms = hop.timings_ms.total or 0.0
                yield _bar_line(placed("whole", start_ms, total_ms, scale_ms, room), "strong")
                start_ms += total_ms
                continue
            for bar in hop_bars(hop, start_ms, scale_ms, room):
                style = "down" if bar.unfinished else _PHASE_STYLES[bar.label]
                yield _bar_line(bar, style)
            start_ms += hop.timings_ms.total or 0.0
        if facts.hops:
            yield _total_line(facts)


def _total_line(facts: AttemptFacts) -> Line:
    """The attempt's own wall time, and how much of it no phase accounts for."""
    total_ms = facts.attempt.duration_ms
    known_ms = sum(ms for hop in facts.hops for _, ms, _ in stretches(hop))
    between_ms = total_ms - known_ms
    remark = ""
    if known_ms and between_ms > max(1.0, total_ms * _WORTH_SAYING):
        remark = f"  {duration(between_ms)} of it between the phases"
    return [
        span(INDENT),
        span(fit("total", LABEL), "faint"),
        span(fit(duration(total_ms), _TIME, right=True), "strong"),
        span(remark, "faint"),
    ]


def _hop_title(attempt: Attempt, number: int, hop: HopFacts, several: bool) -> str:
    where = f"attempt {attempt.number}, " if several else ""
    answer = f" -> {hop.status} {hop.reason}".rstrip() if hop.status else ""
    return f"{where}hop {number}: {hop.url}{answer}"
