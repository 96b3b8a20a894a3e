"""What the formats for CI and monitoring have in common."""

from collections.abc import Sequence

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import GateVerdict, Snapshot
from probecli.output.spool import Spooled, not_up
from probecli.output.words import SEVERITY, counts, flaky_words, why
from probecli.verdict.gate import FAILING


def is_failure(result: Result, gate: GateVerdict) -> bool:
    """Whether a gated target counts as failed: down always, degraded where the gate says so."""
    if not result.gated:
        return False
    return result.state == "down" or (
        result.state == "degraded" and "degraded" in FAILING[gate.fail_on]
    )


def cause_and_words(result: Result) -> str:
    """`http.error: 503 Service Unavailable`, or what made it flaky. Not yet neutralised."""
    return ": ".join(filter(None, (result.cause, why(result) or flaky_words(result))))


def worst_first(results: Sequence[Result]) -> Sequence[Result]:
    """What is not up, worst first, what is gated before the rest, else in the order given."""
    if isinstance(results, Spooled):
        return results.not_up.ordered(_rank)
    return sorted(not_up(results), key=lambda result: _rank(result.state, result.gated))


def _rank(state: State, gated: bool) -> tuple[bool, int]:
    return not gated, SEVERITY[state]


def counts_words(snapshot: Snapshot) -> str:
    """`5 down, 1 degraded of 9`, `all 9 up`."""
    summary = snapshot.summary
    parts = [text for state, text in counts(summary) if state != "up"]
    if parts:
        return f"{', '.join(parts)} of {summary.total:,}"
    return f"all {summary.total:,} up" if summary.total else "nothing probed"
