"""What every scenario is given, and what it gives back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks.peers import Tools
from benchmarks.report import Table


class Setting(Struct, frozen=True, kw_only=True):
    """How much is measured: numbers of targets, rounds (pairs of runs), and bounds in seconds.

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
    say: Callable[[str], None]


class Outcome(Struct, frozen=True):
    """The table to print and the same as data."""

    tables: tuple[Table, ...]
    data: Any
