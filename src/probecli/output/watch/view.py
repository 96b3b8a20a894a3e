"""The frame of a watch: how it goes, the table, the last changes, the selected target, the keys."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from rich.cells import cell_len

from probecli.model.result import Result
from probecli.output.cells import Line, crop, fit, span, tidy, wrap
from probecli.output.layout import GLYPHS
from probecli.output.watch.board import Board, Change, Row
from probecli.output.watch.columns import Widths, row_line, since_words, title_line, widths_of
from probecli.output.watch.controls import HELP, Page, View, chosen_rows, selected_index
from probecli.output.words import SEVERITY, duration, gate_words, plural, why

_LOW, _HIGH = 12, 20
_MOST_INCIDENTS = 3
_TALL = 30
_LEAST_CHANGES = 3


class Moment(Struct, frozen=True, kw_only=True):
    """What only the watch knows: the time of day (seconds since the epoch), and what comes when."""

    now: datetime
    vantage: str
    every: str
    left_s: float | None = None
    probing: bool = False
    paused: bool = False
    skipped: int = 0
    unicode: bool = True
    keys: bool = True


def frame(board: Board, view: View, moment: Moment, size: tuple[int, int]) -> list[Line]:
    """The lines of the whole screen, none over its width and no more than its height."""
    columns, lines = max(size[0], 1), max(size[1], 1)
    width = max(columns - 1, 1)
    if view.page is not None:
        return _page(view.page, width, lines)
    rows = chosen_rows(list(board.rows.values()), view)
    top = [
        _title(board, moment, width),
        _states(board, width),
        *_notices(board, moment, width, lines),
    ]
    bottom = [_foot(view, moment, width)]
    if lines >= _LOW:
        top.append([])
        bottom = [*_detail(rows, view, width, 1 + 2 * (lines >= _HIGH) + (lines >= _TALL)), *bottom]
    room = max(lines - len(top) - len(bottom), 0)
    changes = _changes(board, moment, width, _change_lines(board, len(rows), room))
    table = _table(rows, view, moment, width, room - len(changes))
    filler: list[Line] = [[]] * (room - len(table) - len(changes))
    shown = [*top, *table, *changes, *filler, *bottom]
    return [crop(line, width) for line in shown][:lines]


def table_height(board: Board, view: View, size: tuple[int, int]) -> int:
    """About how many rows a page of the table or of a text has."""
    around = 3 if view.page is not None else 8
    return max(size[1] - around, 1)


def page_end(page: Page, size: tuple[int, int]) -> int:
    """How far a page can be scrolled."""
    width, lines = max(size[0] - 1, 1), max(size[1], 1)
    return max(len(page.lines(width)) - (lines - 2), 0)


def help_page() -> Page:
    """The keys, each with what it does."""
    column = max(cell_len(key) for key, _ in HELP)

    def lines(width: int) -> list[Line]:
        indent = column + 5
        shown: list[Line] = []
        for key, does in HELP:
            for number, text in enumerate(wrap(does, max(width - indent, 10), 4)):
                left = fit(key if number == 0 else "", column)
                shown.append([span("   "), span(left, "strong"), span("  "), span(text)])
        return shown

    return Page("Keys", lines)


def _title(board: Board, moment: Moment, width: int) -> Line:
    line = [span(" "), span("probecli watch", "strong")]
    line.append(span(f" · {tidy(moment.vantage, 30)} · every {moment.every} · ", "faint"))
    if moment.probing:
        line.append(span(f"probing {board.done:,} of {len(board.rows):,}"))
    elif moment.paused:
        line.append(span("PAUSED", "notice"))
        line.append(span(", p goes on", "faint"))
    elif moment.left_s is not None:
        line.append(span(f"next in {_countdown(moment.left_s)}"))
    clock = f"{moment.now:%H:%M:%S}Z"
    round_words = f"round {board.rounds:,}  " if board.rounds else ""
    used = sum(cell_len(part.text) for part in line)
    if used + len(round_words) + len(clock) + 2 > width:
        round_words = ""
    gap = max(width - used - len(round_words) - len(clock), 1)
    return [*line, span(" " * gap), span(round_words, "faint"), span(clock)]


def _countdown(seconds: float) -> str:
    whole = int(seconds + 0.999)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _states(board: Board, width: int) -> Line:
    states = board.states()
    line = [span(" ")]
    for state in SEVERITY:
        if states[state]:
            line += [span(" · ", "faint")] if len(line) > 1 else []
            line.append(span(f"{states[state]:,} {state}", state))
    if waiting := len(board.rows) - states.total():
        line += [span(" · ", "faint")] if len(line) > 1 else []
        line.append(span(f"{waiting:,} not probed yet", "faint"))
    if board.gate is not None:
        style = {0: "passed", 3: "inconclusive"}.get(board.gate.exit_code, "failed")
        used = sum(cell_len(part.text) for part in line)
        words = tidy(gate_words(board.gate))
        line += [span("   "), span(fit(words, max(width - used - 3, 0)), style)]
    return line


def _notices(board: Board, moment: Moment, width: int, height: int) -> list[Line]:
    """What must be known before the table is read."""
    lines: list[Line] = []
    if board.notice:
        lines.append([span(" ! ", "notice"), span(fit(tidy(board.notice), width - 3), "notice")])
    if moment.skipped:
        took = f" (the last took {duration(board.round_ms)})" if board.round_ms else ""
        words = f"rounds outlast the interval{took}: {moment.skipped:,} left out so far"
        lines.append([span(" ! ", "notice"), span(fit(words, width - 3), "notice")])
    if board.said:
        lines.append([span(" ! ", "notice"), span(fit(tidy(board.said), width - 3), "notice")])
    for words in board.incidents[:_MOST_INCIDENTS]:
        texts = wrap(tidy(words), max(width - 2, 10), 1 if height < _TALL else 2)
        lines += [[span(" " if number == 0 else "  "), span(t)] for number, t in enumerate(texts)]
    if (rest := len(board.incidents) - _MOST_INCIDENTS) > 0:
        lines.append([span(f" and {plural(rest, 'more incident')}", "faint")])
    return lines


def _change_lines(board: Board, rows: int, room: int) -> int:
    """How many lines the changes get, their heading and the blank above it included."""
    if not board.changes or room < _LEAST_CHANGES + 5:
        return 0
    wanted = len(board.changes) + 2
    spare = room - rows - 1
    return min(wanted, max(spare, room // 3, _LEAST_CHANGES + 2))


def _changes(board: Board, moment: Moment, width: int, lines: int) -> list[Line]:
    if lines < 3:
        return []
    shown = list(board.changes)[-(lines - 2) :]
    hidden = board.changed - len(shown)
    heading = [span(" CHANGES", "faint")]
    if hidden:
        heading.append(span(f"  {hidden:,} before these", "faint"))
    name = min(max(cell_len(tidy(one.result.name)) for one in shown), max(12, width * 3 // 10))
    times = [since_words(one.at, moment.now) for one in shown]
    time = max(map(len, times))
    rows = [
        _change_line(one, at.rjust(time), name, width) for one, at in zip(shown, times, strict=True)
    ]
    return [[], heading, *rows]


def _change_line(change: Change, at: str, name: int, width: int) -> Line:
    result = change.result
    before = change.before
    line = [span(f" {at}  ", "faint"), span(fit(tidy(result.name), name)), span("  ")]
    line.append(span(before or "new", before or "faint"))
    line += [span(" → ", "faint"), span(result.state, result.state), span("  ")]
    used = sum(cell_len(part.text) for part in line)
    return [*line, span(fit(tidy(_reason(result)), max(width - used, 0)), "faint")]


def _reason(result: Result) -> str:
    return ": ".join(filter(None, (result.cause, why(result))))


def _table(rows: Sequence[Row], view: View, moment: Moment, width: int, room: int) -> list[Line]:
    if room <= 0:
        return []
    if not rows:
        return [[span(f"   no target fits “{tidy(view.filter)}”; Esc shows all", "faint")]][:room]
    widths: Widths = widths_of(rows, width, moment.now)
    at = selected_index(rows, view)
    visible = max(room - 1, 1)
    if len(rows) > visible > 1:
        visible -= 1
    first = min(max(at - visible + 1, 0), max(len(rows) - visible, 0))
    shown = rows[first : first + visible]
    lines = [title_line(widths)] if room > 1 else []
    lines += [
        row_line(row, widths, moment.now, selected=first + number == at, unicode=moment.unicode)
        for number, row in enumerate(shown)
    ]
    above, below = first, len(rows) - first - len(shown)
    if (above or below) and len(lines) < room:
        words = [f"{above:,} above" if above else "", f"{below:,} below" if below else ""]
        lines.append([span(f"   … {', '.join(filter(None, words))}", "faint")])
    return lines[:room]


def _detail(rows: Sequence[Row], view: View, width: int, most_lines: int) -> list[Line]:
    """The selected target in whole: what the table had no room for."""
    if not rows:
        return [[]] * most_lines
    row = rows[selected_index(rows, view)]
    result = row.result
    head = [span(" "), span(tidy(row.name), "strong")]
    if result is not None:
        head += [span("  "), span(f"{GLYPHS[result.state]} {result.state}", result.state)]
    reason = tidy(_reason(result)) if result is not None else ""
    left = max(width - sum(cell_len(part.text) for part in head) - 2, 0)
    if most_lines == 1:
        return [[*head, span("  "), span(fit(reason or row.url, left).rstrip())]]
    url = tidy(row.url) if row.url != row.name else ""
    lines: list[Line] = [[], [*head, span("  "), span(fit(url, left).rstrip(), "faint")]]
    if reason:
        lines += [[span(" "), span(text)] for text in wrap(reason, width - 1, most_lines - 2)]
    return [*lines, *[[]] * (most_lines - len(lines))]


_KEYS = (
    ("q", "quit"),
    ("p", "pause"),
    ("r", "probe now"),
    ("s", "sort"),
    ("/", "filter"),
    ("e", "explain"),
    ("?", "help"),
)


def _foot(view: View, moment: Moment, width: int) -> Line:
    if view.typing:
        hint = span("   Enter keeps it, Esc takes it back", "faint")
        return [span(" Filter: ", "strong"), span(tidy(view.filter)), span("_"), hint]
    if not moment.keys:
        return [span(" Ctrl-C ends the watch", "faint")]
    line = [span(" ")]
    for key, word in _KEYS:
        does = "go on" if key == "p" and moment.paused else word
        does += f": {view.sort}" if key == "s" else ""
        does += f": {tidy(view.filter)}" if key == "/" and view.filter else ""
        part = [span(key, "strong"), span(f" {does}", "faint"), span("  ")]
        used = sum(cell_len(one.text) for one in (*line, *part[:2]))
        if used <= width:
            line += part
    return line


def _page(page: Page, width: int, lines: int) -> list[Line]:
    body = list(page.lines(width))
    room = max(lines - 2, 1)
    at = min(page.at, max(len(body) - room, 0))
    shown = body[at : at + room]
    foot = "any key returns"
    if len(body) > room:
        foot = f"lines {at + 1}-{at + len(shown)} of {len(body)}; ↓ ↑ PgDn PgUp scroll, {foot}"
    blank: list[Line] = [[]] * (room - len(shown))
    title = [span(" "), span(tidy(page.title), "strong")]
    return [crop(line, width) for line in [title, *shown, *blank, [span(f" {foot}", "faint")]]][
        :lines
    ]
