"""What every scenario is given, and what it gives back."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.bounds import Figure
from benchmarks.peers import Tools
from benchmarks.report import Table


class Setting(Struct, frozen=True, kw_only=True):
    """How much is measured: numbers of targets, rounds (pairs of runs), and bounds in seconds.

    `growth` is a small and a large number of targets; `memory` is two steps from one number to
    another, the first held in memory, the second on disk; `table` is one number.
    `limit_s` ends one run; `budget_s` ends the rounds of one row of sizes. `say` tells progress.
    """

    directory: Path
    tools: Tools
    sizes: tuple[int, ...]
    schemes: tuple[str, ...]
    in_flight: int
    rounds: int
    limit_s: int
    budget_s: float
    only: tuple[str, ...]
    accuracy: tuple[int, ...]
    growth: tuple[int, int]
    memory: tuple[int, int, int, int]
    table: int
    say: Callable[[str], None]


class Outcome(Struct, frozen=True):
    """The tables to print, the same as data, and the figures that have a bound, by its key."""

    tables: tuple[Table, ...]
    data: Any
    figures: Mapping[str, Figure] = {}
