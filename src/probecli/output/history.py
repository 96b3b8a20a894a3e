"""What a history says of its targets: for people, as JSON, and for a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

import msgspec
from msgspec import Struct

from probecli.history.review import WINDOWS, PastOutage, Review, Share
from probecli.output.cells import Line, crop, fit, span, tidy, to_text, wrap
from probecli.output.csv import text_cell
from probecli.output.interface import Destination
from probecli.output.json import encode
from probecli.output.words import SEVERITY, day_words, duration, phrase, plural, span_words

_WIDE = 104
_TITLES = {"24h": "24 h", "7d": "7 d", "30d": "30 d"}
_BARS = "▁▂▃▄▅▆▇█"
_MOST_INCIDENTS = 20
_STATE, _SINCE, _SHARE, _LENGTH, _MS = 8, 13, 7, 10, 7
_COLUMNS = (
    "vantage", "name", "group", "url", "state", "flapping", "observed", "cause", "detail",
    "since", "last_ok", "last_seen", *(f"uptime_{label}_percent" for label, _ in WINDOWS),
    *(f"gap_{label}_s" for label, _ in WINDOWS), "incidents", "mttr_s", "p50_ms", "p95_ms",
)  # fmt: skip


class Page(Struct, frozen=True, kw_only=True):
    """The answer of `probecli history`: the window of incidents and latencies, and the targets."""

    schema_version: int = 1
    since: str
    until: str
    targets: tuple[Review, ...]


def _state(one: Review) -> tuple[str, str]:
    """The word for a state and its style."""
    if not one.observed:
        return "no data", "faint"
    if one.flapping:
        return "FLAPPING", "degraded"
    return (one.state if one.state == "up" else one.state.upper()), one.state


def _percent(share: Share) -> str:
    if share.percent is None:
        return "-"
    if share.percent == 100.0:
        return "100%"
    # Rounded down: 99.999 is not all of the time.
    return f"{int(share.percent * 100) / 100:.2f}%"


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Values as `width` bars from 0 to the largest; a blank where there is none."""
    if not values or width < 1:
        return ""
    width = min(width, len(values))
    edges = [len(values) * at // width for at in range(width + 1)]
    parts = [values[begin:end] for begin, end in pairwise(edges)]
    heights = [max((one for one in part if one is not None), default=None) for part in parts]
    most = max((one for one in heights if one is not None), default=0.0) or 1.0
    return "".join(
        " " if one is None else _BARS[min(7, int(one / most * 7.999))] for one in heights
    )


def _gap(one: Review) -> str:
    seconds = one.uptime[WINDOWS[-1][0]].gap_s
    return span_words(seconds) if seconds >= 1 else "-"


def _since(one: Review) -> str:
    return day_words(one.since if one.observed else one.last_seen)


def _wide(one: Review, cells: int) -> Line:
    word, style = _state(one)
    latency = one.latency_ms
    line = [span(" "), span(fit(word, _STATE), style), span("  ")]
    line += [span(fit(tidy(one.name), cells), "strong"), span("  "), span(fit(_since(one), _SINCE))]
    for label, _ in WINDOWS:
        share = one.uptime[label]
        below = share.percent is not None and share.percent < 100
        line.append(span("  " + fit(_percent(share), _SHARE, right=True), "" if below else "faint"))
    for text, width in (
        (_gap(one), _LENGTH),
        ("-" if one.mttr_s is None else span_words(one.mttr_s), _LENGTH),
        (duration(latency.p50), _MS),
        (duration(latency.p95), _MS),
    ):
        line.append(span("  " + fit(text, width, right=True), "faint" if text == "-" else ""))
    return [*line, span("  " + sparkline(latency.series, 12))]


def _head(cells: int) -> Line:
    columns = [fit("State", _STATE), fit("Target", cells), fit("Since", _SINCE)]
    columns += [fit(_TITLES[label], _SHARE, right=True) for label, _ in WINDOWS]
    columns += [fit("gaps", _LENGTH, right=True), fit("MTTR", _LENGTH, right=True)]
    columns += [fit("p50", _MS, right=True), fit("p95", _MS, right=True), "latency"]
    return [span(" " + "  ".join(columns), "faint")]


def _narrow(one: Review, width: int) -> Iterator[Line]:
    word, style = _state(one)
    since = f"since {day_words(one.since)}" if one.observed else f"since {day_words(one.last_seen)}"
    if one.observed and one.last_ok and one.state != "up":
        since += f", last ok {day_words(one.last_ok)}"
    cells = max(width - _STATE - len(since) - 5, 8)
    name = fit(tidy(one.name), cells)
    yield [span(" "), span(fit(word, _STATE), style), span("  "), span(name, "strong"),
           span("  " + since)]  # fmt: skip
    shares = "  ".join(f"{_TITLES[label]} {_percent(one.uptime[label])}" for label, _ in WINDOWS)
    latency = one.latency_ms
    facts = [shares]
    if latency.p50 is not None:
        facts.append(f"p50 {duration(latency.p50)}, p95 {duration(latency.p95)}")
    indent = " " * (_STATE + 3)
    text = "   ".join(facts)
    spark = sparkline(latency.series, min(24, max(0, width - len(indent) - len(text) - 2)))
    yield [span(indent + text), span("  " + spark)]
    rest = [f"gaps {_gap(one)}"] if _gap(one) != "-" else []
    rest += [f"mean time to recovery {span_words(one.mttr_s)}"] if one.mttr_s is not None else []
    if rest:
        yield [span(indent + ", ".join(rest), "faint")]


def _when(one: PastOutage) -> str:
    if one.until is None:
        return f"{day_words(one.since)}, {span_words(one.duration_s)} by now"
    return f"{day_words(one.since)}, {span_words(one.duration_s)}"


def _incident_rows(page: Page, width: int) -> Iterator[Line]:
    told = [(one, target) for target in page.targets for one in target.incidents]
    told.sort(key=lambda pair: pair[0].since, reverse=True)
    if not told:
        yield [span(f" No incident since {day_words(page.since)}", "faint")]
        return
    yield [span(f" Incidents since {day_words(page.since)} ({len(told):,})", "strong")]
    shown = told[:_MOST_INCIDENTS]
    first = max(len(_when(one)) for one, _ in shown)
    second = min(max(len(tidy(target.name)) for _, target in shown), max(width // 4, 12))
    for one, target in shown:
        why = one.detail or phrase(one.cause or "")
        words = ": ".join(filter(None, (one.cause, why)))
        if one.flapping:
            words = f"flapping, {plural(one.changes, 'change')}; {words}"
        style = "down" if one.until is None else ""
        texts = wrap(tidy(words), max(width - first - second - 6, 10), 2)
        for number, text in enumerate(texts):
            yield [
                span(" " + fit(_when(one) if number == 0 else "", first), style),
                span("  " + fit(tidy(target.name) if number == 0 else "", second), "strong"),
                span("  " + text),
            ]
    if rest := len(told) - len(shown):
        yield [span(f" and {plural(rest, 'more incident')}: -o json names all", "faint")]


def lines(page: Page, width: int) -> Iterator[Line]:
    """The answer for people, what is worst first, no line over `width` cells."""
    targets = sorted(page.targets, key=lambda one: (one.vantage, SEVERITY[one.state], one.name))
    several = len({one.vantage for one in targets}) > 1
    wide = width >= _WIDE
    taken = _STATE + _SINCE + 3 * _SHARE + 2 * _LENGTH + 2 * _MS + 12 + 21
    cells = min(max((len(tidy(one.name)) for one in targets), default=0), max(width - taken, 10))
    for vantage, members in groupby(targets, key=lambda one: one.vantage):
        if several:
            yield crop([span(f" from {tidy(vantage)}", "strong")], width)
        if wide:
            yield crop(_head(cells), width)
        for one in members:
            for line in [_wide(one, cells)] if wide else _narrow(one, width):
                yield crop(line, width)
        yield []
    for line in _incident_rows(page, width):
        yield crop(line, width)


def as_table(page: Page, destination: Destination) -> bytes:
    """The answer for people, as wide as the destination."""
    width = max(destination.size()[0] - 1, 20)
    terminal = destination.terminal
    return terminal.encode("".join(to_text(line, terminal) + "\n" for line in lines(page, width)))


def as_json(page: Page, destination: Destination) -> bytes:
    """One document with every target, incident and figure."""
    return msgspec.json.format(encode(page), indent=2) + b"\n"


def _cells(one: Review) -> Iterable[str | float | int | None]:
    shares = [one.uptime[label] for label, _ in WINDOWS]
    texts = (one.vantage, one.name, one.group, one.url)
    yield from map(text_cell, texts)
    yield from (one.state, str(one.flapping).lower(), str(one.observed).lower(), one.cause)
    yield from (text_cell(one.detail), one.since, one.last_ok, one.last_seen)
    yield from (share.percent for share in shares)
    yield from (share.gap_s for share in shares)
    yield from (len(one.incidents), one.mttr_s)
    for latency in (one.latency_ms.p50, one.latency_ms.p95):
        yield None if latency is None else round(latency, 3)


def as_csv(page: Page, destination: Destination) -> bytes:
    """A header and a row a target, as RFC 4180 has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(_cells, page.targets))
    return text.getvalue().encode()


FORMATS: dict[str, Callable[[Page, Destination], bytes]] = {
    "table": as_table,
    "json": as_json,
    "csv": as_csv,
}
