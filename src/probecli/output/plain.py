"""Results for logs and pipes: one line a target as it finishes, then the verdict.

    DOWN        640 ms  503  colissimo            http.error: 503 Service Unavailable, ...

State, duration and status come first and have a fixed width, then the name; capitals mark what
is not up, so that `grep ^DOWN` finds it.
"""

from collections.abc import Iterable, Iterator

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.interface import Context, Destination, Output
from probecli.output.lines import Lines
from probecli.output.words import (
    attempt_words,
    counts,
    duration,
    flaky_words,
    gate_words,
    incident_words,
    moment,
    run_words,
    told_incidents,
    why,
)
from probecli.text import harmless

DETAIL_LIMIT = 400
NAME_LIMIT = 200
_INDENT = " " * 10
_COLORS: dict[State, str] = {"up": "32", "degraded": "33", "down": "1;31", "unknown": "35"}


def _colored(text: str, state: State, color: bool) -> str:
    return f"\x1b[{_COLORS[state]}m{text}\x1b[0m" if color else text


def _remarks(result: Result) -> str:
    parts = [] if result.gated else ["not gated"]
    if result.state != "up" and len(result.attempts) > 1:
        parts.append(f"{len(result.attempts)} attempts")
    if result.since:
        parts.append(f"since {moment(result.since)}")
    if result.last_ok and result.state != "up":
        parts.append(f"last ok {moment(result.last_ok)}")
    return f" ({', '.join(parts)})" if parts else ""


def result_line(result: Result, *, color: bool = False) -> str:
    """One result as one line without its line feed."""
    word = result.state if result.state == "up" else result.state.upper()
    status = result.http.status if result.http else None
    reason = ": ".join(filter(None, (result.cause, why(result) or flaky_words(result))))
    group = f"[{harmless(result.group, NAME_LIMIT)}] " if result.group else ""
    line = (
        f"{duration(result.duration_ms):>10}  {status or '-':>3}  "
        f"{harmless(result.name, NAME_LIMIT):<24}  {group}{harmless(reason, DETAIL_LIMIT)}"
        f"{_remarks(result)}"
    )
    return _colored(f"{word:<8}", result.state, color) + line.rstrip()


def summary_lines(snapshot: Snapshot, *, color: bool = False) -> Iterator[str]:
    """The last lines: the run's notice, incidents, counts and the gate."""
    if snapshot.run.notice:
        yield f"NOTICE: {harmless(snapshot.run.notice)}"
    for incident in told_incidents(snapshot):
        yield harmless(incident_words(incident), DETAIL_LIMIT)
    states = ", ".join(_colored(text, state, color) for state, text in counts(snapshot.summary))
    yield f"{states or 'nothing probed'}; {harmless(run_words(snapshot.summary, snapshot.run))}"
    yield harmless(gate_words(snapshot.gate))


def create(destination: Destination, context: Context) -> Output:
    """The `plain` output: `-q` leaves out what is up, `-v` adds attempts and phases."""
    options = context.options
    # A file or pipe gets colour only on demand: FORCE_COLOR or the flag, which `terminal` heeds.
    terminal = destination.terminal
    color = terminal.color

    def of_result(result: Result) -> bytes:
        if options.quiet and result.state == "up":
            return b""
        lines = [result_line(result, color=color)]
        if options.verbose:
            lines.extend(_INDENT + harmless(attempt_words(one)) for one in result.attempts)
        return terminal.encode(_joined(lines))

    def of_results(results: Iterable[Result]) -> bytes:
        return b"".join(map(of_result, results))

    def of_snapshot(snapshot: Snapshot) -> bytes:
        return terminal.encode(_joined(summary_lines(snapshot, color=color)))

    return Lines(destination, of_results, of_snapshot)


def _joined(lines: Iterable[str]) -> str:
    return "".join(line + "\n" for line in lines)
