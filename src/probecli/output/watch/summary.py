"""What a watch leaves on the terminal when it ends."""

from rich.cells import cell_len

from probecli.model.snapshot import Summary
from probecli.output.cells import crop, fit, span, tidy, to_text
from probecli.output.layout import GLYPHS
from probecli.output.terminal import Terminal
from probecli.output.watch.board import Board
from probecli.output.watch.controls import View, chosen_rows
from probecli.output.words import counts, gate_words, moment, plural, span_words, why

_MOST_FAILING = 10


def summary_lines(board: Board, seconds: float, columns: int, terminal: Terminal) -> list[str]:
    """How long, how much, what is not up now and why, and the gate; no line over the width."""
    width = max(columns - 1, 20)
    watched = (
        f"Watched {plural(len(board.rows), 'target')} for {span_words(seconds)}: "
        f"{plural(board.rounds, 'round')}, {plural(board.probes, 'probe')}, "
        f"{plural(board.changed, 'change')}"
    )
    lines = [[span(watched)]]
    rows = chosen_rows(list(board.rows.values()), View())
    failing = [row for row in rows if row.state not in ("up", None)]
    name = max((cell_len(tidy(row.name)) for row in failing[:_MOST_FAILING]), default=0)
    name = min(name, max(12, width * 3 // 10))
    for row in failing[:_MOST_FAILING]:
        assert row.result is not None
        state, result = row.result.state, row.result
        words = ": ".join(filter(None, (result.cause, why(result))))
        since = f"since {moment(row.since)}  " if row.since and not row.from_start else ""
        line = [span(fit(f"{GLYPHS[state]} {state}", 10), state), span("  ")]
        line += [span(fit(tidy(row.name), name), "strong"), span("  "), span(since, "faint")]
        used = sum(cell_len(part.text) for part in line)
        lines.append([*line, span(fit(tidy(words), max(width - used, 0)))])
    if rest := len(failing) - min(len(failing), _MOST_FAILING):
        lines.append([span(f"and {rest:,} more not up", "faint")])
    states = board.states()
    summary = Summary(
        total=states.total(),
        up=states["up"],
        degraded=states["degraded"],
        down=states["down"],
        unknown=states["unknown"],
    )
    joined = " · ".join(words for _, words in counts(summary)) or "nothing probed"
    last = [span(joined)]
    if board.gate is not None:
        style = {0: "passed", 3: "inconclusive"}.get(board.gate.exit_code, "failed")
        last += [span("   "), span(tidy(gate_words(board.gate)), style)]
    lines.append(last)
    return [to_text(crop(line, width), terminal) for line in lines]
