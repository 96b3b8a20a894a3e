"""What changed between two snapshots: for people, as JSON, and for a pull request."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

import msgspec

from probecli.output.cells import Line, crop, fit, span, tidy, to_text, wrap
from probecli.output.interface import Destination
from probecli.output.json import encode
from probecli.output.markdown import code, inert, table
from probecli.output.words import duration, moment, phrase, plural
from probecli.verdict.comparison import KINDS, Change, Comparison, Fact, Figure, Kind, Side

_TITLES: dict[Kind, str] = {
    "newly_down": "newly down",
    "newly_unknown": "newly unknown",
    "newly_degraded": "newly degraded",
    "slower": "slower",
    "cause_changed": "cause changed",
    "recovered": "recovered",
    "certificate_changed": "certificate changed",
    "address_changed": "address changed",
    "added": "added",
    "removed": "removed",
}
_STYLES: dict[Kind, str] = {
    "newly_down": "down",
    "newly_unknown": "unknown",
    "newly_degraded": "degraded",
    "slower": "degraded",
    "recovered": "up",
}
_DETAIL = 400
_NAME_CELLS = 40
_MOST_LINES = 4
# A pull request's comment holds 65,536 characters.
_MARKDOWN_ROWS = 200
_MARKDOWN_BYTES = 60_000


def _why(side: Side) -> str:
    """`down, http.error: 503 Service Unavailable`."""
    reason = side.detail or phrase(side.cause or "")
    return ", ".join(filter(None, (side.state, ": ".join(filter(None, (side.cause, reason))))))


def _figure(figure: Figure) -> str:
    grown = f", {figure.after_ms / figure.before_ms:.1f}x" if figure.before_ms > 0 else ""
    return f"{figure.phase} {duration(figure.before_ms)} -> {duration(figure.after_ms)}{grown}"


def _fact(fact: Fact) -> str:
    before, after = fact.before, fact.after
    if fact.name == "not_after":
        return f"expires {moment(before)} -> {moment(after)}"
    return f"{'' if fact.name == 'ip' else f'{fact.name} '}{before} -> {after}"


def change_words(change: Change) -> str:
    """What changed of one target, in a line. Not yet neutralised."""
    before, after = change.before, change.after
    if change.figures:
        words = "; ".join(map(_figure, change.figures))
    elif change.facts:
        words = "; ".join(map(_fact, change.facts))
    elif before is None or after is None:
        side = after or before
        words = _why(side) if side else ""
    elif change.change == "cause_changed":
        words = f"{before.cause or before.state} -> {_why(after)}"
    elif after.state == "up":
        words = f"{' '.join(filter(None, (before.state, before.cause)))} -> up"
    else:
        words = f"{before.state} -> {_why(after)}"
    return words if change.gated else f"{words} (not gated)"


def verdict_words(comparison: Comparison) -> str:
    """Whether anything got worse, in one sentence."""
    if comparison.worse:
        worse = [change.change for change in comparison.changes if change.worse]
        return f"Worse: {_counted(worse)}"
    if not comparison.changes:
        return f"Nothing changed on {plural(comparison.unchanged, 'target')}"
    return f"Nothing got worse: {_counted(change.change for change in comparison.changes)}"


def _counted(kinds: Iterable[Kind]) -> str:
    numbers = Counter(kinds)
    return ", ".join(f"{numbers[kind]:,} {_TITLES[kind]}" for kind in KINDS if numbers[kind])


def _runs(comparison: Comparison) -> str:
    old, new = comparison.old, comparison.new
    places = f"from {new.vantage}"
    if old.vantage != new.vantage:
        places = f"from {old.vantage} and {new.vantage}"
    words = f"{moment(old.started_at)} -> {moment(new.started_at)} {places}"
    words += f", {comparison.unchanged:,} unchanged"
    incomplete = [side for side, run in (("old", old), ("new", new)) if not run.complete]
    return words + "".join(f"; the {side} run was cut short" for side in incomplete)


def lines(comparison: Comparison, width: int) -> Iterator[Line]:
    """The differences for people, by kind, no line over `width` cells."""
    names = [len(tidy(change.name)) for change in comparison.changes]
    cells = min(max(names, default=0), _NAME_CELLS, max(width * 2 // 5, 8))
    for kind, changes in groupby(comparison.changes, key=lambda change: change.change):
        members = list(changes)
        title = f"{_TITLES[kind].capitalize()} ({len(members):,})"
        yield [span(title, _STYLES.get(kind, "strong"))]
        for change in members:
            texts = wrap(tidy(change_words(change)), max(width - cells - 4, 10), _MOST_LINES)
            name = fit(tidy(change.name), cells)
            for number, text in enumerate(texts):
                lead = name if number == 0 else " " * cells
                yield crop([span("  "), span(lead, "strong"), span("  "), span(text)], width)
        yield []
    for text in wrap(tidy(_runs(comparison)), max(width, 10), 3):
        yield crop([span(text, "faint")], width)
    style = "failed" if comparison.worse else "passed"
    for text in wrap(verdict_words(comparison), max(width, 10), 3):
        yield crop([span(text, style)], width)


def as_table(comparison: Comparison, destination: Destination) -> bytes:
    """The differences for people, as wide as the destination."""
    width = max(destination.size()[0] - 1, 20)
    terminal = destination.terminal
    return terminal.encode(
        "".join(to_text(line, terminal) + "\n" for line in lines(comparison, width))
    )


def as_json(comparison: Comparison, destination: Destination) -> bytes:
    """One document: both runs, `worse`, and every change with what it was before and after."""
    return msgspec.json.format(encode(comparison), indent=2) + b"\n"


def _markdown_row(change: Change) -> tuple[str, ...]:
    title = _TITLES[change.change]
    return (
        f"**{title}**" if change.worse else title,
        code(change.name, _DETAIL),
        code(change.group or "", _DETAIL),
        code(change_words(change), _DETAIL),
    )


def as_markdown(comparison: Comparison, destination: Destination) -> bytes:
    """A heading and a table that fit into a comment of a pull request."""
    sign = "❌" if comparison.worse else "✅"
    page = f"### {sign} probecli: {inert(verdict_words(comparison))}\n\n"
    page += f"{inert(_runs(comparison))}\n"
    title, rule, *rows = table(
        ("Change", "Target", "Group", "What"), map(_markdown_row, comparison.changes)
    )
    page += f"\n{title}\n{rule}\n" if rows else ""
    shown = 0
    for row in rows[:_MARKDOWN_ROWS]:
        if len(page) + len(row) > _MARKDOWN_BYTES:
            break
        page += f"{row}\n"
        shown += 1
    if rest := len(rows) - shown:
        page += f"\n… and {plural(rest, 'more change')}\n"
    return page.encode()


FORMATS: dict[str, Callable[[Comparison, Destination], bytes]] = {
    "table": as_table,
    "json": as_json,
    "markdown": as_markdown,
}
