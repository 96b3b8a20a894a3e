"""The table as lines: columns that adapt to the width and to what there is to show."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from rich.cells import cell_len

from probecli.model.cause import State
from probecli.model.result import Result
from probecli.model.snapshot import Snapshot
from probecli.output.cells import Line, crop, fit, span, tidy, wrap
from probecli.output.rows import SHORT, Heading, Item, More
from probecli.output.spool import causes
from probecli.output.words import (
    attempt_words,
    counts,
    duration,
    flaky_words,
    gate_words,
    incident_words,
    moment,
    plural,
    run_words,
    slowest_phase,
    told_incidents,
    why,
)

GLYPHS: dict[State, str] = {"up": "✓", "degraded": "◐", "down": "✗", "unknown": "?"}
_STATE_WIDTH = 10
_MARGIN = 1
_GAP = 2
_LEAST_WHY = 34
_WHY_SHARE = 3 / 8
_LEAST_WITH_TIME = 22
_INCIDENT_LINES = 5
_MOST_INCIDENTS = 5


class Column(Struct, frozen=True):
    """A column that shows where there is room for it and something to show."""

    title: str
    cell: Callable[[Result], str]
    right: bool = False
    most: int = 40


def _status(result: Result) -> str:
    return str(result.http.status) if result.http and result.http.status else ""


def _since(result: Result) -> str:
    return moment(result.since) if result.since else ""


def _tries(result: Result) -> str:
    return f"{len(result.attempts)}x" if len(result.attempts) > 1 else ""


def _address(result: Result) -> str:
    return result.server.ip or "" if result.server else ""


def _slowest(result: Result) -> str:
    return slowest_phase(result.timings_ms)


TIME = Column("TIME", lambda result: duration(result.duration_ms), right=True)

# In the order in which room is given to them, and in which they stand before the time.
OPTIONAL = (
    Column("HTTP", _status, right=True),
    Column("SINCE", _since),
    Column("TRIES", _tries, right=True),
    Column("SLOWEST", _slowest),
    Column("ADDRESS", _address),
)


class Plan(Struct, frozen=True):
    """The widths of a table in cells; a `why` of 0 leaves the column out."""

    name: int
    why: int
    columns: tuple[tuple[Column, int], ...]


def _reason(result: Result) -> tuple[str, str]:
    """Cause and words of the why column."""
    words = tidy(why(result) or flaky_words(result))
    if not result.gated:
        words = f"{words} (not gated)".strip()
    cause = tidy(result.cause or "")
    return cause + ":" if cause and words else cause, words


def _width_of(column: Column, results: Sequence[Result]) -> int:
    widest = max((cell_len(column.cell(result)) for result in results), default=0)
    return min(max(widest, len(column.title)), column.most) if widest else 0


def plan(results: Sequence[Result], width: int) -> Plan:
    """Divide `width` cells among the columns that `results` need."""
    names = max((cell_len(tidy(result.name)) for result in results), default=0)
    name = max(4, min(names, max(12, width * 3 // 10)))
    reasons = [_reason(result) for result in results]
    need = max((cell_len(cause) + 1 + cell_len(words) for cause, words in reasons), default=0)
    room = width - _MARGIN - _STATE_WIDTH - _GAP - name - _GAP
    columns: list[tuple[Column, int]] = []
    time = _width_of(TIME, results)
    if time and room - time - _GAP >= _LEAST_WITH_TIME:
        room -= time + _GAP
        columns.append((TIME, time))
        for column in OPTIONAL:
            cells = _width_of(column, results)
            if cells and room - cells - _GAP >= min(need, max(_LEAST_WHY, int(width * _WHY_SHARE))):
                room -= cells + _GAP
                columns.insert(-1, (column, cells))
    return Plan(name, min(room, max(need, 3)) if room >= 8 else 0, tuple(columns))


def titles(widths: Plan) -> Line:
    """The line above the rows."""
    parts = [" " * _MARGIN, fit("STATE", _STATE_WIDTH), "  ", fit("NAME", widths.name)]
    if widths.why:
        parts += ["  ", fit("WHY", widths.why)]
    for column, cells in widths.columns:
        parts += ["  ", fit(column.title, cells, right=column.right)]
    return [span("".join(parts), "faint")]


def _state(state: State) -> str:
    return fit(f"{GLYPHS[state]} {state}", _STATE_WIDTH)


def row(result: Result, widths: Plan, *, most_lines: int = 1) -> Iterator[Line]:
    """One result: a line, or up to `most_lines` where the name or the reason needs them."""
    cause, words = _reason(result)
    reason = f"{cause} {words}".strip()
    name = tidy(result.name)
    if most_lines > 1:
        names = wrap(name, widths.name, most_lines)
        reasons = wrap(reason, widths.why, most_lines) if widths.why else [""]
    else:
        names, reasons = [fit(name, widths.name)], [fit(reason, widths.why)]
    failing = result.state != "up"
    for number in range(max(len(names), len(reasons))):
        first = number == 0
        line: Line = [
            span(" " * _MARGIN),
            span(_state(result.state) if first else " " * _STATE_WIDTH, result.state),
            span("  "),
            span(_part(names, number, widths.name), "strong" if failing else ""),
        ]
        if widths.why:
            part = _part(reasons, number, widths.why)
            split = len(cause) if first and part.startswith(cause) else 0
            line += [
                span("  "),
                span(part[:split], result.state),
                span(part[split:], "" if failing else "faint"),
            ]
        if first:
            for column, cells in widths.columns:
                cell = fit(tidy(column.cell(result)), cells, right=column.right)
                line += [span("  "), span(cell, "faint")]
        yield line


def _part(lines: Sequence[str], number: int, width: int) -> str:
    return fit(lines[number], width) if number < len(lines) else " " * width


def heading(item: Heading) -> Line:
    """A group's name and counts."""
    name = tidy(item.group) if item.group is not None else "no group"
    line = [span(" " * _MARGIN), span(name, "strong"), span("  ")]
    return line + _joined((state, f"{number:,} {state}") for state, number in item.counts)


def more(item: More) -> Line:
    """Targets that are summed up."""
    line = [span(" " * _MARGIN), span(_state(item.state), item.state), span("  ")]
    if item.state == "up":
        words = f"{item.number:,} up" + (f" in {item.groups:,} groups" if item.groups else "")
        return [*line, span(words)]
    line.append(span(f"{item.number:,} more", "strong"))
    if item.cause:
        line += [span(" with "), span(tidy(item.cause), item.state)]
    if item.groups:
        line.append(span(f" in {plural(item.groups, 'more group')}"))
    if item.names:
        line.append(span(": " + ", ".join(map(tidy, item.names)), "faint"))
    return line


def _joined(parts: Iterable[tuple[State, str]]) -> Line:
    line: Line = []
    for state, text in parts:
        line += [span(" · ", "faint")] if line else []
        line.append(span(text, state))
    return line


def body(
    items: Sequence[Item], width: int, *, most_lines: int = 1, verbose: bool = False
) -> list[Line]:
    """Title, headings and rows of the table, no line over `width` cells."""
    results = [item for item in items if isinstance(item, Result)]
    widths = plan(results, width)
    lines: list[Line] = [titles(widths)] if results else []
    for item in items:
        if isinstance(item, Heading):
            lines.append(_cut(heading(item), width))
        elif isinstance(item, More):
            lines.append(_cut(more(item), width))
        else:
            lines.extend(row(item, widths, most_lines=most_lines))
            if verbose:
                lines.extend(_attempts(item, width))
    return [crop(line, width) for line in lines]


def _cut(line: Line, width: int) -> Line:
    """`line` with its last span cut with an ellipsis where it is over `width`."""
    before = sum(cell_len(part.text) for part in line[:-1])
    last = line[-1]
    if before + cell_len(last.text) <= width or before >= width:
        return line
    return [*line[:-1], type(last)(fit(last.text, width - before), last.style)]


def _attempts(result: Result, width: int) -> Iterator[Line]:
    indent = " " * (_MARGIN + _STATE_WIDTH + _GAP)
    for attempt in result.attempts:
        for text in wrap(tidy(attempt_words(attempt)), max(width - len(indent), 10), 3):
            yield [span(indent + text, "faint")]


def notice(snapshot: Snapshot, width: int) -> list[Line]:
    """What must be known before anything else is read: whether the run itself can be trusted."""
    if not snapshot.run.notice:
        return []
    texts = wrap(tidy(snapshot.run.notice), max(width - 3, 10), 5)
    return [
        [span(" ! " if number == 0 else "   ", "notice"), span(text, "notice")]
        for number, text in enumerate(texts)
    ]


def _causes(snapshot: Snapshot, width: int) -> list[Line]:
    """How often which cause occurs, when the rows above are too many to tell."""
    counted = causes(snapshot.targets)
    if counted.total() <= SHORT:
        return []
    # Not in the order in which they came, which no two runs have alike.
    frequent = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    words = ", ".join(f"{number:,} {tidy(cause)}" for cause, number in frequent)
    texts = wrap(f"Causes: {words}", max(width - _MARGIN, 10), 3)
    return [[span(" " * _MARGIN), span(text)] for text in texts]


def footer(snapshot: Snapshot, width: int) -> list[Line]:
    """Incidents, the counts and the gate's sentence."""
    lines = _causes(snapshot, width)
    for incident in told_incidents(snapshot)[:_MOST_INCIDENTS]:
        texts = wrap(tidy(incident_words(incident)), max(width - _MARGIN, 10), _INCIDENT_LINES)
        lines += [[span(" " * _MARGIN), span(text)] for text in texts]
    if rest := len(told_incidents(snapshot)) - _MOST_INCIDENTS:
        lines += [[span(f" and {plural(rest, 'more incident')}")]] if rest > 0 else []
    states = _joined(counts(snapshot.summary)) or [span("nothing probed")]
    run = tidy(run_words(snapshot.summary, snapshot.run))
    lines.append([span(" " * _MARGIN), *states, span("  " + run, "faint")])
    if sum(cell_len(part.text) for part in lines[-1]) > width:
        lines[-1] = [span(" " * _MARGIN), *states]
        texts = wrap(run, max(width - _MARGIN, 10), 3)
        lines += [[span(" " * _MARGIN), span(text, "faint")] for text in texts]
    style = {0: "passed", 3: "inconclusive"}.get(snapshot.gate.exit_code, "failed")
    for text in wrap(tidy(gate_words(snapshot.gate)), max(width - _MARGIN, 10), 3):
        lines.append([span(" " * _MARGIN), span(text, style)])
    return [crop(line, width) for line in lines]
