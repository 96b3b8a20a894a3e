"""Results for Nagios, Icinga and their like, by the Monitoring Plugins Development Guidelines.

One line that fits a pager, with the counts as performance data; then a line a target that is not
up; then the performance data of the targets. The first word is what Nagios makes of the exit code.
"""

import re
from collections.abc import Iterable, Iterator

from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.ci import cause_and_words, counts_words, worst_first
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Output
from probecli.output.words import moment
from probecli.text import harmless

STATUS = ("OK", "WARNING", "CRITICAL")
# Plug-ins may print more, and NRPE and older cores keep no more than 4 KB of it.
LIMIT_BYTES = 4_000
_LINE = 300
_NAMED = 5
_LONG_BYTES = 2_200
_QUOTE = re.compile("['=]")
_ALLOWED = {
    "latency.total": re.compile(r"at most ([\d.]+) (ms|s)"),
    "certificate_days": re.compile(r"at least (\d+)"),
}


def _text(text: str, limit: int | None = None) -> str:
    """`text` as one line without the mark that starts performance data."""
    return harmless(text, limit).replace("|", "/")


def _label(name: str, suffix: str = "") -> str:
    """A quoted label; the guidelines allow anything in it but the quote and the equals sign."""
    return f"'{_QUOTE.sub('_', _text(name, 200)) or 'target'}{suffix}'"


def _status_line(snapshot: Snapshot) -> str:
    code = snapshot.gate.exit_code
    word = STATUS[code] if code < len(STATUS) else "UNKNOWN"
    failing = worst_first(snapshot.targets)
    named = ", ".join(
        f"{_text(one.name, 60)} ({one.cause or one.state})" for one in failing[:_NAMED]
    )
    more = f" and {len(failing) - _NAMED:,} more" if len(failing) > _NAMED else ""
    line = f"PROBECLI {word} - {counts_words(snapshot)}"
    return _text(f"{line}: {named}{more}" if failing else line, _LINE)


def _counts(snapshot: Snapshot) -> Iterator[str]:
    summary = snapshot.summary
    for state in ("up", "degraded", "down", "unknown"):
        yield f"'{state}'={getattr(summary, state)};;;0;{summary.total}"


def _long_line(result: Result) -> str:
    since = f" since {moment(result.since)}" if result.since else ""
    aside = "" if result.gated else " (not gated)"
    return _text(f"{result.state.upper()} {result.name}{aside}{since}: {cause_and_words(result)}")


def _thresholds(result: Result, name: str) -> tuple[str, str]:
    """Warning and critical range of a value, from the expectations that judged it."""
    found = {"warn": "", "expect": ""}
    for one in result.expectations:
        if one.name == name and (match := _ALLOWED[name].match(one.expected)):
            number = float(match[1]) / (1000 if match[match.lastindex or 1] == "ms" else 1)
            # A range `10:` alerts below 10, a range `10` above it.
            found[one.level] = f"{number:g}" + (":" if name == "certificate_days" else "")
    return found["warn"], found["expect"]


def _measured(result: Result) -> Iterator[str]:
    if result.timings_ms.total is not None:
        warn, critical = _thresholds(result, "latency.total")
        seconds = f"{result.timings_ms.total / 1000:.3f}s"
        yield f"{_label(result.name)}={seconds};{warn};{critical};0"
    if result.tls and result.tls.certificate_days is not None:
        warn, critical = _thresholds(result, "certificate_days")
        days = result.tls.certificate_days
        yield f"{_label(result.name, ' certificate_days')}={days};{warn};{critical}"


def _fitting(lines: Iterable[str], room_bytes: int) -> tuple[list[str], int]:
    """The first lines that fit, and how many do not."""
    kept: list[str] = []
    rest = 0
    for line in lines:
        room_bytes -= len(line.encode()) + 1
        if room_bytes < 0 or rest:
            rest += 1
        else:
            kept.append(line)
    return kept, rest


def text(snapshot: Snapshot) -> str:
    """What the plug-in says, at most 4,000 bytes, whole lines only."""
    first = f"{_status_line(snapshot)} | {' '.join(_counts(snapshot))}"
    long, rest = _fitting(map(_long_line, worst_first(snapshot.targets)), _LONG_BYTES)
    if rest:
        long.append(f"and {rest:,} more")
    ends = (snapshot.run.notice or "", snapshot.gate.reason)
    long += [_text(words, _LINE) for words in ends if words]
    page = "\n".join([first, *long])
    room = LIMIT_BYTES - len(page.encode()) - 4
    measured, _ = _fitting((item for one in snapshot.targets for item in _measured(one)), room)
    return page + (" | " + "\n".join(measured) if measured else "") + "\n"


def create(destination: Destination, context: Context) -> Output:
    """The `nagios` output."""

    def render(snapshot: Snapshot) -> Iterator[bytes]:
        yield destination.terminal.encode(text(snapshot))

    return Document(destination, render)
