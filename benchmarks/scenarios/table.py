"""The live table: what drawing it on a terminal costs a run, beside writing JSON."""

import time
from collections.abc import Sequence

from benchmarks import terminal
from benchmarks.bounds import Figure, judged, unlike
from benchmarks.measure import Cost, middle, paired, run
from benchmarks.peers import probecli_command
from benchmarks.report import Table
from benchmarks.scenarios.throughput import task
from benchmarks.setting import Outcome, Setting

SIZE = 10_000
# The median of nine pairs still varies by 8%, that of 24 by 2.
_PAIRS_A_ROUND = 8
_JSON, _DRAWN = "-o json=FILE", "-o table, drawn"
# How a program begins a frame that the terminal is to show at once.
_FRAME = b"\x1b[?2026h"


def measured(setting: Setting) -> Outcome:
    """Pairs of runs with the default options, every second pair in the other order."""
    costs: dict[str, list[Cost]] = {_JSON: [], _DRAWN: []}
    notes: list[str] = []
    until = time.monotonic() + setting.budget_s
    with task(setting, "http", setting.table) as (_, server):
        for number in range(_PAIRS_A_ROUND * setting.rounds):
            if number and time.monotonic() > until:
                break
            order = list(costs) if number % 2 == 0 else list(reversed(costs))
            pair = {name: _once(setting, name) for name in order}
            if any(cost.exit_code is None for cost in pair.values()):
                notes.append(f"No result within {setting.limit_s} s.")
                break
            for name, cost in pair.items():
                costs[name].append(cost)
            setting.say("table: " + ", ".join(f"{n}: {c.wall_s:.2f} s" for n, c in pair.items()))
    walls = {name: [cost.wall_s for cost in taken] for name, taken in costs.items()}
    frames = [cost.stdout.count(_FRAME) for cost in costs[_DRAWN]]
    figure = Figure(
        paired(walls[_DRAWN], walls[_JSON]),
        unlike("targets", setting.table, SIZE),
        spoiled([cost for taken in costs.values() for cost in taken], frames),
    )
    figures = {"table": figure}
    columns = ("output", "wall s", "CPU s", "frames", "x json", "pairs")
    pairs = len(frames)
    json = (_JSON, middle(walls[_JSON]), _cpu_s(costs[_JSON]), None, 1.0, pairs)
    drawn = (
        _DRAWN, middle(walls[_DRAWN]), _cpu_s(costs[_DRAWN]), middle(frames), figure.value, pairs
    )  # fmt: skip
    table = Table(
        f"Live table, {terminal.COLUMNS} x {terminal.LINES}, {setting.table:,} targets, {server}",
        columns,
        (json, drawn),
        tuple(notes),
    )
    data = {"targets": setting.table, "wall_s": walls, "frames": frames, "ratio": figure.value}
    return Outcome((judged(table, (None, "table"), figures),), data, figures)


def _once(setting: Setting, name: str) -> Cost:
    directory, limit_s = setting.directory, setting.limit_s
    if name == _JSON:
        output = directory / "table.json"
        command = probecli_command("check", "list", "-o", f"json={output}")
        return run(command, directory, limit_s=limit_s)
    command = probecli_command("check", "list", "-o", "table")
    return terminal.run_on_terminal(command, directory, limit_s=limit_s)


def _cpu_s(costs: Sequence[Cost]) -> float | None:
    return middle(cost.cpu_s for cost in costs)


def spoiled(costs: Sequence[Cost], frames: Sequence[int]) -> str | None:
    """Why the walls say nothing about a live table, if so."""
    failed = [cost.exit_code for cost in costs if cost.exit_code]
    if failed:
        return f"exit code {failed[0]} in {len(failed)} of {len(costs)} runs"
    return None if all(frames) else "a run drew no frame"
