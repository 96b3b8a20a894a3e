"""The rows of a watch: columns that adapt to the width and to what there is to show."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len

from probecli.output.cells import Line, fit, span, tidy
from probecli.output.layout import GLYPHS
from probecli.output.watch.board import Row
from probecli.output.watch.spark import sparkline
from probecli.output.words import duration, flaky_words, why

_STATE = 10
_GAP = 2
_LEAST_WHY = 16
_WHY_WITH_CAUSE = 44
_WIDE = 100


class Widths(Struct, frozen=True, kw_only=True):
    """Cells of each column; 0 leaves it out."""

    name: int
    group: int = 0
    why: int = 0
    last: int = 0
    spark: int = 0
    since: int = 0
    seconds: bool = True


def since_words(rfc3339: str, now: datetime, *, seconds: bool = True) -> str:
    """A time as short as it may be on the day `now`: `06:00:30Z`, `18 Dec 07:10Z`, `2024-12-18`."""
    if rfc3339[:10] == f"{now:%Y-%m-%d}":
        return rfc3339[11 : 19 if seconds else 16] + "Z"
    if rfc3339[:4] == f"{now:%Y}":
        return f"{datetime.fromisoformat(rfc3339):%d %b %H:%M}Z"
    return rfc3339[:10]


def _since(row: Row, now: datetime, *, seconds: bool) -> str:
    """Since when the state is as it is; what was so from the start began then or before."""
    if row.since is None:
        return ""
    return ("≤" if row.from_start else "") + since_words(row.since, now, seconds=seconds)


def _last(row: Row) -> str:
    if row.latency_ms is not None:
        return duration(row.latency_ms)
    return "-" if row.result else ""


def _reason(row: Row) -> tuple[str, str]:
    result = row.result
    if result is None:
        return "", "not probed yet"
    words = tidy(why(result) or flaky_words(result))
    return tidy(result.cause or ""), words if result.gated else f"{words} (not gated)".strip()


def widths_of(rows: Sequence[Row], width: int, now: datetime) -> Widths:
    """Divide `width` cells among the columns: latency first, then since, bars, group."""
    seconds = width >= _WIDE
    names = max((cell_len(tidy(row.name)) for row in rows), default=0)
    name = max(4, min(names, max(12, width // 4)))
    left = width - 1 - _STATE - _GAP - name
    wanted = {
        "last": max((len(_last(row)) for row in rows), default=0),
        "since": max((cell_len(_since(row, now, seconds=seconds)) for row in rows), default=0),
        "spark": 8 if width < _WIDE else 20 if width < 180 else 30,
        "group": min(max((cell_len(tidy(row.group or "")) for row in rows), default=0), 18)
        if width >= _WIDE
        else 0,
    }
    given: dict[str, int] = {}
    for column, cells in wanted.items():
        least = _WHY_WITH_CAUSE if column == "group" else _LEAST_WHY
        if cells and left - cells - _GAP >= least + _GAP:
            given[column] = max(cells, len(column) if column != "spark" else 0)
            left -= given[column] + _GAP
    reason = left - _GAP if left - _GAP >= 6 else 0
    return Widths(name=name, why=reason, seconds=seconds, **given)


def title_line(widths: Widths) -> Line:
    """The line above the rows."""
    parts = [" ", fit("STATE", _STATE), "  ", fit("NAME", widths.name)]
    for title, cells, right in (
        ("GROUP", widths.group, False),
        ("WHY", widths.why, False),
        ("LAST", widths.last, True),
        ("LATENCY", widths.spark, False),
        ("SINCE", widths.since, True),
    ):
        if cells:
            parts += ["  ", fit(title, cells, right=right)]
    return [span("".join(parts), "faint")]


def row_line(
    row: Row, widths: Widths, now: datetime, *, selected: bool = False, unicode: bool = True
) -> Line:
    """One target in one line; the selected one has a mark, which needs no colour."""
    state = row.state
    style = state or "faint"
    failing = state not in ("up", None)
    words = f"{GLYPHS[state]} {state}" if state else "· …"
    line = [
        span(">" if selected else " ", "strong"),
        span(fit(words, _STATE), style),
        span("  "),
        span(fit(tidy(row.name), widths.name), "strong" if failing or selected else ""),
    ]
    if widths.group:
        line += [span("  "), span(fit(tidy(row.group or ""), widths.group), "faint")]
    if widths.why:
        line += _why(row, widths.why)
    if widths.last:
        style_of_last = "" if row.latency_ms is not None else "faint"
        line += [span("  "), span(fit(_last(row), widths.last, right=True), style_of_last)]
    if widths.spark:
        bars = sparkline(row.latencies, widths.spark, unicode=unicode)
        line += [span("  "), span(bars, "up" if state == "up" else style)]
    if widths.since:
        since = _since(row, now, seconds=widths.seconds)
        since = since if unicode else since.replace("≤", "<")
        line += [span("  "), span(fit(since, widths.since, right=True), "faint")]
    return line


def _why(row: Row, cells: int) -> Line:
    cause, words = _reason(row)
    if cells < _WHY_WITH_CAUSE and words:
        cause = ""
    failing = row.state not in ("up", None)
    head = f"{cause}: " if cause and words else cause
    text = fit(head + words, cells)
    return [
        span("  "),
        span(text[: len(head)], row.state or ""),
        span(text[len(head) :], "" if failing else "faint"),
    ]
