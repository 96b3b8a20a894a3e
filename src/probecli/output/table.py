"""Results for people: a table that lives while the run does, and says what fails first, and why."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from probecli.model.cause import STATES, State
from probecli.model.result import Result
from probecli.model.snapshot import Run, Snapshot
from probecli.output.cells import Line, crop, span, to_text
from probecli.output.document import Document
from probecli.output.interface import Context, Destination, Options, Output
from probecli.output.layout import body, footer, notice
from probecli.output.progress import Tally
from probecli.output.rows import UNLIMITED, Item, Limits, More, items
from probecli.output.screen import Screen
from probecli.output.words import SEVERITY
from probecli.output.worker import Worker

_FIRST_FRAME_S = 0.1
_BETWEEN_FRAMES_S = 0.25
_KEPT = 200
_WRAPPED = 40
_MOST_LINES = 4
_FRAME_AROUND = 3


def final_lines(snapshot: Snapshot, width: int, options: Options) -> list[Line]:
    """The table of a finished run, no line over `width` cells."""
    limits = UNLIMITED if options.verbose else Limits(hide_up=options.quiet)
    shown = list(items(snapshot.targets, limits))
    most_lines = _MOST_LINES if options.verbose or len(shown) <= _WRAPPED else 1
    table = body(shown, width, most_lines=most_lines, verbose=options.verbose)
    parts = (notice(snapshot, width), table, footer(snapshot, width))
    lines: list[Line] = []
    for part in filter(None, parts):
        lines += [[], *part] if lines else part
    return lines


def live_lines(
    results: Sequence[Result], tally: Tally, size: tuple[int, int], *, quiet: bool = False
) -> list[Line]:
    """A frame of a running run that fits `size`, narrower and lower than the terminal.

    `results` are the finished ones worth showing, the tally knows them all.
    """
    columns, lines = size
    width, room = max(columns - 1, 1), max(lines - _FRAME_AROUND, 0)
    limits = Limits(one_by_one=room, failing=room, up=room, hide_up=quiet)
    chosen = items(results, limits, tally.groups)
    shown: list[Item] = list(islice(chosen, max(room - 1, 0)))
    table = body(shown, width)
    hidden = tally.done - tally.states["up"] - sum(map(_not_up, shown))
    if hidden > 0 and table:
        table.append([span(f" … {hidden:,} more not up", "faint")])
    if table:
        table.append([])
    table.append(_progress_line(tally, width))
    return [crop(line, width) for line in table][-max(lines - 1, 1) :]


def _not_up(item: Item) -> int:
    """How many targets that are not up `item` stands for."""
    if isinstance(item, More):
        return 0 if item.state == "up" else item.number
    return int(isinstance(item, Result) and item.state != "up")


def _progress_line(tally: Tally, width: int) -> Line:
    share = tally.done / tally.total if tally.total else 1.0
    cells = min(24, width - 60)
    line: Line = [span(" ")]
    if cells >= 8:
        full = int(share * cells)
        line += [span("━" * full, "up"), span("─" * (cells - full), "faint"), span(" ")]
    line.append(span(f"{tally.done:,} of {tally.total:,}", "strong"))
    for state in SEVERITY:
        if tally.states[state]:
            line += [span(" · ", "faint"), span(f"{tally.states[state]:,} {state}", state)]
    return [*line, span(f" · {tally.elapsed()}", "faint")]


def final_text(snapshot: Snapshot, destination: Destination, options: Options) -> str:
    """The table of a finished run, as wide as `destination` is now."""
    columns, _ = destination.size()
    lines = final_lines(snapshot, max(columns - 1, 20), options)
    return "".join(to_text(line, destination.terminal) + "\n" for line in lines)


class LiveTable:
    """The table on a terminal: drawn by a thread, at most four times a second.

    What it keeps of a run is bounded: the first failures of each state, and counts.
    """

    def __init__(self, destination: Destination, context: Context) -> None:
        self._destination = destination
        self._options = context.options
        self._tally = Tally(context.clock)
        self._kept: dict[State, list[Result]] = {state: [] for state in STATES}
        self._screen = Screen(destination)
        self._worker = Worker(
            self._draw, delay_s=_FIRST_FRAME_S, pause_s=_BETWEEN_FRAMES_S, idle_s=0.25
        )

    def begin(self, run: Run, total: int) -> None:
        """Start drawing."""
        self._tally.begin(total)
        self._worker.start()

    def add(self, result: Result) -> None:
        """Have one result drawn with the next frame."""
        self._worker.put(result)

    def end(self, snapshot: Snapshot) -> None:
        """Put the finished table in place of the last frame."""
        self._worker.finish()
        self._screen.finish(final_text(snapshot, self._destination, self._options))
        self._destination.commit()

    def close(self) -> None:
        """Stop drawing and give the terminal back."""
        self._worker.stop()
        self._screen.restore()

    def _draw(self, results: list[Result]) -> None:
        self._tally.count(results)
        for result in results:
            kept = self._kept[result.state]
            if len(kept) < _KEPT:
                kept.append(result)
        # The last batch comes with the end: its frame would only flash before the final table.
        if not self._worker.stopping:
            kept_all = list(chain.from_iterable(self._kept.values()))
            quiet = self._options.quiet or self._tally.states["up"] > len(self._kept["up"])
            size = self._destination.size()
            self._screen.draw(live_lines(kept_all, self._tally, size, quiet=quiet))


def create(destination: Destination, context: Context) -> Output:
    """The `table` output: live where the terminal allows it, else written at the end."""
    if destination.terminal.live:
        return LiveTable(destination, context)

    def render(snapshot: Snapshot) -> Iterator[bytes]:
        yield destination.terminal.encode(final_text(snapshot, destination, context.options))

    return Document(destination, render)
