"""Phases as bars on one scale of time, so that the eye finds where it went."""

from collections.abc import Sequence

from msgspec import Struct

from probecli.explain.facts import HopFacts
from probecli.model.result import Attempt
from probecli.output.words import PHASES

_BY_PREFIX = (("tcp.", "connect"), ("tls.", "tls"))


class Bar(Struct, frozen=True):
    """One stretch of time in milliseconds, and the cells that it takes on its scale."""

    label: str
    ms: float
    start: int
    cells: int
    unfinished: bool = False


def placed(label: str, start_ms: float, ms: float, scale_ms: float, width: int) -> Bar:
    """A stretch as a bar of at least one cell, within `width` cells for `scale_ms`."""
    scale = width / scale_ms if scale_ms > 0 else 0.0
    start = min(int(start_ms * scale), width - 1)
    end = min(round((start_ms + ms) * scale), width)
    return Bar(label, ms, start, max(1, end - start))


def stretches(hop: HopFacts) -> list[tuple[str, float, bool]]:
    """The phases that were reached, and the one that failed with the time that was left for it."""
    timings, cause = hop.timings_ms, hop.cause
    reached = [(name, getattr(timings, name)) for name in PHASES]
    found = [(name, float(value), False) for name, value in reached if value is not None]
    if cause is None or timings.total is None:
        return found
    ended = _ended_in(hop, cause)
    rest = timings.total - sum(value for _, value, _ in found)
    if ended is None or rest < 0:
        return found
    if getattr(timings, ended) is None:
        return [*found, (ended, rest, True)]
    return [(name, value, name == ended) for name, value, _ in found]


def _ended_in(hop: HopFacts, cause: str) -> str | None:
    """The phase in which a failure happened, as far as its cause and the phases tell."""
    timings = hop.timings_ms
    if cause.startswith("dns."):
        # A resolver that is the target itself is waited for; its bad news ended no phase.
        return "dns" if hop.names is not None else "wait" if timings.wait is None else None
    for prefix, phase in _BY_PREFIX:
        if cause.startswith(prefix) and getattr(timings, phase) is None:
            return phase
    if timings.connect is None:
        return None
    return "wait" if timings.wait is None else "receive"


def hop_bars(hop: HopFacts, start_ms: float, scale_ms: float, width: int) -> list[Bar]:
    """The phases of a hop that began `start_ms` into its attempt, one after another."""
    bars = []
    for label, ms, unfinished in stretches(hop):
        bar = placed(label, start_ms, ms, scale_ms, width)
        bars.append(Bar(bar.label, bar.ms, bar.start, bar.cells, unfinished))
        start_ms += ms
    return bars


def attempt_bars(attempts: Sequence[Attempt], width: int) -> list[Bar]:
    """Attempts and the waits between them, on the scale of the whole probe."""
    scale_ms = sum(one.duration_ms + (one.backoff_ms or 0.0) for one in attempts)
    bars: list[Bar] = []
    at_ms = 0.0
    for one in attempts:
        bars.append(placed(f"attempt {one.number}", at_ms, one.duration_ms, scale_ms, width))
        at_ms += one.duration_ms
        if one.backoff_ms is not None:
            bars.append(placed("back-off", at_ms, one.backoff_ms, scale_ms, width))
            at_ms += one.backoff_ms
    return bars
